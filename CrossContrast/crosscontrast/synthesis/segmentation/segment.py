"""Segmenting one volume from its own contrast and from what translators make of it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import ModelError
from crosscontrast.ground.case import Case, check_replaceable, check_same_input
from crosscontrast.ground.files import image_stem
from crosscontrast.ground.images import ImageWarning, image_like, write_image
from crosscontrast.inference import load_predictor
from crosscontrast.inference.compiled import accelerated, engine_of
from crosscontrast.inference.engine import GridPredictor
from crosscontrast.inference.predictor import Predictor
from crosscontrast.models.find import find_model
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.load import load_model
from crosscontrast.models.spec import Localisation
from crosscontrast.progress import Progress, part, silent
from crosscontrast.synthesis.models import translators_of
from crosscontrast.synthesis.segmentation.cases import synthetic_channels

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Request:
    """How to segment: by which ``model``, from what ``translators`` make of the first image, on which device.

    Without ``translators`` those count that the model was trained with and names.
    ``localise`` names a class: a first pass finds it, a second one segments around it with ``margin`` in mm.
    """

    model: str
    translators: Sequence[str] = ()
    localise: str = ""
    margin: float = 16.0
    device: str = "auto"


@dataclass(frozen=True)
class Segmented:
    """The files of a segmentation: a soft map per class, and what is unusual about the images."""

    soft: dict[str, Path]
    labels: Path
    synthetic: list[Path]
    sidecar: Path
    warnings: list[str]


def segment_file(
    files: Sequence[Path], folder: Path, request: Request, progress: Progress = silent, *, overwrite: bool = False
) -> Segmented:
    """Segment one subject's images, in the model's order, and write what is found to ``folder``.

    Written are soft maps (float32), the label map, the synthetic channels and their provenance. All files lie on the
    first image's grid and appear at once; there is none of the background. Files of these names that are not unchanged
    results of ours are replaced only with ``overwrite``. Raises :class:`crosscontrast.errors.CrossContrastError` before
    anything is written.
    """
    case, stem = Case("synth.segment"), image_stem(files[0])
    labels, sidecar = folder / f"{stem}_seg.nii.gz", folder / f"{stem}_segmentation.json"
    with case.listening():
        entry, device = find_model(request.model, "segmentation"), case.compute_on(request.device)
        translators, remarks = translators_of(entry, request.translators)
        for remark in remarks:
            warnings.warn(remark, ImageWarning, stacklevel=1)
        synthetic = [folder / f"{stem}_synthetic{number + 1}.nii.gz" for number in range(len(translators))]
        images = [case.read(path) for path in files]
        case.model = entry.record()
        soft = {name: folder / f"{stem}_{name}_softseg.nii.gz" for name in entry.outputs if name != "background"}
        if not overwrite:
            check_same_input(files[0], sidecar)
            check_replaceable(folder, [*soft.values(), labels, *synthetic], sidecar)
        progress(0.02, 1, "translating")
        made = synthetic_channels(images[0], translators)
        predictor = _predictor(entry, device, request.localise, request.margin)
        maps = predictor.predict([*images, *made], part(progress, 0.3, 0.9))
        case.computed_by(engine_of(predictor))
    parameters = {
        "translators": [translator.record().model_dump() for translator in translators],
        "localise": request.localise,
        "margin": request.margin,
    }
    with case.results(folder, sidecar, parameters=parameters) as results:
        for name, path in soft.items():
            write_image(maps[name], results.place(path), like=files[0])
        write_image(label_map(maps, tuple(soft)), results.place(labels), like=files[0])
        for image, path in zip(made, synthetic, strict=True):
            write_image(image, results.place(path), like=files[0])
    progress(1, 1, "done")
    return Segmented(soft, labels, synthetic, sidecar, case.warnings)


def label_map(maps: dict[str, sitk.Image], classes: tuple[str, ...]) -> sitk.Image:
    """Return the number of the most probable class (uint8, 1 for the first), 0 where background or no class is ahead.

    Without a map of the background a class must reach one half.
    """
    values = np.stack([sitk.GetArrayFromImage(maps[name]) for name in classes])
    background = sitk.GetArrayFromImage(maps["background"]) if "background" in maps else np.full(values.shape[1:], 0.5)
    # Outside the field of view all maps are 0, which is background.
    labels = np.where(values.max(0) > background, values.argmax(0) + 1, 0).astype(np.uint8)
    return image_like(labels, next(iter(maps.values())))


def _predictor(entry: ModelEntry, device: "torch.device", localise: str, margin: float) -> Predictor:
    if not localise:
        return load_predictor(entry, device)
    model = accelerated(load_model(entry), entry, device)
    if localise not in model.spec.outputs:
        raise ModelError(f"{entry} has no class {localise!r} to localise.", f"it has {', '.join(model.spec.outputs)}")
    stages = Localisation(output=localise, margin=margin)
    return GridPredictor(model.spec.model_copy(update={"localisation": stages}), model.network, device)
