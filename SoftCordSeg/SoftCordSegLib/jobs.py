"""The cord's jobs."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from CrossContrastLib.ground.files import image_stem, make_folder
from CrossContrastLib.jobs.job import Job, JobResult
from CrossContrastLib.progress import Progress
from SoftCordSegLib.outputs import SegmentationFiles


class SegmentCordResult(JobResult):
    """Where the results are, and the numbers that people look at first (``None`` where no cord was found).

    ``uncertainty`` is the mean standard deviation of the soft values in and around the cord, where it was asked for.
    """

    image: Path
    softseg: Path
    seg: Path
    csa: Path
    overlay: Path
    sidecar: Path
    mean_csa_mm2: float | None
    sd_csa_mm2: float | None
    volume_mm3: float
    uncertainty: float | None = None


class SegmentCord(Job):
    """Segment the spinal cord of one volume (file or DICOM folder) softly, on the volume's own grid."""

    kind: ClassVar[str] = "cord.segment"

    image: Path
    out: Path
    model: str = "softcord"
    device: str = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    mirror: bool = False
    uncertainty: bool = False
    overwrite: bool = False

    def run(self, progress: Progress) -> SegmentCordResult:
        """Segment and write; see :func:`SoftCordSegLib.segment.segment_file`."""
        from SoftCordSegLib.segment import segment_file

        files = SegmentationFiles(make_folder(self.out), image_stem(self.image))
        if not self.overwrite:
            files.check_replaceable()
        provenance = segment_file(
            self.image,
            files,
            model=self.model,
            device=self.device,
            threshold=self.threshold,
            mirror=self.mirror,
            uncertainty=self.uncertainty,
            progress=progress,
        )
        return SegmentCordResult(
            image=self.image,
            softseg=files.softseg,
            seg=files.seg,
            csa=files.csa,
            overlay=files.overlay,
            sidecar=files.sidecar,
            warnings=provenance.warnings,
            **provenance.measures,
        )
