"""Showing soft segmentations over an image in the slice views."""

from collections.abc import Sequence
from math import ceil
from typing import Any

from crosscontrast.scene.colours import SOFT_PALETTES, doubt_table, soft_table
from crosscontrast.scene.layers import set_layer_opacity, show_layers, shown_layers, slice_views
from crosscontrast.scene.legend import hide_legend, short_title, show_legend

#: Attribute of the volume nodes that are soft maps, so that a selector can offer no others.
SOFT_MAP = "CrossContrast.SoftMap"
#: Names of structures up to this length leave room in a legend's title for "share".
_SHORT = 6
#: The colours of a standard deviation end at a multiple of this.
_DOUBT_STEP = 0.05


def show_soft_map(
    scene: Any, soft: Any, background: Any | None, threshold: float, opacity: float, *, what: str = "cord"
) -> None:
    """Show the soft map ``soft`` (values 0 to 1) alone over ``background`` in all slice views.

    Values below ``threshold`` are not drawn; ``opacity`` in [0, 1] is that of the whole layer, because slice views
    ignore the transparency of a colour table.
    """
    show_soft_maps(scene, [soft], background, threshold, opacity, what=what)


def show_soft_maps(
    scene: Any,
    maps: Sequence[Any],
    background: Any | None,
    threshold: float,
    opacity: float,
    *,
    what: str = "cord",
    legends: bool = True,
) -> list[Any]:
    """Show several soft maps at once, each with its own hue, the last on top.

    Each has a colour legend, unless ``legends`` is false: a single map's says that it is the share of ``what``, those
    of several name them. Returns those that the slice views can show: all, or where they have no further layers the
    last one only.
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
    titles = _titles(shown) if len(shown) > 1 else [f"{what} share" if len(what) <= _SHORT else what]
    for number, soft in enumerate(shown):
        # The map on top is named above.
        row = len(shown) - 1 - number
        if legends:
            show_legend(soft, titles[number], row=row, rows=len(shown), further_layer=number > 0)
        else:
            hide_legend(soft)
    for volume in before - set(shown):
        if volume.GetAttribute(SOFT_MAP):
            hide_legend(volume)
    return shown


def paint_doubt(spread: Any) -> None:
    """Give a map of standard deviations colours of its own, up to the largest that is there, in steps of .05."""
    display = spread.GetDisplayNode()
    display.SetAndObserveColorNodeID(doubt_table(spread.GetScene()).GetID())
    top = max(1, ceil(spread.GetImageData().GetScalarRange()[1] / _DOUBT_STEP - 1e-6)) * _DOUBT_STEP
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0.0, top)
    display.AutoThresholdOff()
    display.SetThreshold(0.02, max(top, spread.GetImageData().GetScalarRange()[1]))
    display.ApplyThresholdOn()


def _titles(maps: Sequence[Any]) -> list[str]:
    """Return short titles of which no two are alike."""
    titles = [short_title(soft.GetName()) for soft in maps]
    if len(set(titles)) == len(titles):
        return titles
    return [f"{title[:9]} {number}" for number, title in enumerate(titles, 1)]


def mark_soft_map(soft: Any) -> None:
    """Let selectors offer ``soft`` as a soft map; it gets a display node if it has none."""
    soft.SetAttribute(SOFT_MAP, "1")
    if soft.GetDisplayNode() is None:
        soft.CreateDefaultDisplayNodes()


def is_soft_map(node: Any) -> bool:
    """Whether a volume node is a soft map, and so no image to work on."""
    return bool(node.GetAttribute(SOFT_MAP) == "1")


def set_threshold(soft: Any, threshold: float) -> None:
    """Draw the values from ``threshold`` up; a value of exactly 0 is background at any threshold."""
    display = soft.GetDisplayNode()
    display.AutoThresholdOff()
    display.SetThreshold(max(threshold, 1e-3), 1.0)
    display.ApplyThresholdOn()


def set_smooth(soft: Any, smooth: bool) -> None:
    """Draw a map interpolated between its voxels, or each voxel as it is: then a painted one looks painted."""
    if soft.GetDisplayNode() is not None:
        soft.GetDisplayNode().SetInterpolate(smooth)


def set_opacity(scene: Any, soft: Any, opacity: float) -> None:
    """Set the opacity of the layer in the slice views that show ``soft``."""
    set_layer_opacity(scene, soft, opacity)
