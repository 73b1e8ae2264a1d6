"""The page that translates a volume."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.desk.translate import Translator
from crosscontrast.errors import CrossContrastError
from crosscontrast.panels import requirements
from crosscontrast.panels.choices import device_of
from crosscontrast.panels.messages import show_error
from crosscontrast.panels.synthesis.compare_box import CompareBox
from crosscontrast.panels.synthesis.gate_view import GateView
from crosscontrast.panels.synthesis.model_box import ModelBox
from crosscontrast.panels.synthesis.view_words import ViewWords
from crosscontrast.scene.results import load_image

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job
    from crosscontrast.synthesis.jobs import TranslateImageResult


class TranslatePage:
    """Binds the page to a :class:`Translator`. ``logic`` is the module's, ``controls()`` its controls of jobs, and

    ``changed()`` is told of choices.
    """

    def __init__(
        self, ui: Any, needed: Path, logic: Any, controls: Callable[[], Any], changed: Callable[[], None]
    ) -> None:
        self.action = _("Translate")
        self.source = ""
        self._ui, self._needed, self._logic, self._changed = ui, needed, logic, changed
        self._parameters: Any = None
        self.desk = Translator(
            busy=lambda: False,  # Run is grey by itself while work is under way
            ready=lambda: requirements.are_installed(needed),
            no_image=_("Choose a source volume, or load the sample."),
            no_model=_("The library has no model for translation; add one in the module CrossContrast."),
        )
        self._choosing = ModelBox(ui, self.desk, self._on_choice)
        self._comparing = CompareBox(ui, self.desk, controls)
        self.gate = GateView(ui.translateTab)
        self.words = ViewWords()
        ui.sampleButton.clicked.connect(self._on_sample)

    def refresh(self, parameters: Any) -> None:
        """Read which models there are."""
        self.desk.refresh()

    def update(self, parameters: Any) -> None:
        """Follow the parameters, and say what can be said before the work begins."""
        self._parameters = parameters
        self._follow(parameters)
        self._choosing.update()
        self._comparing.update(parameters)
        reason = self.desk.why_not_sample()
        self._ui.sampleButton.enabled = not reason
        self._ui.sampleButton.toolTip = reason or _("Load an image that this model can be tried with")
        self.gate.show(self.desk.result)
        self.words.follow()

    def reason(self, parameters: Any) -> str:
        """Say why nothing can be translated; empty where it can."""
        self._follow(parameters)
        return self.desk.why_not()

    def make_job(self, parameters: Any, folder: Path) -> "Job":
        """Make the job ``image.translate``."""
        self._follow(parameters)
        self.source = parameters.inputVolume.GetID()
        return self.desk.job(self._logic.writeInput(parameters, folder), folder)

    def take(self, parameters: Any, result: "TranslateImageResult") -> None:
        """Show the translated image beside its source."""
        self._logic.show(parameters, slicer.mrmlScene.GetNodeByID(self.source), result)
        self._ui.errorLabel.text = ""
        self.update(parameters)
        if not self.desk.why_not_compare():
            self._comparing.side_by_side()

    def close(self) -> None:
        """Stop blinking, and write nothing into the views any more."""
        self._comparing.close()
        self.words.release()

    def _follow(self, parameters: Any) -> None:
        desk = self.desk
        desk.image, desk.result, desk.target = (
            parameters.inputVolume,
            parameters.outputVolume,
            parameters.targetVolume,
        )
        desk.chosen, desk.chosen_output = parameters.model, parameters.output
        desk.device, desk.uncertainty = device_of(parameters.device), parameters.uncertainty

    def _on_choice(self) -> None:
        if self._parameters:
            self._parameters.model, self._parameters.output = self.desk.chosen, self.desk.chosen_output
            self._changed()

    def _on_sample(self) -> None:
        """Load the sample of the model: the image becomes the source, and the real one what the result is held to."""
        parameters = self._parameters
        try:
            requirements.install(self._needed, _("Synthesis"), torch=False)
            self.desk.refresh()
            with slicer.util.WaitCursor():
                image, target = (load_image(slicer.mrmlScene, path) for path in self.desk.sample())
        except CrossContrastError as error:
            show_error(error, _("Synthesis"))
            return
        parameters.inputVolume, parameters.targetVolume = image, target
        parameters.outputVolume = parameters.uncertaintyVolume = None
        self._logic.display(image)
