"""The jobs of SynthSeg."""

from pathlib import Path
from typing import ClassVar

from CrossContrastLib.ground.files import image_stem, make_folder
from CrossContrastLib.jobs.job import Job, JobResult
from CrossContrastLib.progress import Progress


class TranslateImageResult(JobResult):
    """The translated images, one per output of the model, and the sidecar that says what made them."""

    images: list[Path]
    sidecar: Path


class TranslateImage(Job):
    """Translate one volume (file or DICOM folder) with a translation model of the library."""

    kind: ClassVar[str] = "image.translate"

    image: Path
    out: Path
    model: str
    device: str = "auto"

    def run(self, progress: Progress) -> TranslateImageResult:
        """Translate and write; see :func:`SynthSegLib.translate.translate_file`."""
        from SynthSegLib.translate import translate_file

        folder = make_folder(self.out)
        provenance = translate_file(self.image, folder, model=self.model, device=self.device, progress=progress)
        return TranslateImageResult(
            images=[folder / record.path for record in provenance.outputs],
            sidecar=folder / f"{image_stem(self.image)}_translation.json",
            warnings=provenance.warnings,
        )
