"""The page that shows soft maps over their images."""

from typing import Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.scene.layers import set_layer_opacity, show_layers
from crosscontrast.scene.legend import hide_legend, show_legend
from crosscontrast.scene.results import soft_maps, source_of, uncertainty_of
from crosscontrast.scene.soft_map import paint_doubt, set_threshold, show_soft_maps

#: The legend of the uncertainty stands at the left, away from those of the maps and of the difference.
_LEFT = 6


class DisplayPage:
    """Shows what the parameters ask for: the soft map at hand, alone or with the others, and its uncertainty.

    Moving a slider only sets a number of the display; the layers are laid anew when other maps are asked for.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._shown: list[str] = []

    def show(self, parameters: Any) -> None:
        """Bring the slice views in line with the parameters."""
        known = uncertainty_of(parameters.softMap) if parameters.softMap else None
        tip = _("Where the model was not sure: the standard deviation of the soft value")
        self._ui.showUncertaintyCheckBox.enabled = known is not None
        self._ui.showUncertaintyCheckBox.toolTip = tip if known else _("Run with Uncertainty ticked to have it.")
        if parameters.softMap is None:
            self._shown = []
            return
        maps = self.maps(parameters)
        spread = known if parameters.showUncertainty else None
        layers = [*maps, spread] if spread else maps
        wanted = [*(layer.GetID() for layer in layers), "legends" if parameters.legends else ""]
        if wanted != self._shown:
            background = source_of(parameters.softMap) or parameters.inputVolume
            show_soft_maps(
                slicer.mrmlScene,
                maps,
                background,
                parameters.threshold,
                parameters.opacity,
                legends=parameters.legends,
            )
            for other in map(uncertainty_of, soft_maps(slicer.mrmlScene)):
                if other is not None:
                    hide_legend(other)
            if spread:
                paint_doubt(spread)
                show_layers(slicer.mrmlScene, background, layers, parameters.opacity)
            if spread and parameters.legends:
                show_legend(spread, _("uncertainty"), column=_LEFT, further_layer=True)
            self._shown = wanted
        for soft in maps:
            set_threshold(soft, parameters.threshold)
        for layer in layers:
            set_layer_opacity(slicer.mrmlScene, layer, parameters.opacity)

    def maps(self, parameters: Any) -> list[Any]:
        """Return the soft maps that are asked for, the one at hand last, which is on top."""
        if parameters.softMap is None:
            return []
        others = soft_maps(slicer.mrmlScene) if parameters.allMaps else []
        return [*(other for other in others if other is not parameters.softMap), parameters.softMap]

    def forget(self) -> None:
        """Lay the layers anew next time, whatever is shown now."""
        self._shown = []
