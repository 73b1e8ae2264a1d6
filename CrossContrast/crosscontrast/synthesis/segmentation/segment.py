"""Segmenting one volume from its own contrast and from what translators make of it."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import ModelError
from crosscontrast.ground.device import choose_device, describe_device
from crosscontrast.ground.files import image_stem, sha256, staging_folder
from crosscontrast.ground.images import clean_intensities, image_like, read_image, write_image
from crosscontrast.ground.provenance import FileRecord, ModelRecord, Provenance
from crosscontrast.inference import load_predictor
from crosscontrast.inference.engine import GridPredictor
from crosscontrast.inference.predictor import Predictor
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.load import load_model
from crosscontrast.models.spec import Localisation
from crosscontrast.progress import Progress, part
from crosscontrast.synthesis.models import find_translator
from crosscontrast.synthesis.segmentation.cases import synthetic_channels

if TYPE_CHECKING:
    import torch

    from crosscontrast.synthesis.segmentation.jobs import SegmentImage


def segment_file(job: "SegmentImage", folder: Path, progress: Progress) -> tuple[Provenance, tuple[str, ...]]:
    """Segment and write soft maps (float32), the label map, the synthetic channels and the returned provenance.

    All files lie on the first image's grid and appear at once; the classes are returned too, background left out.
    Raises :class:`crosscontrast.errors.CrossContrastError` before anything is written.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        files = (job.image, *job.more_images)
        images = [clean_intensities(read_image(path), path.name) for path in files]
        entry, device = find_translator(job.model, "segmentation"), choose_device(job.device)
        progress(0.02, 1, "translating")
        made = synthetic_channels(images[0], job.translators)
        predictor = _predictor(entry, device, job.localise, job.margin)
        maps = predictor.predict([*images, *made], part(progress, 0.3, 0.9))
    classes = tuple(name for name in maps if name != "background")
    provenance = Provenance(
        job=job.kind,
        model=ModelRecord(name=entry.name, version=entry.version, sha256=sha256(entry.folder / "manifest.json")),
        device=describe_device(device),
        parameters={"translators": list(job.translators), "localise": job.localise, "margin": job.margin},
        inputs=[FileRecord.of(path) for path in files],
        warnings=[str(w.message) for w in caught if w.category.__module__.startswith("crosscontrast")],
    )
    stem = image_stem(job.image)
    written = {f"{stem}_{name}_softseg": maps[name] for name in classes}
    written[f"{stem}_seg"] = label_map(maps, classes)
    written |= {f"{stem}_synthetic{number}": image for number, image in enumerate(made, 1)}
    with staging_folder(folder) as staging:
        for name, image in written.items():
            write_image(image, staging / f"{name}.nii.gz")
        provenance.outputs = [FileRecord.of(staging / f"{name}.nii.gz", relative=True) for name in written]
        provenance.write(staging / f"{stem}_segmentation.json")
    progress(1, 1, "done")
    return provenance, classes


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
    model = load_model(entry)
    if localise not in model.spec.outputs:
        raise ModelError(f"{entry} has no class {localise!r} to localise.", f"it has {', '.join(model.spec.outputs)}")
    stages = Localisation(output=localise, margin=margin)
    return GridPredictor(model.spec.model_copy(update={"localisation": stages}), model.network, device)
