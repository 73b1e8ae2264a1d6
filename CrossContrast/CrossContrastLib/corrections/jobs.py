"""Jobs on correction datasets."""

import math
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field

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


class ExportResult(JobResult):
    """Where the export lies and how many cases it holds; ``warnings`` say which could not be exported and why."""

    folder: Path
    cases: int


class ExportCorrections(Job):
    """Export corrections; see :func:`CrossContrastLib.corrections.export.write.export_corrections`."""

    kind: ClassVar[str] = "corrections.export"

    dataset: Path
    out: Path
    form: Literal["bids", "nnunet", "monai-label", "decathlon", "dicom-seg"]
    nnunet_id: Annotated[int, Field(ge=1, le=999)] = 701
    dicom: Path | None = None

    def run(self, progress: Progress) -> ExportResult:
        """Write everything, or nothing."""
        from CrossContrastLib.corrections.dataset import CorrectionDataset
        from CrossContrastLib.corrections.export.write import export_corrections

        done = export_corrections(
            CorrectionDataset.open(self.dataset),
            self.form,
            self.out,
            nnunet_id=self.nnunet_id,
            dicom=self.dicom,
            progress=progress,
        )
        return ExportResult(folder=done.folder, cases=done.cases, warnings=list(done.warnings))


def _finite(score: float) -> float | None:
    return score if math.isfinite(score) else None
