"""Legends in the views whose letters have the size that they were given."""

from typing import Any

import slicer

_MANAGER = "vtkMRMLColorLegendDisplayableManager"


def keep_font_sizes() -> None:
    """Let the letters of all legends keep their size.

    Slicer (5.12) has no setting for it: it draws title and numbers as large as fits into the legend, and so the larger
    the shorter the title. What draws a legend in a view can be told, and remembers it as long as the legend lives.
    """
    layouts: Any = slicer.app.layoutManager()
    legends = slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")
    for name in layouts.sliceViewNames() if layouts is not None and legends else ():
        view = layouts.sliceWidget(name).sliceView()
        manager = view.displayableManagerByClassName(_MANAGER)
        for legend in legends if manager is not None else ():
            actor = manager.GetColorLegendActor(legend)
            if actor is not None and not actor.GetUnconstrainedFontSize():
                actor.UnconstrainedFontSizeOn()
                view.scheduleRender()
