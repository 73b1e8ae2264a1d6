"""The cord's jobs."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, FiniteFloat

from crosscontrast.cord.outputs import SegmentationFiles
from crosscontrast.errors import CancelledError, CrossContrastError
from crosscontrast.ground.files import image_stem, make_folder
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part

#: Points in mm (RAS).
Points = tuple[tuple[FiniteFloat, FiniteFloat, FiniteFloat], ...]


class SegmentCordResult(JobResult):
    """Where the results are, and the numbers that people look at first (``None`` where no cord was found).

    ``uncertainty`` is the mean standard deviation of the soft values in and around the cord, where it was asked for.
    ``evidence`` is what speaks for its being a cord, from 0 to 1, where the model measures that.
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
    evidence: float | None = None
    uncertainty: float | None = None


class SegmentCord(Job):
    """Segment the spinal cord of one volume (file or DICOM folder) softly, on the volume's own grid.

    ``at`` are points in the cord, in mm (RAS): it is followed from there, and nothing else is taken for it.
    """

    kind: ClassVar[str] = "cord.segment"

    image: Path
    out: Path
    model: str = "softcord"
    device: str = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    mirror: bool = False
    uncertainty: bool = False
    at: Points = ()
    overwrite: bool = False

    def run(self, progress: Progress) -> SegmentCordResult:
        """Segment and write; see :func:`crosscontrast.cord.segment.segment_file`."""
        from crosscontrast.cord.segment import segment_file

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
            at=self.at,
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


class SegmentContrastsResult(JobResult):
    """The results of the images that could be segmented, in their order; ``warnings`` say why others could not."""

    cases: list[SegmentCordResult]


class SegmentContrasts(Job):
    """Segment several volumes, such as the contrasts of one patient, one after the other with a model loaded once.

    The parameters are those of :class:`SegmentCord`. An image that cannot be used does not keep the others from being
    segmented; if none can, the reason of the first is the job's error.
    """

    kind: ClassVar[str] = "cord.segment-contrasts"

    images: Annotated[tuple[Path, ...], Field(min_length=1)]
    out: Path
    model: str = "softcord"
    device: str = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    mirror: bool = False
    uncertainty: bool = False
    at: Points = ()
    overwrite: bool = False

    def run(self, progress: Progress) -> SegmentContrastsResult:
        """Segment one after the other."""
        shared = self.model_dump(exclude={"images"})
        cases: list[SegmentCordResult] = []
        problems: list[CrossContrastError] = []
        for number, image in enumerate(self.images):
            report = part(progress, number / len(self.images), (number + 1) / len(self.images))
            try:
                cases.append(SegmentCord(image=image, **shared).run(report))
            except CancelledError:
                raise
            except CrossContrastError as error:
                problems.append(error)
        if not cases:
            raise problems[0]
        said = [warning for case in cases for warning in case.warnings]
        return SegmentContrastsResult(cases=cases, warnings=said + [error.message for error in problems])
