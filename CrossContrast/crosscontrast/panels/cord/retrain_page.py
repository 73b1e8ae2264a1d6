"""The page that retrains the model on the corrections and lets a person decide about the candidate."""

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.cord.retrain.steps import DEFAULT_STEPS, FEWEST_STEPS, MOST_STEPS
from crosscontrast.errors import CrossContrastError
from crosscontrast.panels import requirements
from crosscontrast.panels.cord.csa_page import fill
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.panels.messages import show_error

if TYPE_CHECKING:
    from crosscontrast.cord.retrain.files import Outcome
    from crosscontrast.jobs.job import Job, JobResult


class RetrainPage:
    """Wires the page.

    ``settings()`` returns model and device; ``on_models`` is called when the current version of a model has changed.
    """

    def __init__(
        self, ui: Any, needed: Path, settings: Callable[[], dict[str, Any]], on_models: Callable[[], None]
    ) -> None:
        self._ui = ui
        self._needed = needed
        self._settings = settings
        self._on_models = on_models
        self._dataset: Path | None = None
        self._folder: Path | None = None  # of the retraining whose figures are shown
        self._outcome: Outcome | None = None
        names = {"runButton": "retrainButton", "cancelButton": "retrainCancelButton"}
        names |= {"progressBar": "retrainProgressBar", "statusLabel": "retrainStatusLabel"}
        parts = SimpleNamespace(**{part: getattr(ui, name) for part, name in names.items()})
        self.controls = JobControls(parts, _("Retrain"), needed, self._make_job, self._take, True, self.update)
        ui.acceptButton.clicked.connect(self._accept)
        ui.keepButton.clicked.connect(self._keep)
        ui.rollBackButton.clicked.connect(self._roll_back)
        ui.reportButton.clicked.connect(self._open_report)
        ui.retrainStepsSpinBox.minimum, ui.retrainStepsSpinBox.maximum = FEWEST_STEPS, MOST_STEPS
        ui.retrainStepsSpinBox.valueChanged.connect(lambda _steps: self._tell_time())
        self.use(None)

    def use(self, dataset: Path | None) -> None:
        """Retrain on this dataset, ``None`` for none; the newest finished retraining on it is shown."""
        if dataset != self._dataset or dataset is None:
            self._dataset = dataset
            self._offer_steps()
            self._show(self._newest())
        self.update()

    def update(self) -> None:
        """Enable what can be done, and say why the rest cannot."""
        nothing = "" if self._dataset else _("Choose a correction dataset above.")
        tip = _("Train the model on the corrections; what was begun goes on. The current model stays as it is")
        self.controls.allow(nothing, tip)
        self._ui.retrainCancelButton.visible = self.controls.busy
        self._ui.retrainStepsSpinBox.enabled = not self.controls.busy
        self._tell_time()
        outcome, waiting = self._outcome, _("There is no candidate: press Retrain.")
        reason = waiting if outcome is None else _("It is the version {model}.").format(model=outcome.model)
        undecided = outcome is not None and outcome.model is None
        tip = _("Make the candidate the next and current version of the model")
        self._allow(self._ui.acceptButton, "" if undecided else reason, tip)
        aside = _("It is kept aside already.") if outcome is not None and outcome.kept_aside else ""
        tip = _("Leave the candidate in its folder and go on as before")
        self._allow(self._ui.keepButton, aside if undecided else reason, tip)
        self._allow(self._ui.reportButton, "" if outcome else waiting, _("Pictures and figures, in the browser"))
        before = self._version_before()
        oldest = _("The current model is its oldest version.")
        self._allow(
            self._ui.rollBackButton, "" if before else oldest, _("Make {model} the current one").format(model=before)
        )

    def close(self) -> None:
        """The module goes; what was trained is kept."""
        self.controls.close()

    def _allow(self, button: Any, reason: str, tip: str) -> None:
        button.enabled = not reason and not self.controls.busy
        button.toolTip = reason or tip

    def _newest(self) -> Path | None:
        if self._dataset is None or not requirements.are_installed(self._needed, torch=True):
            return None
        from crosscontrast.cord.correcting.retrainings import last_finished

        return last_finished(self._dataset)

    def _offer_steps(self) -> None:
        """Offer as many steps as what was begun has, so that it goes on."""
        plan = None
        if self._dataset and requirements.are_installed(self._needed, torch=True):
            from crosscontrast.cord.correcting.retrainings import begun

            plan = begun(self._dataset)
        self._ui.retrainStepsSpinBox.value = plan.settings.steps if plan else DEFAULT_STEPS

    def _tell_time(self) -> None:
        """Say how long the chosen steps will take, or that they go on."""
        text = ""
        if self._dataset and not self.controls.busy and requirements.are_installed(self._needed, torch=True):
            from crosscontrast.cord.correcting.retrainings import expected_time, plan_of, retraining_folder

            steps = self._ui.retrainStepsSpinBox.value
            text = _("{steps} steps take {time}.").format(steps=steps, time=expected_time(self._dataset, steps))
            if plan_of(retraining_folder(self._dataset, self._settings()["model"], steps)):
                text = _("Goes on with what was begun; all {text}").format(text=text)
        self._ui.retrainStepsSpinBox.toolTip = text or _("How long to train")
        self._ui.retrainTimeLabel.visible = bool(text)
        self._ui.retrainTimeLabel.text = text

    def _make_job(self, folder: Path) -> "Job":
        from crosscontrast.cord.correcting.retrainings import plan_of, retraining_folder
        from crosscontrast.cord.retrain.jobs import RetrainCord
        from crosscontrast.cord.retrain.settings import RetrainSettings

        assert self._dataset
        chosen = self._settings()
        steps = self._ui.retrainStepsSpinBox.value
        self._folder = retraining_folder(self._dataset, chosen["model"], steps)
        settings = None if plan_of(self._folder) else RetrainSettings(steps=steps)
        return RetrainCord(
            dataset=self._dataset,
            out=self._folder,
            base=chosen["model"],
            settings=settings,
            accept=False,
            device=chosen["device"],
        )

    def _take(self, result: "JobResult") -> None:
        self._show(self._folder)

    def _show(self, folder: Path | None) -> None:
        self._folder, self._outcome = folder, None
        if folder:
            from crosscontrast.cord.correcting.retrainings import outcome_of

            self._outcome = outcome_of(folder)
        self._ui.retrainTable.visible = self._outcome is not None
        self._ui.retrainLabel.text = _("Trains the model on the corrections and on generated images, then measures it.")
        if self._outcome:
            self._fill(self._outcome)
        self.update()

    def _fill(self, outcome: "Outcome") -> None:
        from crosscontrast.cord.correcting.deciding import figure_rows

        rows = [astuple(row) for row in figure_rows(outcome.figures)]
        titles = [_("On the test subjects"), _("Before"), _("After"), _("Difference (95 %)"), _("Subjects")]
        fill(self._ui.retrainTable, titles, rows)
        if outcome.model:
            text = _("Accepted as {model}.").format(model=outcome.model)
        elif outcome.kept_aside:
            text = _("The candidate is kept aside in {folder}.").format(folder=self._folder)
        elif outcome.verdict.passed:
            text = _("The candidate keeps to all limits. Accept it?")
        else:
            text = _("Against the candidate: {reasons}").format(reasons=" ".join(outcome.verdict.reasons))
        self._ui.retrainLabel.text = text

    def _accept(self) -> None:
        from crosscontrast.cord.retrain.run import accept

        folder = self._folder
        assert folder
        assert self._outcome
        passed = self._outcome.verdict.passed
        question = _("The candidate does not keep to the limits:\n{reasons}\nAccept it all the same?")
        text = question.format(reasons="\n".join(self._outcome.verdict.reasons))
        if passed or slicer.util.confirmYesNoDisplay(text):
            self._change(lambda: accept(folder, anyway=not passed))

    def _keep(self) -> None:
        from crosscontrast.cord.retrain.run import keep_aside

        folder = self._folder
        assert folder
        self._change(lambda: keep_aside(folder))

    def _roll_back(self) -> None:
        from crosscontrast.models.library import ModelLibrary

        before = self._version_before()
        self._change(lambda: ModelLibrary().rollback(before.name, before.version) if before else None)

    def _change(self, change: Callable[[], Any]) -> None:
        try:
            with slicer.util.WaitCursor():
                change()
        except CrossContrastError as error:
            show_error(error, _("Retrain"))
        self._on_models()
        self._show(self._folder)

    def _version_before(self) -> Any | None:
        """Return the version that rolling back makes current; ``None`` where there is none."""
        if not requirements.are_installed(self._needed):
            return None
        from crosscontrast.cord.correcting.deciding import version_before

        return version_before(self._settings()["model"])

    def _open_report(self) -> None:
        from crosscontrast.cord.retrain.files import RetrainFiles

        assert self._folder
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(RetrainFiles(self._folder).report)))
