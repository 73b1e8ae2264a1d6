"""What people see of a finished retraining, and what they can go back to."""

from dataclasses import dataclass

from crosscontrast.cord.evaluation.measures import MEASURE_NAMES
from crosscontrast.cord.retrain.figures import Figures
from crosscontrast.models.library import ModelEntry, ModelLibrary


@dataclass(frozen=True)
class FigureRow:
    """One measure on the test subjects, as text: ``difference`` has its interval of 95 % where there is one."""

    name: str
    before: str
    after: str
    difference: str
    subjects: str


def figure_rows(figures: Figures) -> list[FigureRow]:
    """Return the measures before and after, and the drift of the area where it is known."""
    rows = []
    for measure, change in figures.changes.items():
        low, high = (f"{end:+.3f}" if end is not None else "–" for end in (change.low, change.high))
        difference = f"{change.difference:+.3f} ({low} ... {high})"
        numbers = (f"{change.before:.3f}", f"{change.after:.3f}", difference, str(change.subjects))
        rows.append(FigureRow(MEASURE_NAMES[measure], *numbers))
    if figures.drift_mm2 is not None:
        rows.append(FigureRow("drift of the area (mm²)", "", "", f"{figures.drift_mm2:.2f}", ""))
    return rows


def version_before(model: str) -> ModelEntry | None:
    """Return the version of ``model`` (a name, or name@version) that rolling back makes current, if there is one."""
    name = model.partition("@")[0]
    versions = [entry for entry in ModelLibrary().entries() if entry.name == name]
    current = next((entry.version for entry in versions if entry.current), 0)
    older = [entry for entry in versions if entry.version < current]
    return max(older, key=lambda entry: entry.version) if older else None
