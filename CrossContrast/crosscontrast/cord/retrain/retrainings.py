"""The retrainings on a correction dataset, each in a numbered folder beside it."""

import csv
import re
from pathlib import Path
from typing import TypeVar

from crosscontrast.cord.retrain.files import Outcome, Plan, RetrainFiles
from crosscontrast.cord.retrain.pace import reckoned, remembered
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.documents import read_document
from crosscontrast.errors import CrossContrastError
from crosscontrast.progress import in_words

_Document = TypeVar("_Document", Plan, Outcome)


def retraining_folder(dataset: Path, model: str = "", steps: int = 0) -> Path:
    """Return where to retrain ``model`` (a name, or name@version) on ``dataset`` for ``steps``.

    That is the newest folder in which this was begun and not finished, or a new one. An empty model and 0 steps mean
    any.
    """
    folders = [_folder(dataset, number) for number in reversed(_numbers(dataset))]
    for folder in folders:
        plan = plan_of(folder)
        if plan and outcome_of(folder) is None and is_of(plan, model, steps):
            return folder
    if folders and not plan_of(folders[0]) and not outcome_of(folders[0]):  # stopped before anything was decided
        return folders[0]
    return _folder(dataset, max(_numbers(dataset), default=0) + 1)


def begun(dataset: Path) -> Plan | None:
    """Return the plan of the newest retraining if it waits to be gone on with."""
    numbers = _numbers(dataset)
    folder = _folder(dataset, numbers[-1]) if numbers else None
    return plan_of(folder) if folder and outcome_of(folder) is None else None


def last_finished(dataset: Path) -> Path | None:
    """Return the folder of the newest finished retraining, if there is any."""
    folders = (_folder(dataset, number) for number in reversed(_numbers(dataset)))
    return next((folder for folder in folders if outcome_of(folder) is not None), None)


def is_of(plan: Plan, model: str, steps: int) -> bool:
    """Whether this is the plan of a retraining of ``model`` for ``steps``, as :func:`retraining_folder` takes them."""
    names = ("", plan.base.name, f"{plan.base.name}@{plan.base.version}")
    return model in names and steps in (0, plan.settings.steps)


def plan_of(folder: Path) -> Plan | None:
    """Return what was decided when the retraining in ``folder`` began; ``None`` where it did not yet."""
    return _read(Plan, RetrainFiles(folder).plan)


def outcome_of(folder: Path) -> Outcome | None:
    """Return what came out of the retraining in ``folder``; ``None`` while it is not finished."""
    return _read(Outcome, RetrainFiles(folder).outcome)


def expected_time(dataset: Path, steps: int) -> str:
    """Say how long a retraining of so many steps takes here, with its start and with measuring before and after."""
    here = remembered()
    pace = here or reckoned()
    for number in reversed(_numbers(dataset)):
        seconds, done = trained(_folder(dataset, number))
        if done:
            pace = pace.model_copy(update={"step": seconds / done})
            break
    text = in_words(pace.seconds(steps, _images(dataset)))
    return f"about {text}, as the last time here" if here else f"about {text}, by the speed of this machine"


def trained(folder: Path) -> tuple[float, int]:
    """Return how many seconds the retraining in ``folder`` has trained, and how many steps; 0 of both if unknown."""
    try:
        with (RetrainFiles(folder).training / "log.csv").open(newline="", encoding="utf-8") as lines:
            *_, last = csv.DictReader(lines)
        return 60 * float(last["minutes"]), int(last["step"])
    except (OSError, ValueError, KeyError):
        return 0.0, 0


def _images(dataset: Path) -> int:
    """How many images are measured with both models."""
    try:
        return sum(case.state == "corrected" for case in CorrectionDataset.open(dataset).cases())
    except CrossContrastError:
        return 0


def _read(kind: type[_Document], path: Path) -> _Document | None:
    try:
        return read_document(kind, path) if path.exists() else None
    except CrossContrastError:
        return None


def _folder(dataset: Path, number: int) -> Path:
    return dataset.with_name(f"{dataset.name}-retrained-{number}")


def _numbers(dataset: Path) -> list[int]:
    pattern = re.compile(re.escape(dataset.name) + r"-retrained-([1-9]\d*)")
    found = (pattern.fullmatch(path.name) for path in dataset.parent.iterdir() if path.is_dir())
    return sorted(int(match[1]) for match in found if match)
