"""Colour tables made in code, because tables that Slicer reads from files are absent outside Slicer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Colour = tuple[float, float, float]

#: For soft maps. Lightness grows with the value, so that it can be read from any of them; each has a hue of its own, so
#: that several maps can be told apart where they are shown at once. The first is the one for a single map.
SOFT_PALETTES: Mapping[str, Sequence[Colour]] = {
    "fire": ((0.16, 0.04, 0.33), (0.47, 0.11, 0.43), (0.93, 0.41, 0.15), (0.99, 1.0, 0.64)),
    "ice": ((0.03, 0.12, 0.34), (0.08, 0.36, 0.62), (0.25, 0.68, 0.86), (0.86, 0.98, 1.0)),
    "moss": ((0.02, 0.20, 0.13), (0.08, 0.43, 0.24), (0.42, 0.74, 0.30), (0.95, 1.0, 0.75)),
    "rose": ((0.25, 0.02, 0.19), (0.58, 0.10, 0.42), (0.90, 0.42, 0.66), (1.0, 0.90, 0.95)),
}
#: For how sure a model was: a hue that no soft map has, so that it is not taken for another contrast.
DOUBT = ((0.14, 0.06, 0.30), (0.36, 0.22, 0.68), (0.66, 0.54, 0.95), (0.96, 0.94, 1.0))
_STEPS = 256


def soft_table(scene: Any, palette: str = "fire") -> Any:
    """Return the table of ``scene`` that paints soft values from 0 to 1 with one of :data:`SOFT_PALETTES`."""
    return _ramp(scene, f"CrossContrast soft {palette}", SOFT_PALETTES[palette])


def doubt_table(scene: Any) -> Any:
    """Return the table of ``scene`` that paints standard deviations with :data:`DOUBT`."""
    return _ramp(scene, "CrossContrast doubt", DOUBT)


def _ramp(scene: Any, name: str, stops: Sequence[Colour]) -> Any:
    table = scene.GetFirstNodeByName(name)
    if table is not None:
        return table
    values = np.linspace(0, 1, _STEPS)
    channels = [np.interp(values, np.linspace(0, 1, len(stops)), channel) for channel in zip(*stops, strict=True)]
    colours = list(zip(*channels, strict=True))
    return _add(scene, name, [(f"{value:.2f}", (*colour, 1.0)) for value, colour in zip(values, colours, strict=True)])


def label_table(scene: Any, name: str, labels: Sequence[tuple[str, Colour]]) -> Any:
    """Return the table ``name`` of ``scene`` for label 1, 2, ...; label 0 is background and not drawn."""
    table = scene.GetFirstNodeByName(name)
    if table is not None:
        return table
    entries = [("unchanged", (0.0, 0.0, 0.0, 0.0)), *((text, (*colour, 1.0)) for text, colour in labels)]
    return _add(scene, name, entries)


def _add(scene: Any, name: str, entries: Sequence[tuple[str, tuple[float, ...]]]) -> Any:
    table = scene.CreateNodeByClass("vtkMRMLColorTableNode")
    table.UnRegister(None)
    table.SetTypeToUser()
    table.SetName(name)
    table.SetNumberOfColors(len(entries))
    for index, (text, colour) in enumerate(entries):
        table.SetColor(index, text, *colour)
    return scene.AddNode(table)
