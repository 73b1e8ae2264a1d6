"""The page that shows what a layer of one or two networks makes of a volume."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.errors import CrossContrastError
from crosscontrast.panels.choices import ModelChoice, device_of
from crosscontrast.panels.messages import show_error
from crosscontrast.panels.pictures import show_picture
from crosscontrast.scene.comparison import set_overlay
from crosscontrast.scene.volumes import read_volume

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job
    from crosscontrast.synthesis.jobs import FeatureMapsResult


class FeaturesPage:
    """Wires the two models and the layer. ``logic`` is the module's."""

    def __init__(self, ui: Any, needed: Path, logic: Any) -> None:
        self.action = _("Show feature maps")
        self.source = ""
        self._ui, self._logic = ui, logic
        self.model, self.other = (
            ModelChoice(box, "translation", needed) for box in (ui.featureModelComboBox, ui.otherModelComboBox)
        )
        ui.listLayersButton.clicked.connect(self._on_list_layers)

    def refresh(self, parameters: Any) -> None:
        """Read which models there are."""
        self.model.refresh("")
        self.other.refresh("")

    def update(self, parameters: Any) -> None:
        """Layers can be listed where there is a model, and else Run says that there is none."""
        self._ui.listLayersButton.enabled = bool(self.model.model)

    def reason(self, parameters: Any) -> str:
        """Say why nothing can be shown; empty where it can."""
        return self.model.problem if parameters.inputVolume else _("Choose a source volume.")

    def make_job(self, parameters: Any, folder: Path) -> "Job":
        """Make the job ``synth.features``."""
        from crosscontrast.synthesis.jobs import ShowFeatureMaps

        models = list(dict.fromkeys([self.model.model, self.other.model]))
        self.source = parameters.inputVolume.GetID()
        return ShowFeatureMaps(
            image=self._logic.writeInput(parameters, folder),
            out=folder,
            models=tuple(models),
            layer=str(self._ui.layerComboBox.currentData or ""),
            device=device_of(parameters.device),
        )

    def take(self, parameters: Any, result: "FeatureMapsResult") -> None:
        """Load the first model's maps as volumes, show the first over the source, and the picture of all."""
        source = slicer.mrmlScene.GetNodeByID(self.source)
        paths = next(iter(result.maps.values()))
        nodes = [read_volume(slicer.mrmlScene, p, f"{result.layer} {n}") for n, p in enumerate(paths, 1)]
        set_overlay(slicer.mrmlScene, source, nodes[0], 0.7)
        show_picture(self._ui.featuresLabel, result.picture)

    def close(self) -> None:
        """Nothing is left running."""

    def _on_list_layers(self) -> None:
        """Fill in the layers of the model."""
        from crosscontrast.models.find import find_model
        from crosscontrast.synthesis.feature_maps import layers

        try:
            known = layers(find_model(self.model.model, "translation"))
        except CrossContrastError as error:
            show_error(error, _("Synthesis"))
            return
        self._ui.layerComboBox.clear()
        for name, count in known.items():
            self._ui.layerComboBox.addItem(f"{name} ({count})", name)
