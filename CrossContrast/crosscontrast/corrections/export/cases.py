"""Which corrections are exported, and on which fold each subject falls."""

import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.layout import SEG, SOFTSEG
from crosscontrast.corrections.records import Case, CaseRecord, Revision
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import sha256
from crosscontrast.ground.images import ImageWarning

#: What nnU-Net trains by default.
FOLDS = 5


@dataclass(frozen=True)
class ExportCase:
    """The newest correction of one case: files of its image, soft and binary mask, and what is known of them.

    ``test`` marks a frozen test subject, which no export offers for training.
    """

    name: str
    subject: str
    session: str
    contrast: str
    test: bool
    image: Path
    softseg: Path
    seg: Path
    record: CaseRecord
    revision: Revision


def corrected_cases(dataset: CorrectionDataset) -> list[ExportCase]:
    """Return the corrected cases that are not excluded, each as it was saved.

    An image that is not what was added any more is left out with a warning, as its mask may not fit it. Raises
    :class:`BadInputError` where there are none or a file is not what was saved.
    """
    found = []
    for case in dataset.cases():
        if case.state != "corrected":
            continue
        if why := why_changed(dataset, case):
            warnings.warn(f"{why} It is left out.", ImageWarning, stacklevel=2)
            continue
        revision = dataset.check_revision(case.name, case.revision)
        folder = dataset.layout.revision(case.name, case.revision)
        found.append(
            ExportCase(
                name=case.name,
                subject=case.subject,
                session=case.session,
                contrast=case.contrast,
                test=case.test,
                image=case.image,
                softseg=folder / SOFTSEG,
                seg=folder / SEG,
                record=dataset.record(case.name),
                revision=revision,
            )
        )
    if not found:
        raise BadInputError(f"{dataset.folder} has no correction to export.")
    return found


def why_changed(dataset: CorrectionDataset, case: Case) -> str:
    """Say why a case's image is not what was added to the dataset; empty where it is."""
    if not case.image.is_file():
        return f"The image of {case.name}, {case.image}, is not there any more."
    if sha256(case.image) != dataset.record(case.name).image_sha256:
        return f"The image of {case.name}, {case.image}, was changed since it was added."
    return ""


def folds(cases: Sequence[ExportCase]) -> dict[str, int]:
    """Deal the training subjects into up to five folds, by lot with a fixed seed, so that no subject is in two."""
    subjects = sorted({case.subject for case in cases if not case.test})
    random.Random(0).shuffle(subjects)
    count = min(FOLDS, len(subjects))
    return {subject: number % count for number, subject in enumerate(subjects)}
