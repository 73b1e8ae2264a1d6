"""The page that segments with the help of a translation, and on which a person corrects what came out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.errors import ModelError
from crosscontrast.panels.choices import ModelChoice, device_of
from crosscontrast.panels.correct_page import CorrectPage
from crosscontrast.panels.synthesis.save_box import SaveBox
from crosscontrast.scene.results import load_soft_map
from crosscontrast.scene.soft_map import show_soft_map

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job
    from crosscontrast.synthesis.segmentation.jobs import SegmentImageResult


class SegmentPage:
    """Wires models, the soft map of each class, its correction and the dataset. ``logic`` is the module's."""

    def __init__(self, ui: Any, needed: Path, logic: Any, panel: str) -> None:
        self.action = _("Segment")
        self.source = ""
        self._ui, self._logic = ui, logic
        self._parameters: Any = None
        self._maps: dict[str, str] = {}  # class -> ID of its soft map
        self.segmenters = ModelChoice(ui.segmentModelComboBox, "segmentation", needed)
        self.translators = ModelChoice(ui.translatorComboBox, "translation", needed)
        self.correcting = CorrectPage(ui, lambda _box: None, panel, "")
        self.saving = SaveBox(ui, needed, self.correcting)
        self.correcting.onState = self.saving.update
        ui.classComboBox.currentIndexChanged.connect(self._on_class)

    def refresh(self, parameters: Any) -> None:
        """Read which models there are."""
        self.segmenters.refresh("")
        self.translators.refresh("")

    def update(self, parameters: Any) -> None:
        """Follow the choice of a soft map."""
        self._parameters = parameters
        if parameters:
            self.correcting.use(parameters)

    def reason(self, parameters: Any) -> str:
        """Say why nothing can be segmented; empty where it can."""
        return self.segmenters.problem if parameters.inputVolume else _("Choose a source volume.")

    def make_job(self, parameters: Any, folder: Path) -> "Job":
        """Make the job ``synth.segment``; the translator is used where the model needs further inputs."""
        from crosscontrast.synthesis.models import translators_needed
        from crosscontrast.synthesis.segmentation.jobs import SegmentImage

        model, translator = self.segmenters.model, self.translators.model
        count = translators_needed(model)
        if count and not translator:
            raise ModelError(_("The model needs a translator, and the library has none."))
        self.source = parameters.inputVolume.GetID()
        image = self._logic.writeInput(parameters, folder)
        device = device_of(parameters.device)
        return SegmentImage(image=image, out=folder, model=model, translators=(translator,) * count, device=device)

    def take(self, parameters: Any, result: "SegmentImageResult") -> None:
        """Load the soft map of each class and the label map, and show the first class."""
        from crosscontrast.ground.provenance import Provenance

        source, provenance = slicer.mrmlScene.GetNodeByID(self.source), Provenance.read(result.sidecar)
        model = provenance.model if provenance else None
        self._logic.loadLabels(source, result)
        maps = {
            name: load_soft_map(slicer.mrmlScene, path, f"{path.name.removesuffix('.nii.gz')}", source, model=model)
            for name, path in result.soft.items()
        }
        self._maps = {name: node.GetID() for name, node in maps.items()}
        blocked = self._ui.classComboBox.blockSignals(True)
        self._ui.classComboBox.clear()
        for name in self._maps:
            self._ui.classComboBox.addItem(name)
        self._ui.classComboBox.blockSignals(blocked)
        self._choose(parameters)

    def enter(self) -> None:
        """The module is opened."""
        self.correcting.enter()
        self.saving.look()

    def leave(self) -> None:
        """The module is left."""
        self.correcting.leave()

    def forget(self) -> None:
        """Hold no node of a scene that is about to close."""
        self.saving.controls.cancel()
        self.correcting.close()
        self._maps = {}
        self._ui.classComboBox.clear()

    def close(self) -> None:
        """The module goes."""
        self.correcting.shut()
        self.saving.close()

    def _on_class(self) -> None:
        if not self._parameters:
            return
        question = _("The correction is not saved. Go on without it?")
        if self.correcting.unsaved and not slicer.util.confirmYesNoDisplay(question):
            blocked = self._ui.classComboBox.blockSignals(True)
            self._ui.classComboBox.setCurrentText(self.correcting.desk.segment)
            self._ui.classComboBox.blockSignals(blocked)
            return
        self._choose(self._parameters)

    def _choose(self, parameters: Any) -> None:
        """Show the soft map of the class over the source and let it be the one that is corrected."""
        name = self._ui.classComboBox.currentText
        node = slicer.mrmlScene.GetNodeByID(self._maps[name]) if name in self._maps else None
        self.correcting.end()
        self.correcting.desk.segment = name
        parameters.softMap = node
        if node:
            source = slicer.mrmlScene.GetNodeByID(self.source)
            show_soft_map(slicer.mrmlScene, node, source, parameters.threshold, parameters.opacity, what=name)
