"""The generated cohort: bodies that are each shown in six contrasts, with manual masks and their average."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk
import torch
from torch import Tensor

from crosscontrast.cord.ablation.contrasts import CONTRASTS, CohortContrast, draw_looks
from crosscontrast.cord.ablation.raters import distance_outside, draw_manual_mask
from crosscontrast.cord.generator.acquisition import coil_shading, smooth
from crosscontrast.cord.generator.anatomy import Anatomy, draw_anatomy
from crosscontrast.cord.generator.appearance import paint
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.tissues import Tissue
from crosscontrast.cord.teaching.stream import seed_of
from crosscontrast.ground.cohort import Cohort, read_cohort
from crosscontrast.ground.files import atomic_write, make_folder
from crosscontrast.ground.images import write_image
from crosscontrast.progress import Progress

TABLE = "cohort.tsv"
#: Voxels of 1 mm along D, H, W: a stretch of cord with its canal and what lies around it.
SHAPE = (24, 40, 40)
#: Keeps these bodies apart from those that models are trained on elsewhere.
_SEED = 7_310_023
#: A cord of less than this, in mm², in some slice, or one this close to the border, in voxels, is passed over.
_SMALLEST_AREA, _MARGIN = 35.0, 5
#: Persons that a shipped model shall be measured on are drawn on a grid as large as the window of its finder in the
#: slices: in smaller images it misses cords.
FINDER_SHAPE = (48, 56, 56)
#: Mean area, in mm², of cords as most people have them, from the thoracic cord to the cervical enlargement.
_USUAL_AREA = (45.0, 95.0)
#: Blur as a share of the acquired voxel (a Gaussian of its width has 0.42); noise relative to a bright tissue.
_BLUR, _NOISE = 0.35, 0.03
#: Manual masks of the table's column of that name; its column ``mask`` is their average.
MANUAL = "manual"


@dataclass(frozen=True)
class Person:
    """A body and the seed that it grew from."""

    anatomy: Anatomy
    seed: int


def make_cohort(folder: Path, subjects: int, progress: Progress, *, first: int = 0) -> Cohort:
    """Write ``subjects`` persons to test on and twice as many to train on, unless they are there; return the table.

    The persons are those of the numbers from ``first`` on.

    Per person and contrast there are an image and a manual mask, per person their average over the contrasts, which is
    the soft mask: all contrasts lie on one grid, so nothing has to be registered.
    """
    table = make_folder(folder) / TABLE
    if not table.exists():
        rows: list[list[str]] = []
        for number in range(3 * subjects):
            progress(number, 3 * subjects, "drawing bodies")
            split = "test" if number < subjects else "train"
            rows += _write_person(first + number, folder, split)
        write_table(table, ["subject", "role", "image", "mask", "split", MANUAL], rows)
    return read_cohort(table)


def with_manual_masks(cohort: Cohort) -> Cohort:
    """Return the rows with the manual mask of each image in place of the soft one."""
    folder = cohort.path.parent
    rows = (row.model_copy(update={"mask": folder / row.outcomes[MANUAL]}) for row in cohort.rows)
    return Cohort(cohort.path, tuple(rows))


def draw_person(number: int, shape: tuple[int, int, int] = SHAPE) -> Person:
    """Return person ``number``: the first body of its own series of seeds with a whole cord well inside the grid."""
    grid, attempt = Grid(shape), 0
    while True:
        seed = seed_of(_SEED, number, attempt)
        anatomy = draw_anatomy(grid, Draw(seed))
        if _is_whole(anatomy):
            return Person(anatomy, seed)
        attempt += 1


def _is_whole(anatomy: Anatomy) -> bool:
    area = anatomy.cord.sum((1, 2))
    inside = anatomy.cord[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN].sum((1, 2))
    return bool((area > _SMALLEST_AREA).all() and (inside > 0.999 * area).all() and (anatomy.certainty == 1).all())


def is_usual(person: Person) -> bool:
    """Return whether the cord is as large as most people's, and has no syrinx."""
    area = float(person.anatomy.cord.sum((1, 2)).mean())
    return _USUAL_AREA[0] < area < _USUAL_AREA[1] and not bool(person.anatomy.fractions[Tissue.SYRINX].any())


def draw_image(person: Person, contrast: CohortContrast, draw: Draw) -> Tensor:
    """Scan the person in a contrast: (D, H, W), intensities of a few hundred, with blur and Rician noise only.

    Artefacts are left out: small networks that train for minutes would spend them on these.
    """
    depth, height, width = person.anatomy.cord.shape
    grid = Grid((depth, height, width))
    image = coil_shading(paint(person.anatomy, draw_looks(contrast, draw), grid, draw), grid, draw).clamp(min=0)
    blur = contrast.resolution
    image = smooth(image, (_BLUR * blur[0], _BLUR * blur[1], _BLUR * blur[2]))
    return 600 * torch.hypot(image + _NOISE * draw.white(grid.shape), _NOISE * draw.white(grid.shape))


def draw_masks(person: Person) -> dict[str, Tensor]:
    """Return the manual mask (D, H, W) of each contrast by its name."""
    grid, distance = Grid(SHAPE), distance_outside(person.anatomy.cord)
    return {
        contrast.name: draw_manual_mask(distance, contrast, grid, Draw(seed_of(person.seed, place, 1)))
        for place, contrast in enumerate(CONTRASTS)
    }


def _write_person(number: int, folder: Path, split: str) -> list[list[str]]:
    """Write the files of a person and return the lines of the table."""
    person, name = draw_person(number), f"sub-{number + 1:03d}"
    masks = draw_masks(person)
    soft = f"{name}_softseg.nii.gz"
    write_image(patient_image(torch.stack(list(masks.values())).float().mean(0)), folder / soft)
    rows = []
    for contrast, image in write_images(person, name, folder).items():
        manual = f"{name}_{contrast}_seg.nii.gz"
        write_image(patient_image(masks[contrast]), folder / manual)
        rows.append([name, contrast, image, soft, split, manual])
    return rows


def write_images(person: Person, subject: str, folder: Path, contrasts: Sequence[str] | None = None) -> dict[str, str]:
    """Write the person's images in ``contrasts`` (all) to ``folder``; return the names of the files by contrast."""
    files = {}
    for place, contrast in enumerate(CONTRASTS):
        if contrasts is None or contrast.name in contrasts:
            image = draw_image(person, contrast, Draw(seed_of(person.seed, place, 2)))
            files[contrast.name] = f"{subject}_{contrast.name}.nii.gz"
            write_image(patient_image(image), folder / files[contrast.name])
    return files


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a cohort table."""
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter="\t", lineterminator="\n").writerows([columns, *rows])


def patient_image(values: Tensor) -> sitk.Image:
    """Put (D, H, W), which grow to the top, the front and the right, into patient space."""
    image = sitk.GetImageFromArray(values.numpy())
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    return image
