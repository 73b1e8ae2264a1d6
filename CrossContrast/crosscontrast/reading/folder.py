"""A study folder: the plan, the blinded images and the database of answers."""

from pathlib import Path

from crosscontrast.reading.plan import Plan, read_plan
from crosscontrast.reading.store import ANSWER_FILE, Store, local_url


def open_study(folder: Path, database: str | None = None) -> tuple[Plan, Store]:
    """Return the plan and the answers of a study; ``database`` is a SQLAlchemy URL.

    Raises :class:`crosscontrast.errors.BadInputError` for a plan that is missing or was changed, and for a database
    that belongs to another plan.
    """
    plan = read_plan(folder)
    store = Store(database or local_url(folder / ANSWER_FILE), plan.fingerprint, plan.study.title)
    return plan, store
