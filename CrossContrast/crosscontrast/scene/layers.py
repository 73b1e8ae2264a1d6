"""The layers of the slice views: what lies over the image, in which order and how opaque.

Slice views know a background, a foreground and a label layer, and since 2025 any number of further ones
(``SetNthLayerVolume``). Where those are missing, only one map can be shown, in the foreground.
"""

from collections.abc import Sequence
from typing import Any

#: Indices of the layers above the background: the foreground, then those behind the label layer, which is number 2.
_FOREGROUND, _FIRST_MORE = 1, 3


def slice_views(scene: Any) -> list[Any]:
    """Return the nodes (``vtkMRMLSliceCompositeNode``) that say what each slice view of ``scene`` shows."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode") for index in range(count)]


def show_layers(scene: Any, background: Any | None, maps: Sequence[Any], opacity: float) -> list[Any]:
    """Show ``maps`` over ``background`` in all slice views, the last on top, and return those that could be shown.

    ``background`` ``None`` leaves the views' backgrounds alone. Maps that were shown before and are not named go.
    """
    shown: list[Any] = []
    for view in slice_views(scene):
        if background is not None:
            view.SetBackgroundVolumeID(background.GetID())
        several = hasattr(view, "SetNthLayerVolumeID")
        shown = list(maps) if several else list(maps)[-1:]
        if several:
            for index in range(view.GetNumberOfAdditionalLayers() - 1, max(len(shown) - 2, -1), -1):
                view.SetNthLayerVolumeID(_FIRST_MORE + index, None)
        if not shown:
            view.SetForegroundVolumeID(None)
        for index, volume in zip(_indices(len(shown)), shown, strict=True):
            _set_layer(view, index, volume, opacity)
    return shown


def shown_layers(view: Any) -> list[Any]:
    """Return the volume nodes that one slice view shows over its background, from below; not its label layer."""
    scene = view.GetScene()
    more = view.GetNumberOfAdditionalLayers() if hasattr(view, "GetNumberOfAdditionalLayers") else 0
    ids = [view.GetForegroundVolumeID(), *(view.GetNthLayerVolumeID(_FIRST_MORE + index) for index in range(more))]
    return [scene.GetNodeByID(identifier) for identifier in ids if identifier]


def set_layer_opacity(scene: Any, volume: Any, opacity: float) -> None:
    """Set the opacity, in [0, 1], of ``volume`` in the slice views that show it over their background."""
    for view in slice_views(scene):
        for index, layer in zip(_indices(len(shown_layers(view))), shown_layers(view), strict=True):
            if layer is volume:
                _set_opacity(view, index, opacity)


def _indices(count: int) -> list[int]:
    return [_FOREGROUND, *range(_FIRST_MORE, _FIRST_MORE + count - 1)][:count]


def _set_layer(view: Any, index: int, volume: Any, opacity: float) -> None:
    if index == _FOREGROUND:
        view.SetForegroundVolumeID(volume.GetID())
    else:
        view.SetNthLayerVolumeID(index, volume.GetID())
    _set_opacity(view, index, opacity)


def _set_opacity(view: Any, index: int, opacity: float) -> None:
    if index == _FOREGROUND:
        view.SetForegroundOpacity(opacity)
    else:
        view.SetNthLayerOpacity(index, opacity)
