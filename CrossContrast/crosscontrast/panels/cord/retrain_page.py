"""The page that retrains the model on the corrections and lets a person decide about the candidate."""

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.cord.retrain.steps import FEWEST_STEPS, MOST_STEPS
from crosscontrast.desk.retrain import Retrainer
from crosscontrast.errors import CrossContrastError
from crosscontrast.panels import requirements
from crosscontrast.panels.cord.csa_page import fill
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.panels.messages import show_error


class RetrainPage:
    """Binds the page to a :class:`Retrainer`.

    ``settings()`` returns model and device; ``on_models`` is called when the current version of a model has changed.
    """

    def __init__(
        self, ui: Any, needed: Path, settings: Callable[[], dict[str, Any]], on_models: Callable[[], None]
    ) -> None:
        self._ui = ui
        self._settings = settings
        names = {"runButton": "retrainButton", "cancelButton": "retrainCancelButton"}
        names |= {"progressBar": "retrainProgressBar", "statusLabel": "retrainStatusLabel"}
        parts = SimpleNamespace(**{part: getattr(ui, name) for part, name in names.items()})
        self.controls = JobControls(parts, _("Retrain"), needed, on_busy=self.update)
        self.desk = Retrainer(
            self.controls,
            no_dataset=_("Choose a correction dataset above."),
            ready=lambda: requirements.are_installed(needed, torch=True),
        )
        self.desk.models.append(on_models)
        self.desk.state.append(self._on_state)
        ui.retrainButton.clicked.connect(self._run)
        ui.acceptButton.clicked.connect(self._accept)
        ui.keepButton.clicked.connect(lambda: self._decide(self.desk.keep))
        ui.rollBackButton.clicked.connect(lambda: self._decide(self.desk.roll_back))
        ui.reportButton.clicked.connect(self._open_report)
        ui.retrainStepsSpinBox.minimum, ui.retrainStepsSpinBox.maximum = FEWEST_STEPS, MOST_STEPS
        ui.retrainStepsSpinBox.valueChanged.connect(self._on_steps)
        self.use(None)

    def use(self, dataset: Path | None) -> None:
        """Retrain on this dataset, ``None`` for none; the newest finished retraining on it is shown."""
        self._fill_in()
        self.desk.use(dataset)
        self.update()

    def update(self) -> None:
        """Enable what can be done, and say why the rest cannot."""
        ui, desk, busy = self._ui, self.desk, self.controls.busy
        self._fill_in()
        tip = _("Train the model on the corrections; what was begun goes on. The current model stays as it is")
        self.controls.allow(desk.why_not(), tip)
        ui.retrainCancelButton.visible = busy
        ui.retrainStepsSpinBox.enabled = not busy
        self._tell_time()
        for button, reason, tip in (
            (
                ui.acceptButton,
                desk.why_not_accept(),
                _("Make the candidate the next and current version of the model"),
            ),
            (ui.keepButton, desk.why_not_keep(), _("Leave the candidate in its folder and go on as before")),
            (ui.reportButton, desk.why_not_report(), _("Pictures and figures, in the browser")),
            (
                ui.rollBackButton,
                desk.why_not_roll_back(),
                _("Make {model} the current one").format(model=desk.before()),
            ),
        ):
            button.enabled = not reason
            button.toolTip = reason or tip

    def close(self) -> None:
        """The module goes; what was trained is kept."""
        self.controls.close()

    def _fill_in(self) -> None:
        chosen = self._settings()
        self.desk.model, self.desk.device = chosen["model"], chosen["device"]

    def _on_steps(self, steps: int) -> None:
        self.desk.steps = steps
        self._tell_time()

    def _tell_time(self) -> None:
        """Say how long the chosen steps will take, or that they go on."""
        desk = self.desk
        time = "" if self.controls.busy else desk.expected()
        text = _("{steps} steps take {time}.").format(steps=desk.steps, time=time) if time else ""
        if text and desk.goes_on():
            text = _("Goes on with what was begun; all {text}").format(text=text)
        self._ui.retrainStepsSpinBox.toolTip = text or _("How long to train")
        self._ui.retrainTimeLabel.visible = bool(text)
        self._ui.retrainTimeLabel.text = text

    def _run(self) -> None:
        self._fill_in()
        question = self.desk.question()
        if not question or slicer.util.confirmYesNoDisplay(question):
            self.desk.run(freeze=bool(question))

    def _on_state(self) -> None:
        ui, desk = self._ui, self.desk
        ui.retrainStepsSpinBox.value = desk.steps
        ui.retrainTable.visible = desk.outcome is not None
        ui.retrainLabel.text = _("Trains the model on the corrections and on generated images, then measures it.")
        if desk.outcome:
            titles = [_("On the test subjects"), _("Before"), _("After"), _("Difference (95 %)"), _("Subjects")]
            fill(ui.retrainTable, titles, [astuple(row) for row in desk.rows()])
            ui.retrainLabel.text = desk.decision() or self._verdict(desk.outcome.verdict.reasons)
        self.update()

    def _verdict(self, reasons: list[str]) -> str:
        if self.desk.must_ask():
            return _("Against the candidate: {reasons}").format(reasons=" ".join(reasons))
        return _("The candidate keeps to all limits. Accept it?")

    def _accept(self) -> None:
        if self.desk.must_ask() and self.desk.outcome:
            question = _("The candidate does not keep to the limits:\n{reasons}\nAccept it all the same?")
            if not slicer.util.confirmYesNoDisplay(
                question.format(reasons="\n".join(self.desk.outcome.verdict.reasons))
            ):
                return
        self._decide(lambda: self.desk.accept(anyway=self.desk.must_ask()))

    def _decide(self, decide: Callable[[], None]) -> None:
        self._fill_in()
        try:
            with slicer.util.WaitCursor():
                decide()
        except CrossContrastError as error:
            show_error(error, _("Retrain"))

    def _open_report(self) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self.desk.report())))
