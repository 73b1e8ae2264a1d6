"""The retrainings on a correction dataset, each in a numbered folder beside it."""

import re
from pathlib import Path

from CrossContrastLib.corrections.documents import read_document
from CrossContrastLib.errors import CrossContrastError
from SoftCordSegLib.retrain.files import Outcome, RetrainFiles


def retraining_folder(dataset: Path) -> Path:
    """Return where to retrain on ``dataset``: in the folder that was begun and not finished, or in a new one."""
    numbers = _numbers(dataset)
    if numbers and outcome_of(_folder(dataset, numbers[-1])) is None:
        return _folder(dataset, numbers[-1])
    return _folder(dataset, numbers[-1] + 1 if numbers else 1)


def last_finished(dataset: Path) -> Path | None:
    """Return the folder of the newest finished retraining, if there is any."""
    folders = (_folder(dataset, number) for number in reversed(_numbers(dataset)))
    return next((folder for folder in folders if outcome_of(folder) is not None), None)


def outcome_of(folder: Path) -> Outcome | None:
    """Return what came out of the retraining in ``folder``; ``None`` while it is not finished."""
    path = RetrainFiles(folder).outcome
    try:
        return read_document(Outcome, path) if path.exists() else None
    except CrossContrastError:
        return None


def _folder(dataset: Path, number: int) -> Path:
    return dataset.with_name(f"{dataset.name}-retrained-{number}")


def _numbers(dataset: Path) -> list[int]:
    pattern = re.compile(re.escape(dataset.name) + r"-retrained-([1-9]\d*)")
    found = (pattern.fullmatch(path.name) for path in dataset.parent.iterdir() if path.is_dir())
    return sorted(int(match[1]) for match in found if match)
