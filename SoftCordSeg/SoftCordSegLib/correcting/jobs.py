"""What the panel asks the worker process for while a person corrects, so that no file blocks the window."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.ground.provenance import ModelRecord
from CrossContrastLib.jobs.job import Job, JobResult
from CrossContrastLib.progress import Progress, part

if TYPE_CHECKING:
    from CrossContrastLib.corrections.dataset import CorrectionDataset


class OpenCaseResult(JobResult):
    """The case to correct: its image, the soft map to begin with, and why it is its turn.

    ``base`` is the revision that ``softseg`` is, 0 for a prediction; ``waiting`` counts the other pending cases.
    """

    case: str
    image: Path
    softseg: Path
    uncertainty: Path | None
    base: int
    model: ModelRecord | None
    reason: str
    waiting: int


class OpenCase(Job):
    """Open a case of the correction dataset ``dataset`` for correction; ``case`` empty means the next of the worklist.

    The next one is the first in this ``order`` that is not ``after`` (the case that the person has before them). A case
    without a prediction is segmented first, with ``model`` on ``device``. A corrected case opens with its newest
    revision. The soft map is written to ``out``.
    """

    kind: ClassVar[str] = "cord.open-case"

    dataset: Path
    out: Path
    case: str = ""
    order: Literal["uncertainty", "disagreement", "listed"] = "listed"
    after: str = ""
    model: str = "softcord"
    device: str = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5

    def run(self, progress: Progress) -> OpenCaseResult:
        """Find the case, predict it if need be, and write where to begin."""
        from CrossContrastLib.corrections.dataset import CorrectionDataset
        from CrossContrastLib.corrections.starting import starting_point
        from CrossContrastLib.ground.files import make_folder
        from CrossContrastLib.ground.images import write_image

        progress(0, 1, "looking for the case")
        dataset = CorrectionDataset.open(self.dataset)
        name, reason = (self.case, "chosen") if self.case else self._next(dataset, part(progress, 0, 0.3))
        case = dataset.case(name)
        if not case.revision and dataset.prediction(name) is None:
            self._predict(case.image, dataset.layout.prediction(name), part(progress, 0.3, 0.9))
        start, predicted = starting_point(dataset, name, threshold=self.threshold), dataset.prediction(name)
        softseg = make_folder(self.out) / f"{name}_softseg.nii.gz"
        write_image(start.soft, softseg)
        progress(1, 1, "done")
        return OpenCaseResult(
            case=name,
            image=case.image,
            softseg=softseg,
            uncertainty=predicted.uncertainty if predicted and not start.base else None,
            base=start.base,
            model=start.model,
            reason=reason,
            waiting=sum(other.state == "pending" and other.name != name for other in dataset.cases()),
        )

    def _next(self, dataset: "CorrectionDataset", progress: Progress) -> tuple[str, str]:
        from CrossContrastLib.corrections.worklist import worklist

        waiting = [item for item in worklist(dataset, self.order, progress=progress) if item.case.name != self.after]
        if not waiting:
            raise BadInputError(f"No other case of {self.dataset} waits to be corrected.")
        return waiting[0].case.name, waiting[0].reason

    def _predict(self, image: Path, folder: Path, progress: Progress) -> None:
        from SoftCordSegLib.jobs import SegmentCord

        SegmentCord(image=image, out=folder, model=self.model, device=self.device).run(progress)


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
    made of it, and are put onto the image's own by position.
    """

    kind: ClassVar[str] = "cord.save-correction"

    dataset: Path
    image: Path
    soft: Path
    mask: Path
    before: Path
    case: str = ""
    subject: str = ""
    contrast: str = ""
    author: str = ""
    seconds: Annotated[float, Field(ge=0)] = 0
    base: Annotated[int, Field(ge=0)] = 0
    model: ModelRecord | None = None
    note: str = ""

    def run(self, progress: Progress) -> SaveCorrectionResult:
        """Add the case if it is new, and save."""
        from CrossContrastLib.corrections.dataset import CorrectionDataset
        from CrossContrastLib.corrections.layout import Layout
        from CrossContrastLib.ground.geometry import resample_onto
        from CrossContrastLib.ground.images import read_image

        progress(0, 1, "opening the dataset")
        known = Layout(self.dataset).settings.exists()
        dataset = CorrectionDataset.open(self.dataset) if known else CorrectionDataset.create(self.dataset)
        name = self.case or self._add(dataset)
        grid = dataset.record(name).grid()
        progress(0.4, 1, "saving")
        soft, mask, before = (
            resample_onto(read_image(path), grid, linear=False) for path in (self.soft, self.mask, self.before)
        )
        saved = dataset.save(
            name,
            soft,
            mask,
            author=self.author,
            seconds=self.seconds,
            before=before,
            model=self.model,
            base=self.base,
            note=self.note,
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
