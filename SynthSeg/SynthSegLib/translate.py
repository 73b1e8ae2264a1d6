"""Translating one volume into another contrast or modality: from the image's file to the files of the result."""

import warnings
from pathlib import Path

import SimpleITK as sitk

from CrossContrastLib.errors import ModelError
from CrossContrastLib.ground.device import choose_device, describe_device
from CrossContrastLib.ground.files import image_stem, sha256, staging_folder
from CrossContrastLib.ground.images import clean_intensities, read_image, write_image
from CrossContrastLib.ground.provenance import FileRecord, ModelRecord, Provenance
from CrossContrastLib.inference import warm_predictor
from CrossContrastLib.models.library import ModelEntry, ModelLibrary
from CrossContrastLib.progress import Progress, part

#: The task, in a model's manifest, of the models that translate.
TASK = "translation"


def find_translator(model: str) -> ModelEntry:
    """Return the model of the library that ``model`` names; raises :class:`ModelError` if it does not translate."""
    entry = ModelLibrary().find(model)
    if entry.task != TASK:
        raise ModelError(f"{entry} is a model for {entry.task}, not for translation.")
    return entry


def translate_file(path: Path, folder: Path, *, model: str, device: str, progress: Progress) -> Provenance:
    """Translate the volume of a file or DICOM folder and write ``<stem>_<output>.nii.gz`` for each output of the model.

    The images are float32 on the volume's grid; beside them lies the provenance that is returned. All files appear at
    once. Raises :class:`CrossContrastLib.errors.CrossContrastError` before anything is written.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        progress(0, 1, "reading the image")
        image = clean_intensities(read_image(path), path.name)
        entry, chosen = find_translator(model), choose_device(device)
        progress(0.02, 1, "loading the model")
        predictor = warm_predictor(entry, chosen)
        images = predictor.predict([image], part(progress, 0.05, 0.9))
    provenance = Provenance(
        job="image.translate",
        model=ModelRecord(name=entry.name, version=entry.version, sha256=sha256(entry.folder / "manifest.json")),
        device=describe_device(chosen),
        inputs=[FileRecord.of(path)],
        warnings=[str(w.message) for w in caught if w.category.__module__.startswith("CrossContrastLib")],
    )
    progress(0.9, 1, "writing the results")
    with staging_folder(folder) as staging:
        _write(images, provenance, staging, image_stem(path))
    progress(1, 1, "done")
    return provenance


def _write(images: dict[str, sitk.Image], provenance: Provenance, folder: Path, stem: str) -> None:
    paths = {name: folder / f"{stem}_{name}.nii.gz" for name in images}
    for name, image in images.items():
        write_image(image, paths[name])
    provenance.outputs = [FileRecord.of(written, relative=True) for written in paths.values()]
    provenance.write(folder / f"{stem}_translation.json")
