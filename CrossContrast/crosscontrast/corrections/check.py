"""Looking through a correction dataset for what would be silently wrong: persons, images, grids, masks, predictions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import SimpleITK as sitk

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.doubts import doubts
from crosscontrast.corrections.export.cases import why_changed
from crosscontrast.corrections.masks import contradiction, inside, soft_values
from crosscontrast.corrections.records import Case
from crosscontrast.errors import CrossContrastError
from crosscontrast.ground.files import sha256
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image
from crosscontrast.ground.provenance import Provenance
from crosscontrast.progress import Progress, silent

Kind = Literal["subject", "image", "grid", "mask", "prediction"]
#: Voxel centres that lie nearer than this share of a voxel coincide.
_NEAR = 0.05


@dataclass(frozen=True)
class Finding:
    """Something wrong with ``cases``: one sentence on what it is, and half a one on what to do about it."""

    kind: Kind
    cases: tuple[str, ...]
    problem: str
    advice: str


def check_dataset(dataset: CorrectionDataset, progress: Progress = silent) -> list[Finding]:
    """Return all that is wrong with a dataset, persons first, then case by case; nothing is changed."""
    command = f"crosscontrast corrections rename {dataset.folder} CASE --subject"
    found = [
        Finding("subject", parting.cases, str(parting), f"{command} {parting.person}") for parting in dataset.partings()
    ]
    cases = dataset.cases()
    for number, case in enumerate(cases):
        progress(number, len(cases), case.name)
        found += _check_case(dataset, case)
    progress(1, 1, "done")
    return found


def _check_case(dataset: CorrectionDataset, case: Case) -> Iterator[Finding]:
    changed = why_changed(dataset, case)
    if changed:
        source = dataset.record(case.name).source
        yield Finding("image", (case.name,), changed, f"put it back from {source}, or exclude the case")
        return
    yield from _check_prediction(dataset, case)
    try:
        image, grid = read_image(case.image), dataset.record(case.name).grid()
    except CrossContrastError as error:
        yield Finding("image", (case.name,), error.message, "exclude the case")
        return
    if not same_grid(image, grid, _NEAR * min(image.GetSpacing())):
        problem = f"{case.image} lies elsewhere in the patient than its masks do."
        yield Finding("grid", (case.name,), problem, "exclude the case, and add the image under another name")
    if case.revision:
        yield from _check_mask(dataset, case, grid)


def _check_prediction(dataset: CorrectionDataset, case: Case) -> Iterator[Finding]:
    predicted = dataset.prediction(case.name)
    if predicted is None:
        return
    sidecar = predicted.softseg.with_name(predicted.softseg.name.removesuffix(".nii.gz") + ".json")
    made = Provenance.read(sidecar)
    if made and made.inputs and made.inputs[0].sha256 != sha256(case.image):
        problem = f"The prediction of {case.name} was made of another image, {made.inputs[0].path}."
        yield Finding("prediction", (case.name,), problem, f"remove {predicted.softseg.parent} and predict it again")


def _check_mask(dataset: CorrectionDataset, case: Case, grid: sitk.Image) -> Iterator[Finding]:
    name = f"Revision {case.revision} of {case.name}"
    try:
        correction = dataset.load(case.name, case.revision)
        mask, soft = inside(correction.mask, grid, case.name), soft_values(correction.soft, grid, case.name)
        start = dataset.start_mask(case.name, correction.record.base)
    except CrossContrastError as error:
        yield Finding("mask", (case.name,), error.message, "correct the case anew")
        return
    against = contradiction(soft, mask)
    if against:
        yield Finding("mask", (case.name,), f"{name}: the soft mask {against}.", "correct the case anew")
    found = doubts(mask, start)
    if found:
        problem = f"{name} looks wrong: {'; '.join(found)}."
        yield Finding("mask", (case.name,), problem, "look at it, and correct or exclude it")
