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
        """Compute the maps; see :func:`SynthSegLib.feature_maps.feature_maps`."""
        from CrossContrastLib.ground.device import choose_device
        from CrossContrastLib.ground.images import clean_intensities, read_image, write_image
        from CrossContrastLib.progress import part
        from SynthSegLib.feature_maps import feature_maps, grid_figure, layers, middle, write_picture
        from SynthSegLib.models import find_translator

        folder, stem = make_folder(self.out), image_stem(self.image)
        image = clean_intensities(read_image(self.image), self.image.name)
        entries = [find_translator(model) for model in self.models]
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
                write_image(feature, path)
        picture = folder / f"{stem}_features.png"
        write_picture(grid_figure(dict(found), middle(image)), picture)
        progress(1, 1, "done")
        return FeatureMapsResult(maps=paths, picture=picture, layer=layer)
