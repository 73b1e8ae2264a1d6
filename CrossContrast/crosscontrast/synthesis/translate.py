"""Translating one volume into another contrast or modality: from the image's file to the files of the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.ground.case import Case, check_replaceable, check_same_input
from crosscontrast.ground.files import image_stem
from crosscontrast.ground.geometry import resample_to_spacing
from crosscontrast.ground.images import image_like, write_image
from crosscontrast.ground.synthetic import mark_header
from crosscontrast.inference.compiled import engine_of
from crosscontrast.inference.preprocess import normalise
from crosscontrast.models.find import find_model
from crosscontrast.models.library import ModelEntry
from crosscontrast.progress import Progress, part, silent
from crosscontrast.synthesis.models import find_way_back
from crosscontrast.synthesis.predict import Axis, mean, open_predictor, spread, stochastic

#: Name of the map of what the way back makes of a translation.
CYCLE = "cycle"


def spread_of(output: str) -> str:
    """Return the name of the map of an output's uncertainty."""
    return f"{output}_uncertainty"


@dataclass(frozen=True)
class Request:
    """How to translate: by which ``models`` (their mean, if several), on which device, along which axis.

    With ``uncertainty`` the spread of ``samples`` repeats with dropout is written, or that of the models where
    there are several, and the cycle error where the model has a way back. Of a model with several outputs only
    ``output`` is made where one is named. The results lie on the image's grid, or with
    ``isotropic`` on one of cubes of so many mm that covers the same space.
    """

    models: Sequence[str]
    device: str = "auto"
    axis: Axis = "model"
    uncertainty: bool = False
    samples: int = 8
    isotropic: float | None = None
    output: str = ""


def outputs_of(entry: ModelEntry, output: str) -> tuple[str, ...]:
    """Return the outputs that are asked for; raises :class:`ModelError` for one that the model does not make."""
    if output and output not in entry.outputs:
        raise ModelError(f"{entry} makes {' and '.join(entry.outputs)}, not {output}.")
    return (output,) if output else entry.outputs


@dataclass(frozen=True)
class Translated:
    """The files of a translation: an image per output and maps of uncertainty; what is unusual about the input."""

    images: list[Path]
    uncertainty: list[Path]
    cycle: Path | None
    sidecar: Path
    warnings: list[str]


def translate_file(
    path: Path, folder: Path, request: Request, progress: Progress = silent, *, overwrite: bool = False
) -> Translated:
    """Translate the volume of a file or DICOM folder and write ``<stem>_<output>.nii.gz`` for each output of the model.

    The images are float32 on the volume's grid, and their header says that they are synthetic (NIfTI's ``descrip``);
    beside them lies their provenance, which says it too. All files appear at once. Files of these names that are not
    unchanged results of ours are replaced only with ``overwrite``. Uncertainty maps are
    ``<stem>_<output>_uncertainty.nii.gz`` (standard deviation in the output's unit) and ``<stem>_cycle.nii.gz``
    (absolute difference between the volume and what the way back makes of its translation, both in standard deviations
    of their foreground). Raises :class:`crosscontrast.errors.CrossContrastError` before anything is written.
    """
    case, stem = Case("image.translate"), image_stem(path)
    sidecar = folder / f"{stem}_translation.json"
    with case.listening():
        progress(0, 1, "reading the image")
        image = case.read(path)
        entries, device = (
            [find_model(model, "translation") for model in request.models],
            case.compute_on(request.device),
        )
        case.model, outputs = entries[0].record(), outputs_of(entries[0], request.output)
        place = {name: folder / f"{stem}_{name}.nii.gz" for name in (*outputs, *map(spread_of, outputs), CYCLE)}
        if not overwrite:
            written = place.values() if request.uncertainty else [place[name] for name in outputs]
            check_same_input(path, sidecar)
            check_replaceable(folder, written, sidecar)
        progress(0.02, 1, "loading the model")
        if request.isotropic:
            image = resample_to_spacing(image, (request.isotropic,) * 3)
        images = translate_image(image, entries, device, request, part(progress, 0.05, 0.9))
        case.computed_by(engine_of(open_predictor(entries[-1], device, request.axis)))
    parameters = {
        "synthetic": True,
        "models": [entry.record().model_dump() for entry in entries],
        "axis": request.axis,
        "samples": request.samples if request.uncertainty and len(entries) == 1 else 0,
        "isotropic": request.isotropic,
    }
    progress(0.9, 1, "writing the results")
    with case.results(folder, sidecar, parameters=parameters) as results:
        for name, made in images.items():
            mark_header(made, name, str(entries[0]))
            write_image(made, results.place(place[name]), like=path)
    progress(1, 1, "done")
    return Translated(
        images=[place[name] for name in outputs],
        uncertainty=[place[spread_of(name)] for name in outputs] if request.uncertainty else [],
        cycle=place[CYCLE] if request.uncertainty and CYCLE in images else None,
        sidecar=sidecar,
        warnings=case.warnings,
    )


def translate_image(
    image: sitk.Image, entries: Sequence[ModelEntry], device: torch.device, request: Request, progress: Progress
) -> dict[str, sitk.Image]:
    """Return the translated images by output, and the maps of uncertainty as the files are called."""
    outputs = outputs_of(entries[0], request.output)
    if any(entry.outputs != entries[0].outputs for entry in entries):
        raise ModelError(f"{' and '.join(map(str, entries))} have different outputs, so they cannot be averaged.")
    single = len(entries) == 1
    passes = len(entries) + (request.samples if request.uncertainty and single else 0)
    answers = []
    for number, entry in enumerate(entries):
        predictor = open_predictor(entry, device, request.axis)
        answers.append(predictor.predict([image], part(progress, number / passes, (number + 1) / passes)))
    found = {name: mean([answer[name] for answer in answers]) for name in outputs}
    if not request.uncertainty:
        return found
    if single:
        answers = _sample(image, entries[0], device, request, part(progress, 1 / passes, 1))
    maps = {spread_of(name): spread([answer[name] for answer in answers]) for name in outputs}
    back = find_way_back(entries[0])
    if back is not None and len(outputs) == 1:
        (again,) = open_predictor(back, device, "model").predict([found[outputs[0]]]).values()
        maps[CYCLE] = cycle_error(image, again)
    return found | maps


def cycle_error(image: sitk.Image, again: sitk.Image) -> sitk.Image:
    """Return the absolute difference of two images on one grid after both were normalised over their foreground."""
    one, other = (normalise(sitk.GetArrayFromImage(i).astype(np.float32), "foreground") for i in (image, again))
    return image_like(np.abs(one - other).astype(np.float32), image)


def _sample(
    image: sitk.Image, entry: ModelEntry, device: torch.device, request: Request, progress: Progress
) -> list[dict[str, sitk.Image]]:
    if request.samples < 2:
        raise BadInputError("An uncertainty needs at least two samples.")
    predictor = open_predictor(entry, device, request.axis)
    answers = []
    with stochastic(predictor, entry):
        for number in range(request.samples):
            torch.manual_seed(number)
            report = part(progress, number / request.samples, (number + 1) / request.samples)
            answers.append(predictor.predict([image], report))
    return answers
