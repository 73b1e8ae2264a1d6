"""Translating one volume into another contrast or modality: from the image's file to the files of the result."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.ground.device import choose_device, describe_device
from crosscontrast.ground.files import image_stem, sha256, staging_folder
from crosscontrast.ground.images import clean_intensities, image_like, read_image, write_image
from crosscontrast.ground.provenance import FileRecord, ModelRecord, Provenance
from crosscontrast.inference.preprocess import normalise
from crosscontrast.models.library import ModelEntry
from crosscontrast.progress import Progress, part, silent
from crosscontrast.synthesis.models import find_translator, find_way_back
from crosscontrast.synthesis.predict import Axis, mean, open_predictor, spread, stochastic

UNCERTAINTY, CYCLE = "uncertainty", "cycle"


@dataclass(frozen=True)
class Request:
    """How to translate: by which ``models`` (their mean, if several), on which device, along which axis.

    With ``uncertainty`` the spread of ``samples`` repetitions with dropout is written, or that of the models where
    there are several, and the cycle error where the model has a way back.
    """

    models: Sequence[str]
    device: str = "auto"
    axis: Axis = "model"
    uncertainty: bool = False
    samples: int = 8


def translate_file(path: Path, folder: Path, request: Request, progress: Progress = silent) -> Provenance:
    """Translate the volume of a file or DICOM folder and write ``<stem>_<output>.nii.gz`` for each output of the model.

    The images are float32 on the volume's grid; beside them lies the provenance that is returned. All files appear at
    once. Uncertainty maps are ``<stem>_<output>_uncertainty.nii.gz`` (standard deviation in the output's unit) and
    ``<stem>_cycle.nii.gz`` (absolute difference between the volume and what the way back makes of its translation,
    both in standard deviations of their foreground). Raises :class:`crosscontrast.errors.CrossContrastError` before
    anything is written.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        progress(0, 1, "reading the image")
        image = clean_intensities(read_image(path), path.name)
        entries, device = [find_translator(model) for model in request.models], choose_device(request.device)
        progress(0.02, 1, "loading the model")
        images = translate_image(image, entries, device, request, part(progress, 0.05, 0.9))
    provenance = Provenance(
        job="image.translate",
        model=_record(entries[0]),
        device=describe_device(device),
        parameters={
            "models": [_record(entry).model_dump() for entry in entries],
            "axis": request.axis,
            "samples": request.samples if request.uncertainty and len(entries) == 1 else 0,
        },
        inputs=[FileRecord.of(path)],
        warnings=[str(w.message) for w in caught if w.category.__module__.startswith("crosscontrast")],
    )
    progress(0.9, 1, "writing the results")
    with staging_folder(folder) as staging:
        _write(images, provenance, staging, image_stem(path))
    progress(1, 1, "done")
    return provenance


def translate_image(
    image: sitk.Image, entries: Sequence[ModelEntry], device: torch.device, request: Request, progress: Progress
) -> dict[str, sitk.Image]:
    """Return the translated images by output, and the maps of uncertainty as the files are called."""
    outputs = entries[0].outputs
    if any(entry.outputs != outputs for entry in entries):
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
    maps = {f"{name}_{UNCERTAINTY}": spread([answer[name] for answer in answers]) for name in outputs}
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


def _record(entry: ModelEntry) -> ModelRecord:
    return ModelRecord(name=entry.name, version=entry.version, sha256=sha256(entry.folder / "manifest.json"))


def _write(images: dict[str, sitk.Image], provenance: Provenance, folder: Path, stem: str) -> None:
    paths = {name: folder / f"{stem}_{name}.nii.gz" for name in images}
    for name, image in images.items():
        write_image(image, paths[name])
    provenance.outputs = [FileRecord.of(written, relative=True) for written in paths.values()]
    provenance.write(folder / f"{stem}_translation.json")
