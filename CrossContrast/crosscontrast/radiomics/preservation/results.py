"""What a comparison leaves in its folder."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crosscontrast.ground.files import atomic_write
from crosscontrast.radiomics.checklists import Answer
from crosscontrast.radiomics.extraction.table import FeatureTable
from crosscontrast.radiomics.preservation.controls import ShuffledNull
from crosscontrast.radiomics.preservation.measure import FeatureVerdict, Measured, Pairs
from crosscontrast.radiomics.preservation.settings import PreservationSettings
from crosscontrast.statistics.agreement_intervals import MEASURES

_DIGITS = 6
_LEAD = ("role", "feature", "image", "family", "subjects", "pairs", "preserved", "rho_only", "band")
_TAIL = ("spearman_p", "spearman_q", "limit_p", "limit_q", "cluster", "ceiling_icc", "reason")


@dataclass(frozen=True)
class Comparison:
    """Everything that a comparison found; ``nulls`` by role, ``lead`` the report's first sentences.

    ``answers`` are those to the items of checklists.
    """

    reference: str
    settings: PreservationSettings
    table: FeatureTable
    pairs: list[Pairs]
    verdicts: list[FeatureVerdict]
    nulls: dict[str, ShuffledNull]
    lead: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def of_role(self, role: str) -> list[FeatureVerdict]:
        """Return the verdicts of a role."""
        return [verdict for verdict in self.verdicts if verdict.role == role]


def write_verdicts(verdicts: Sequence[FeatureVerdict], path: Path) -> None:
    """Write one line per role and feature; what is undefined is ``n/a``."""
    columns = [f"{measure}{end}" for measure in MEASURES for end in ("", "_low", "_high")]
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow([*_LEAD, *columns, *_TAIL])
        for verdict in verdicts:
            measured = [verdict.measures.get(measure, Measured()) for measure in MEASURES]
            values = [value for part in measured for value in (part.estimate, part.low, part.high)]
            writer.writerow(
                _text(value)
                for value in (
                    *(getattr(verdict, name) for name in _LEAD),
                    *values,
                    *(getattr(verdict, name) for name in _TAIL),
                )
            )


def _text(value: object) -> str:
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.{_DIGITS}g}" if isinstance(value, float) else str(value)
