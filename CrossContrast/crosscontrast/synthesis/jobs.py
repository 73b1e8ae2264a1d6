"""The jobs that translate a volume and look into a model."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from crosscontrast.ground.files import image_stem, make_folder
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress
from crosscontrast.radiomics.gate.verdict import GateVerdict

if TYPE_CHECKING:
    from crosscontrast.synthesis.translate import Translated


class TranslateImageResult(JobResult):
    """The translated images, one per output of the model, maps of uncertainty, and the sidecar.

    ``outputs`` are the contrasts of the images, and ``model`` the name of what made them.
    ``verdict`` is what the quality gate says about the first of the images, ``gate`` the file that keeps it; ``None``
    where it was not asked, or could not answer, which is then a warning.
    """

    images: list[Path]
    outputs: list[str] = Field(default=[])
    model: str = ""
    uncertainty: list[Path] = Field(default=[])
    cycle: Path | None = None
    sidecar: Path
    verdict: GateVerdict | None = None
    gate: Path | None = None


class TranslateImage(Job):
    """Translate one volume (file or DICOM folder) with models; see :class:`~crosscontrast.synthesis.translate.Request`.

    ``model`` and ``more_models`` are names of the library or folders; several are averaged. With ``gate`` the quality
    gate judges the image and its translation, inside ``mask`` where that is given. Files that are not unchanged results
    of ours are replaced only with ``overwrite``.
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
    isotropic: float | None = Field(default=None, gt=0)
    output: str = ""
    gate: bool = True
    mask: Path | None = None
    overwrite: bool = False

    def run(self, progress: Progress) -> TranslateImageResult:
        """Translate and write; see :func:`crosscontrast.synthesis.translate.translate_file`."""
        from typing import get_args

        from crosscontrast.errors import BadInputError
        from crosscontrast.models.find import find_model
        from crosscontrast.progress import part
        from crosscontrast.synthesis.predict import Axis
        from crosscontrast.synthesis.translate import Request, outputs_of, translate_file

        if self.axis not in get_args(Axis):
            raise BadInputError(f"There is no axis {self.axis!r}.", f"use {', '.join(get_args(Axis))}")
        request = Request(
            models=(self.model, *self.more_models),
            device=self.device,
            axis=self.axis,  # type: ignore[arg-type]
            uncertainty=self.uncertainty,
            samples=self.samples,
            isotropic=self.isotropic,
            output=self.output,
        )
        folder, entry = make_folder(self.out), find_model(self.model, "translation")
        report = part(progress, 0, 0.9 if self.gate else 1)
        made = translate_file(self.image, folder, request, report, overwrite=self.overwrite)
        self._gate_file().unlink(missing_ok=True)  # what was said of an earlier translation
        verdict, remarks = self._ask_gate(made, entry.request, progress) if self.gate else (None, [])
        return TranslateImageResult(
            images=made.images,
            outputs=list(outputs_of(entry, self.output)),
            model=str(entry),
            uncertainty=made.uncertainty,
            cycle=made.cycle,
            sidecar=made.sidecar,
            verdict=verdict,
            gate=self._gate_file() if verdict else None,
            warnings=[*made.warnings, *remarks],
        )

    def _gate_file(self) -> Path:
        return self.out / f"{image_stem(self.image)}_gate.json"

    def _ask_gate(self, made: "Translated", model: str, progress: Progress) -> tuple[GateVerdict | None, list[str]]:
        """Ask the quality gate about the translation; the second are remarks on it."""
        from crosscontrast.errors import CancelledError, CrossContrastError
        from crosscontrast.progress import part
        from crosscontrast.radiomics.gate.jobs import GateImage

        translated = made.images[0]
        question = GateImage(
            image=self.image,
            translated=(translated,),
            spread=made.uncertainty[0] if made.uncertainty else None,
            mask=self.mask,
            model=model,
            out=self._gate_file(),
        )
        try:
            verdict = question.run(part(progress, 0.9, 1)).verdict
        except CancelledError:
            raise
        except CrossContrastError as error:
            return None, [f"{translated.name} was not judged by the quality gate: {error}"]
        if verdict.decision != "stop":
            return verdict, []
        return verdict, [f"{translated.name} is not usable, the quality gate says stop: {'; '.join(verdict.reasons)}"]


class FeatureMapsResult(JobResult):
    """The maps of each model as files, the picture of them all, and the layer that was shown."""

    maps: dict[str, list[Path]]
    picture: Path
    layer: str


class ShowFeatureMaps(Job):
    """Write what a layer of one or two models makes of a volume; without ``layer`` the first convolution's."""

    kind: ClassVar[str] = "synth.features"

    image: Path
    out: Path
    models: tuple[str, ...]
    layer: str = ""
    device: str = "auto"

    def run(self, progress: Progress) -> FeatureMapsResult:
        """Compute the maps; see :func:`crosscontrast.synthesis.feature_maps.feature_maps`."""
        from crosscontrast.ground.device import choose_device
        from crosscontrast.ground.images import clean_intensities, read_image, write_image
        from crosscontrast.models.find import find_model
        from crosscontrast.progress import part
        from crosscontrast.report.figures import save_figure
        from crosscontrast.synthesis.feature_maps import feature_maps, grid_figure, layers, middle

        folder, stem = make_folder(self.out), image_stem(self.image)
        image = clean_intensities(read_image(self.image), self.image.name)
        entries = [find_model(model, "translation") for model in self.models]
        layer = self.layer or next(iter(layers(entries[0])))
        found = {}
        for number, entry in enumerate(entries):
            report = part(progress, number / len(entries), (number + 1) / len(entries))
            # Two trainings' models may share their name.
            name = str(entry) if str(entry) not in found else f"{entry} ({number + 1})"
            found[name] = feature_maps(image, entry, layer, choose_device(self.device), report)
        paths: dict[str, list[Path]] = {}
        for number, (name, maps) in enumerate(found.items(), 1):
            model = f"model{number}"
            paths[name] = [folder / f"{stem}_{model}_map{place:02d}.nii.gz" for place in range(1, len(maps) + 1)]
            for feature, path in zip(maps, paths[name], strict=True):
                write_image(feature, path, like=self.image)
        picture = folder / f"{stem}_features.png"
        save_figure(grid_figure(dict(found), middle(image)), picture)
        progress(1, 1, "done")
        return FeatureMapsResult(maps=paths, picture=picture, layer=layer)
