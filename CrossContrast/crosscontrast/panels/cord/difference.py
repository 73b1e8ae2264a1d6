"""The overlay of what a correction changed."""

from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from crosscontrast.scene.correction import Correction

#: While the brush moves the overlay is brought up to date after at most this time (ms).
_DELAY = 200


class DifferenceOverlay:
    """Shows and hides the overlay of the map under correction."""

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._shown: Correction | None = None
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY)
        self._timer.timeout.connect(self._refresh)

    def show(self, correction: "Correction | None", wanted: bool) -> None:
        """Show the difference of ``correction`` if it is wanted and there is any correction; else hide it."""
        self._ui.differenceCheckBox.enabled = correction is not None
        tip = _("What the correction added (orange) and removed (blue). Ctrl+Shift+D")
        self._ui.differenceCheckBox.toolTip = tip if correction else _("Press Make segment and correct something.")
        if self._shown and (self._shown is not correction or not wanted):
            self._timer.stop()
            if self._shown.soft.GetScene() is slicer.mrmlScene:
                from crosscontrast.scene.difference import hide_difference

                hide_difference(slicer.mrmlScene, self._shown.soft)
            self._shown = None
        if correction and wanted and self._shown is None:
            self._shown = correction
            self._refresh()

    def follow(self, correction: "Correction | None") -> None:
        """Bring the overlay up to date soon, if it is shown."""
        if self._shown and self._shown is correction and not self._timer.active:
            self._timer.start()

    def _refresh(self) -> None:
        from crosscontrast.scene.difference import show_difference

        if self._shown and self._shown.soft.GetScene() is slicer.mrmlScene:
            show_difference(slicer.mrmlScene, self._shown.predicted, self._shown.soft)
