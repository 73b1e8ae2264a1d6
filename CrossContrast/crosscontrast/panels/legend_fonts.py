"""Legends in the views whose letters have the size that they were given."""

from typing import Any

import qt
import slicer

_MANAGER = "vtkMRMLColorLegendDisplayableManager"
#: Milliseconds.
_LATER = 100


class LegendFonts:
    """Keeps the size of the letters of all legends once :meth:`keep` is called.

    Slicer (5.12) has no setting for it: it draws title and numbers as large as fits into the legend, and so the larger
    the shorter the title. What draws a legend in a view can be told, and remembers it as long as the legend lives.
    """

    def __init__(self) -> None:
        # Slicer makes what draws a legend some time after the legend's node.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LATER)
        self._timer.timeout.connect(_keep_sizes)

    def keep(self) -> None:
        """Look at all legends soon."""
        self._timer.start()


def _keep_sizes() -> None:
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
