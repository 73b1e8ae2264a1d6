"""From a correction dataset to the tables that training and evaluation read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crosscontrast.cord.ablation.cohort import write_table
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.export.cases import ExportCase, corrected_cases
from crosscontrast.corrections.split import choose_test_subjects
from crosscontrast.errors import BadInputError

#: One to train on and one to test on.
_FEWEST = 2
TRAINING, TEST = "training.tsv", "test.tsv"
_COLUMNS = ("subject", "session", "role", "image", "mask", "split", "revision")


@dataclass(frozen=True)
class Material:
    """What a retraining uses: the newest corrections at its start, by case, and which of them only test."""

    training: tuple[str, ...]
    test: tuple[str, ...]
    revisions: dict[str, int]


def why_too_few(dataset: CorrectionDataset) -> str:
    """Say why :func:`collect` would refuse a dataset by what its list of cases tells; empty where it would not."""
    subjects = {case.subject for case in dataset.cases() if case.state == "corrected"}
    fixed = dataset.settings.test_subjects
    if fixed is None:
        return "" if len(subjects) >= _FEWEST else _too_few(len(subjects))
    if not subjects & set(fixed):
        return f"None of the test subjects ({', '.join(fixed)}) has a corrected image."
    return "" if subjects - set(fixed) else "Only test subjects have corrected images: there is none to train on."


def drawn_by_lot(dataset: CorrectionDataset, seed: int = 0) -> tuple[str, ...]:
    """Return whom the lot would fix as test subjects, a fifth of those with a correction; none where some are fixed.

    Raises :class:`BadInputError` where there are too few.
    """
    return () if dataset.settings.test_subjects is not None else _draw(dataset, corrected_cases(dataset), seed)


def collect(dataset: CorrectionDataset, folder: Path, *, seed: int = 0, freeze: bool = False) -> Material:
    """Write the tables of training and test images into ``folder``, with the soft masks of the newest revisions.

    Revisions never change, so a training that is resumed later learns from the same masks, whatever was corrected
    meanwhile. Where no test subjects are frozen yet, ``freeze`` allows to freeze those of :func:`drawn_by_lot`. Raises
    :class:`BadInputError` where it does not, and where nothing is left to train or to test on.
    """
    cases = corrected_cases(dataset)
    fixed = dataset.settings.test_subjects
    if fixed is None:
        drawn = _draw(dataset, cases, seed)
        if not freeze:
            raise BadInputError(
                f"{dataset.folder} has no test subjects yet: the lot draws {', '.join(drawn)} to be tested on.",
                f"fix these or others with: crosscontrast corrections freeze {dataset.folder} --subjects "
                f"{','.join(drawn)}",
            )
        fixed = dataset.freeze_test_subjects(drawn)
    test = [case for case in cases if case.subject in fixed]
    training = [case for case in cases if case.subject not in fixed]
    for group, purpose in ((training, "train"), (test, "test")):
        if not group:
            raise BadInputError(
                f"{dataset.folder} has no corrected image to {purpose} on.",
                f"the frozen test subjects are {', '.join(fixed)}",
            )
    _write(folder / TRAINING, training, "train")
    _write(folder / TEST, test, "test")
    return Material(
        training=tuple(case.name for case in training),
        test=tuple(case.name for case in test),
        revisions={case.name: case.revision.revision for case in cases},
    )


def _draw(dataset: CorrectionDataset, cases: Sequence[ExportCase], seed: int) -> tuple[str, ...]:
    subjects = sorted({case.subject for case in cases})
    if len(subjects) < _FEWEST:
        raise BadInputError(f"{dataset.folder}: {_too_few(len(subjects))}")
    return choose_test_subjects(subjects, None, None, share=0.2, seed=seed)


def _too_few(subjects: int) -> str:
    count = "one subject" if subjects else "no subject"
    return f"There are corrected images of {count}; two are needed, as one of them is only tested on."


def _write(path: Path, cases: Sequence[ExportCase], split: str) -> None:
    rows = [
        [
            case.subject,
            case.session,
            case.contrast,
            str(case.image),
            str(case.softseg),
            split,
            str(case.revision.revision),
        ]
        for case in cases
    ]
    write_table(path, _COLUMNS, rows)
