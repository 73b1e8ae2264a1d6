"""Showing soft segmentations over an image in the slice views."""

from collections.abc import Sequence
from typing import Any

from crosscontrast.scene.colours import SOFT_PALETTES, soft_table
from crosscontrast.scene.layers import set_layer_opacity, show_layers, shown_layers, slice_views
from crosscontrast.scene.legend import hide_legend, show_legend

#: Attribute of the volume nodes that are soft maps, so that a selector can offer no others.
SOFT_MAP = "CrossContrast.SoftMap"


def show_soft_map(scene: Any, soft: Any, background: Any | None, threshold: float, opacity: float) -> None:
    """Show the soft map ``soft`` (values 0 to 1) alone over ``background`` in all slice views.

    Values below ``threshold`` are not drawn; ``opacity`` in [0, 1] is that of the whole layer, because slice views
    ignore the transparency of a colour table.
    """
    show_soft_maps(scene, [soft], background, threshold, opacity)


def show_soft_maps(
    scene: Any, maps: Sequence[Any], background: Any | None, threshold: float, opacity: float
) -> list[Any]:
    """Show several soft maps at once, each with its own hue, the last on top.

    Each has a colour legend in the slice views, which with several maps names it. Returns those that the slice views
    can show: all, or where they have no further layers the last one only.
    """
    palettes = list(SOFT_PALETTES)
    before = {layer for view in slice_views(scene) for layer in shown_layers(view)}
    # The one on top keeps the first palette, whatever lies below it.
    for number, soft in enumerate(reversed(maps)):
        mark_soft_map(soft)
        display = soft.GetDisplayNode()
        display.SetAndObserveColorNodeID(soft_table(scene, palettes[number % len(palettes)]).GetID())
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(0.0, 1.0)
        set_threshold(soft, threshold)
    shown = show_layers(scene, background, maps, opacity)
    for number, soft in enumerate(shown):
        title = soft.GetName() if len(shown) > 1 else "cord share"
        # The map on top is named above.
        show_legend(soft, title, row=len(shown) - 1 - number, rows=len(shown), further_layer=number > 0)
    for volume in before - set(shown):
        if volume.GetAttribute(SOFT_MAP):
            hide_legend(volume)
    return shown


def mark_soft_map(soft: Any) -> None:
    """Let selectors offer ``soft`` as a soft map; it gets a display node if it has none."""
    soft.SetAttribute(SOFT_MAP, "1")
    if soft.GetDisplayNode() is None:
        soft.CreateDefaultDisplayNodes()


def set_threshold(soft: Any, threshold: float) -> None:
    """Draw the values from ``threshold`` up; a value of exactly 0 is background at any threshold."""
    display = soft.GetDisplayNode()
    display.AutoThresholdOff()
    display.SetThreshold(max(threshold, 1e-3), 1.0)
    display.ApplyThresholdOn()


def set_opacity(scene: Any, soft: Any, opacity: float) -> None:
    """Set the opacity of the layer in the slice views that show ``soft``."""
    set_layer_opacity(scene, soft, opacity)
