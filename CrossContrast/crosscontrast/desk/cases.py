"""The cases of a correction dataset: which there are, opening one of them, leaving one out, taking all away."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from crosscontrast.corrections.choices import ExportFormat, Order
from crosscontrast.desk.opening import opened
from crosscontrast.desk.reasons import BUSY, NO_DATASET
from crosscontrast.desk.runner import Runner
from crosscontrast.errors import BadInputError, CrossContrastError

if TYPE_CHECKING:
    from crosscontrast.cord.jobs import OpenCaseResult
    from crosscontrast.corrections.jobs import ExportResult
    from crosscontrast.corrections.records import Case
    from crosscontrast.jobs.job import Job, JobResult

NOTHING_SAVED = "There is no dataset in this folder yet: save a correction to it."
NONE_WAITS = "No other case waits to be corrected."

#: What an export is called, by its form. DICOM segmentations are made of cases whose series is still where it was.
FORMS: dict[ExportFormat, str] = {
    "bids": "BIDS derivatives",
    "nnunet": "nnU-Net v2",
    "monai-label": "MONAI Label",
    "decathlon": "Decathlon (MONAI)",
    "dicom-seg": "DICOM segmentations",
}


class Worklist:
    """Knows the cases of ``dataset`` and opens them; a case without a prediction is segmented with ``model``.

    ``opened`` brings an opened case to the user; ``at_hand()`` names the case that they have before them, empty for
    none. ``ready()`` says whether the packages are there without which a dataset cannot be read.
    """

    def __init__(
        self,
        runner: Runner,
        opened: "Callable[[OpenCaseResult], None]",
        at_hand: Callable[[], str],
        *,
        no_dataset: str = NO_DATASET,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self._runner, self._opened, self._at_hand = runner, opened, at_hand
        self._no_dataset, self._ready = no_dataset, ready
        self.dataset: Path | None = None
        self.model, self.device, self.threshold = "softcord", "auto", 0.5
        self.order: Order = "listed"
        self.cases: list[Case] = []
        #: Whether the folder holds a dataset that could be read, and why not where there is something else in it.
        self.known, self.problem = False, ""
        #: What is wrong with it, such as a person under two subjects, and how to repair it.
        self.remarks: list[str] = []
        self._wanted = ""

    def read(self) -> None:
        """Read the cases; none where there is no dataset, or one that cannot be read."""
        self.cases, self.known, self.problem, self.remarks = [], False, "", []
        if self.dataset is None or not self._ready():
            return
        found, self.remarks = opened(self.dataset)
        if isinstance(found, CrossContrastError):
            self.problem = found.message
        elif found is not None:
            self.cases, self.known = found.cases(), True

    def why_not(self) -> str:
        """Why nothing can be done with the dataset."""
        if self.dataset is None:
            return self._no_dataset
        return self.problem or ("" if self.known else NOTHING_SAVED)

    def why_not_open(self) -> str:
        """Why no case can be opened."""
        return self.why_not() or (BUSY if self._runner.busy else "")

    def why_not_next(self) -> str:
        """Why the next case of the worklist cannot be opened."""
        here = self._at_hand()
        waits = any(case.state == "pending" and case.name != here for case in self.cases)
        return self.why_not() or ("" if waits else NONE_WAITS) or self.why_not_open()

    def why_not_exclude(self, case: "Case | None", reason: str) -> str:
        """Why ``case`` cannot be excluded for ``reason``, or included again where it is excluded."""
        if case is None:
            return "Select a case in the table."
        given = case.state == "excluded" or bool(reason.strip())
        return self.why_not_open() or ("" if given else "Say why it shall be excluded.")

    def open(self, case: str = "") -> None:
        """Open a case, or with an empty name the next that waits, in this ``order``."""
        if not (self.why_not_open() if case else self.why_not_next()):
            self._wanted = case
            self._runner.start(self._make, self._take)

    def exclude_or_include(self, case: "Case | None", reason: str, author: str) -> None:
        """Put a case on the list of what is not trained on, or take it off; raises :class:`CrossContrastError`."""
        from crosscontrast.corrections.dataset import CorrectionDataset

        why_not = self.why_not_exclude(case, reason)
        if why_not or case is None or self.dataset is None:
            raise BadInputError(why_not)
        dataset = CorrectionDataset.open(self.dataset)
        if case.state == "excluded":
            dataset.include(case.name)
        else:
            dataset.exclude(case.name, reason, author=author.strip())
        self.read()

    def _make(self, folder: Path) -> "Job":
        from crosscontrast.cord.jobs import OpenCase

        if self.dataset is None:
            raise BadInputError(self._no_dataset)
        return OpenCase(
            dataset=self.dataset,
            out=folder,
            case=self._wanted,
            order=self.order,
            after=self._at_hand(),
            model=self.model,
            device=self.device,
            threshold=self.threshold,
        )

    def _take(self, result: "JobResult") -> str:
        from crosscontrast.cord.jobs import OpenCaseResult

        assert isinstance(result, OpenCaseResult)
        self._opened(result)
        wait = "1 other case waits" if result.waiting == 1 else f"{result.waiting} other cases wait"
        return f"{result.case}: {result.reason}; {wait}."


class Exporter:
    """Exports all corrected cases of ``dataset`` in ``form``; ``exported`` gets the result and returns what to say."""

    def __init__(self, runner: Runner, no_dataset: str = NO_DATASET) -> None:
        self._runner, self._no_dataset = runner, no_dataset
        self.dataset: Path | None = None
        self.form: ExportFormat = "bids"
        self.exported: Callable[[ExportResult], str] = _where
        self._target = Path()

    def why_not(self) -> str:
        """Why nothing can be exported."""
        return (BUSY if self._runner.busy else "") if self.dataset else self._no_dataset

    def run(self, target: Path) -> None:
        """Export into a new folder in ``target``."""
        if not self.why_not():
            self._target = target
            self._runner.start(self._make, self._take)

    def _make(self, _folder: Path) -> "Job":
        from crosscontrast.corrections.jobs import ExportCorrections

        if self.dataset is None:
            raise BadInputError(self._no_dataset)
        # nnU-Net names the new folder itself: Dataset701_Name.
        out = self._target if self.form == "nnunet" else self._target / f"{self.dataset.name}-{self.form}"
        return ExportCorrections(dataset=self.dataset, out=out, form=self.form)

    def _take(self, result: "JobResult") -> str:
        from crosscontrast.corrections.jobs import ExportResult

        assert isinstance(result, ExportResult)
        return self.exported(result)


def _where(result: "ExportResult") -> str:
    counted = "1 case" if result.cases == 1 else f"{result.cases} cases"
    return f"Exported {counted} to {result.folder}."
