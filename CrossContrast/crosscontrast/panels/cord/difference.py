"""The box that shows what a correction changed."""

from typing import Any

import qt
from slicer.i18n import tr as _

from crosscontrast.desk.correct import Corrector
from crosscontrast.desk.measure import DifferenceOverlay
from crosscontrast.panels.legend_fonts import LegendFonts

#: While the brush moves the overlay is brought up to date after at most this time (ms).
_DELAY = 200


class DifferenceBox:
    """Binds the check box to the overlay."""

    def __init__(self, ui: Any, corrector: Corrector) -> None:
        self._ui = ui
        self._fonts = LegendFonts()
        self._overlay = DifferenceOverlay(corrector)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY)
        self._timer.timeout.connect(self._overlay.refresh)

    def show(self, wanted: bool, legend: bool) -> None:
        """Show the difference of the correction at hand if it is wanted, and say where there is none."""
        reason = self._overlay.why_not()
        self._ui.differenceCheckBox.enabled = not reason
        tip = _("What the correction added (orange) and removed (blue). Ctrl+Shift+D")
        self._ui.differenceCheckBox.toolTip = reason or tip
        if self._overlay.legend != legend:
            self._overlay.legend = legend
            self._overlay.refresh()
        before = self._overlay.shown
        self._overlay.show(wanted)
        if self._overlay.shown and not before:
            self._fonts.keep()

    def follow(self) -> None:
        """Bring the overlay up to date soon, if it is shown."""
        if self._overlay.shown and not self._timer.active:
            self._timer.start()
