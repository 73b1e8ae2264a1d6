"""Jobs on correction datasets."""

import math
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel

from CrossContrastLib.jobs.job import Job, JobResult
from CrossContrastLib.progress import Progress


class WorkEntry(BaseModel):
    """A line of a worklist; ``score`` is ``None`` where it is not known, and higher ones come first."""

    case: str
    image: Path
    score: float | None
    reason: str


class WorklistResult(JobResult):
    """The cases that wait, first things first."""

    entries: list[WorkEntry]


class OrderWorklist(Job):
    """Put the pending cases of a dataset in order; see :func:`CrossContrastLib.corrections.worklist.worklist`."""

    kind: ClassVar[str] = "corrections.worklist"

    dataset: Path
    order: Literal["uncertainty", "disagreement", "listed"] = "listed"

    def run(self, progress: Progress) -> WorklistResult:
        """Read the predictions and sort."""
        from CrossContrastLib.corrections.dataset import CorrectionDataset
        from CrossContrastLib.corrections.worklist import worklist

        items = worklist(CorrectionDataset.open(self.dataset), self.order, progress=progress)
        progress(1, 1, "done")
        return WorklistResult(
            entries=[
                WorkEntry(case=i.case.name, image=i.case.image, score=_finite(i.score), reason=i.reason) for i in items
            ]
        )


def _finite(score: float) -> float | None:
    return score if math.isfinite(score) else None
