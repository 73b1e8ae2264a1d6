"""The job that translates a volume."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from CrossContrastLib.ground.files import image_stem, make_folder
from CrossContrastLib.jobs.job import Job, JobResult
from CrossContrastLib.progress import Progress


class TranslateImageResult(JobResult):
    """The translated images, one per output of the model, maps of uncertainty, and the sidecar."""

    images: list[Path]
    uncertainty: list[Path] = Field(default=[])
    cycle: Path | None = None
    sidecar: Path


class TranslateImage(Job):
    """Translate one volume (file or DICOM folder) with translation models; see SynthSegLib.translate.Request.

    ``model`` and ``more_models`` are names of the library or folders; several are averaged.
    """

    kind: ClassVar[str] = "image.translate"

    image: Path
    out: Path
    model: str
    more_models: tuple[str, ...] = ()
    device: str = "auto"
    axis: str = "model"
    uncertainty: bool = False
    samples: int = 8

    def run(self, progress: Progress) -> TranslateImageResult:
        """Translate and write; see :func:`SynthSegLib.translate.translate_file`."""
        from typing import get_args

        from CrossContrastLib.errors import BadInputError
        from SynthSegLib.predict import Axis
        from SynthSegLib.translate import CYCLE, UNCERTAINTY, Request, translate_file

        if self.axis not in get_args(Axis):
            raise BadInputError(f"There is no axis {self.axis!r}.", f"use {', '.join(get_args(Axis))}")
        request = Request(
            models=(self.model, *self.more_models),
            device=self.device,
            axis=self.axis,  # type: ignore[arg-type]
            uncertainty=self.uncertainty,
            samples=self.samples,
        )
        folder = make_folder(self.out)
        provenance = translate_file(self.image, folder, request, progress)
        paths = [folder / record.path for record in provenance.outputs]
        stem = image_stem(self.image)
        cycle = [path for path in paths if path.name == f"{stem}_{CYCLE}.nii.gz"] if self.uncertainty else []
        spreads = [path for path in paths if path.name.endswith(f"_{UNCERTAINTY}.nii.gz")] if self.uncertainty else []
        return TranslateImageResult(
            images=[path for path in paths if path not in (*cycle, *spreads)],
            uncertainty=spreads,
            cycle=cycle[0] if cycle else None,
            sidecar=folder / f"{stem}_translation.json",
            warnings=provenance.warnings,
        )
