"""Where the base model sees the canal in the corrected images, whose masks are of the cord alone."""

from pathlib import Path

import torch

from crosscontrast.cord.teaching.real import CANAL
from crosscontrast.ground.cohort import read_cohort, write_cohort
from crosscontrast.ground.files import make_folder
from crosscontrast.ground.images import clean_intensities, read_image, write_image
from crosscontrast.inference import load_predictor
from crosscontrast.models.library import ModelEntry
from crosscontrast.progress import Progress, part

TABLE = "with_canal.tsv"


def with_canals(base: ModelEntry, table: Path, folder: Path, device: torch.device, progress: Progress) -> Path:
    """Return a copy of ``table`` in ``folder``, once made, that also names maps of the canal by the base model.

    A network that sees an image relative to cord and fluid must learn from corrections with the fluid that it will see
    in use. The base model's second output is the canal.
    """
    result = folder / TABLE
    if result.exists():
        return result
    rows = read_cohort(table).rows
    predictor = load_predictor(base, device)
    maps = make_folder(folder / "canals")
    named = []
    for number, row in enumerate(rows):
        report = part(progress, number / len(rows), (number + 1) / len(rows))
        image = clean_intensities(read_image(row.image), str(row.image))
        path = maps / f"{number:03d}.nii.gz"
        write_image(predictor.predict([image], report)[predictor.outputs[1]], path, like=row.image)
        named.append(row.model_copy(update={"outcomes": row.outcomes | {CANAL: str(path.relative_to(folder))}}))
    write_cohort(result, named)
    return result
