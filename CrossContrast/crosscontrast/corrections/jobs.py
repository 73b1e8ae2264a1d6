"""Jobs on correction datasets."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BaseModel, Field

from crosscontrast.corrections.choices import ExportFormat, Order
from crosscontrast.errors import BadInputError
from crosscontrast.ground.provenance import ModelRecord
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress

if TYPE_CHECKING:
    from crosscontrast.corrections.dataset import CorrectionDataset


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
    """Put the pending cases of a dataset in order; see :func:`crosscontrast.corrections.worklist.worklist`."""

    kind: ClassVar[str] = "corrections.worklist"

    dataset: Path
    order: Order = "listed"

    def run(self, progress: Progress) -> WorklistResult:
        """Read the predictions and sort."""
        from crosscontrast.corrections.dataset import CorrectionDataset
        from crosscontrast.corrections.worklist import worklist

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
    """Export corrections; see :func:`crosscontrast.corrections.export.write.export_corrections`."""

    kind: ClassVar[str] = "corrections.export"

    dataset: Path
    out: Path
    form: ExportFormat
    nnunet_id: Annotated[int, Field(ge=1, le=999)] = 701
    dicom: Path | None = None

    def run(self, progress: Progress) -> ExportResult:
        """Write everything, or nothing."""
        from crosscontrast.corrections.dataset import CorrectionDataset
        from crosscontrast.corrections.export.write import export_corrections

        done = export_corrections(
            CorrectionDataset.open(self.dataset),
            self.form,
            self.out,
            nnunet_id=self.nnunet_id,
            dicom=self.dicom,
            progress=progress,
        )
        return ExportResult(folder=done.folder, cases=done.cases, warnings=list(done.warnings))


class SaveCorrectionResult(JobResult):
    """The revision that was written, and those that other people saved meanwhile, which are kept too."""

    case: str
    revision: int
    voxels_added: int
    voxels_removed: int
    overtaken: list[int]


class SaveCorrection(Job):
    """Save a correction as the next revision of its case; the dataset and the case are made where they are not there.

    ``image`` is the case's image: with ``case`` given it belongs to the dataset already. ``soft``, ``mask`` and
    ``before`` (the mask that the person began with) may lie on any grid of the same voxels, such as the one that MRML
    made of it, and are put onto the image's own by position. Of objects that were removed altogether not even the faint
    rim stays in the soft map, which the person cannot see. A dataset that is made is one of the structure
    ``label``, and one that is there must be of the same; without ``label`` it may be of any and is made for the cord.
    ``force`` saves a mask that looks wrong too.
    """

    kind: ClassVar[str] = "corrections.save"

    dataset: Path
    image: Path
    soft: Path
    mask: Path
    before: Path
    label: str = ""
    case: str = ""
    subject: str = ""
    contrast: str = ""
    author: str = ""
    seconds: Annotated[float, Field(ge=0)] = 0
    base: Annotated[int, Field(ge=0)] = 0
    model: ModelRecord | None = None
    note: str = ""
    force: bool = False

    def run(self, progress: Progress) -> SaveCorrectionResult:
        """Add the case if it is new, and save."""
        from crosscontrast.corrections.dataset import CorrectionDataset
        from crosscontrast.corrections.ghosts import without_ghosts
        from crosscontrast.corrections.layout import Layout
        from crosscontrast.corrections.masks import on_grid_of
        from crosscontrast.ground.images import read_image

        progress(0, 1, "opening the dataset")
        if Layout(self.dataset).settings.exists():
            dataset = CorrectionDataset.open(self.dataset)
        else:
            dataset = CorrectionDataset.create(self.dataset, label=self.label or "SC")
        self._check(dataset.settings.label)
        name = self.case or self._add(dataset)
        grid = dataset.record(name).grid()
        progress(0.4, 1, "saving")
        soft, mask, before = (
            on_grid_of(read_image(path), grid, name, what, silent=True)
            for path, what in ((self.soft, "soft mask"), (self.mask, "mask"), (self.before, "mask before"))
        )
        saved = dataset.save(
            name,
            without_ghosts(soft, before, mask),
            mask,
            author=self.author,
            seconds=self.seconds,
            before=before,
            model=self.model,
            base=self.base,
            note=self.note,
            force=self.force,
        )
        progress(1, 1, "done")
        return SaveCorrectionResult(
            case=name,
            revision=saved.record.revision,
            voxels_added=saved.record.voxels_added,
            voxels_removed=saved.record.voxels_removed,
            overtaken=[revision.revision for revision in saved.overtaken],
        )

    def _add(self, dataset: "CorrectionDataset") -> str:
        return dataset.add(self.image, subject=self.subject, contrast=self.contrast, author=self.author).name

    def _check(self, label: str) -> None:
        if self.label and self.label != label:
            raise BadInputError(
                f"The correction dataset {self.dataset} is one of {label!r}, not of {self.label!r}.",
                "keep each structure in a dataset of its own",
            )


def _finite(score: float) -> float | None:
    return score if math.isfinite(score) else None
