"""Saving a correction as the next revision of its case in a correction dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscontrast.desk.correct import Corrector
from crosscontrast.desk.reasons import BUSY, NO_DATASET, NO_NAME
from crosscontrast.desk.runner import Runner
from crosscontrast.errors import BadInputError
from crosscontrast.scene.results import case_of, model_of, set_case

if TYPE_CHECKING:
    from crosscontrast.corrections.boxes import Box
    from crosscontrast.corrections.jobs import SaveCorrectionResult
    from crosscontrast.jobs.job import Job, JobResult


class Saver:
    """Saves what ``corrector`` has at hand into ``dataset``, which is made where there is none.

    ``author`` is who corrected, ``note`` a word on it, ``subject`` whose image it is where the case is new (empty: as
    the file's name says), and ``label`` the structure that the dataset must be of (empty: any, made for the cord).
    ``no_dataset`` is what this front end says where there is none; ``saved`` are called when something was saved.
    """

    def __init__(self, corrector: Corrector, runner: Runner, no_dataset: str = NO_DATASET) -> None:
        self._corrector, self._runner, self._no_dataset = corrector, runner, no_dataset
        self.dataset: Path | None = None
        self.author = self.note = self.subject = self.label = ""
        self.saved: list[Callable[[], None]] = []
        self._soft: Any = None  # what is being saved
        self._seconds = 0.0
        self._changed_since = self._force = False
        corrector.changed.append(self._on_change)

    @property
    def case(self) -> tuple[str, int]:
        """The case of a dataset that the map at hand belongs to, and its revision; an empty name where it is new."""
        soft = self._corrector.soft
        return case_of(soft) if soft is not None else ("", 0)

    def why_not(self) -> str:
        """Why nothing can be saved now."""
        reason = "" if self.dataset else self._no_dataset
        reason = reason or self._corrector.why_not_edit() or ("" if self.author.strip() else NO_NAME)
        if reason or self._runner.busy:
            return reason or BUSY
        from crosscontrast.scene.sources import why_not_together

        return self._nothing_new() or why_not_together(self._corrector.soft)

    def _nothing_new(self) -> str:
        _case, base = self.case
        new = not base or self._corrector.unsaved
        return "" if new else f"Nothing was changed since revision {base}, which is in the dataset."

    def question(self) -> str:
        """What to ask the person before this is saved, where the mask looks wrong; empty where it does not."""
        self._corrector.lift()
        self._corrector.take()
        correction = self._corrector.correction
        if self.why_not() or correction is None:
            return ""
        from crosscontrast.corrections.doubts import doubts, question

        return question(doubts(correction.mask(), correction.mask_before()))

    def save(self, *, force: bool = False) -> None:
        """Save, where it can be; ``force`` is the person's yes to :meth:`question`."""
        self._corrector.lift()
        self._corrector.take()
        if not self.why_not():
            self._force = force
            self._runner.start(self._make, self._take, heavy=False)

    def _make(self, folder: Path) -> "Job":
        """Write the correction to ``folder`` and return the job; a volume that is no file is written there too."""
        from crosscontrast.corrections.jobs import SaveCorrection
        from crosscontrast.scene.sources import file_of_image

        corrector, dataset = self._corrector, self.dataset
        if corrector.correction is None or dataset is None:
            raise BadInputError(self.why_not())
        self._soft, self._seconds, self._changed_since = corrector.soft, corrector.clock.seconds, False
        case, base = self.case
        files = corrector.correction.write(folder)
        return SaveCorrection(
            dataset=dataset,
            image=file_of_image(self._soft, folder).absolute(),
            label=self.label,
            case=case,
            subject=self.subject.strip(),
            author=self.author.strip(),
            note=self.note.strip(),
            seconds=self._seconds,
            base=base,
            model=model_of(self._soft),
            soft=files["soft"],
            mask=files["mask"],
            before=files["before"],
            force=self._force,
        )

    def _take(self, result: "JobResult") -> str:
        """Let the soft map remember its case and revision, if it is still there, and say what was saved."""
        from crosscontrast.corrections.jobs import SaveCorrectionResult

        assert isinstance(result, SaveCorrectionResult)
        soft, self._soft = self._soft, None
        if soft.GetScene() is not None:
            set_case(soft, result.case, result.revision)
            self._corrector.saved(soft, self._seconds, changed_since=self._changed_since)
        for listener in self.saved:
            listener()
        said = f"Saved {result.case} as revision {result.revision}: {_changes(result, self._corrector.changed_voxels)}."
        if result.overtaken:
            said += f" Meanwhile others saved revision {', '.join(map(str, result.overtaken))}; it is kept too."
        return said

    def _on_change(self, _box: "Box") -> None:
        self._changed_since = True


def _changes(result: "SaveCorrectionResult", differ: int) -> str:
    """Say what was corrected; soft values may change without any voxel that enters or leaves the mask."""
    if result.voxels_added or result.voxels_removed:
        return f"{result.voxels_added} voxels added, {result.voxels_removed} removed"
    return f"soft values of {differ} voxels changed, and none of the mask" if differ else "as predicted"
