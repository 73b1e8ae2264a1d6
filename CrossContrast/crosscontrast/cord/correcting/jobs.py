"""What the panel asks the worker process for while a person corrects, so that no file blocks the window."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from crosscontrast.corrections.choices import Order
from crosscontrast.errors import BadInputError
from crosscontrast.ground.provenance import ModelRecord
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part

if TYPE_CHECKING:
    from crosscontrast.corrections.dataset import CorrectionDataset


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
    order: Order = "listed"
    after: str = ""
    model: str = "softcord"
    device: str = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5

    def run(self, progress: Progress) -> OpenCaseResult:
        """Find the case, predict it if need be, and write where to begin."""
        from crosscontrast.corrections.dataset import CorrectionDataset
        from crosscontrast.corrections.starting import starting_point
        from crosscontrast.ground.files import make_folder
        from crosscontrast.ground.images import write_image

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
        from crosscontrast.corrections.worklist import worklist

        waiting = [item for item in worklist(dataset, self.order, progress=progress) if item.case.name != self.after]
        if not waiting:
            raise BadInputError(f"No other case of {self.dataset} waits to be corrected.")
        return waiting[0].case.name, waiting[0].reason

    def _predict(self, image: Path, folder: Path, progress: Progress) -> None:
        from crosscontrast.cord.jobs import SegmentCord

        SegmentCord(image=image, out=folder, model=self.model, device=self.device).run(progress)
