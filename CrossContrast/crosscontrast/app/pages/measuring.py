"""The area along the cord, which follows every edit, and the overlay of what was corrected."""

from collections.abc import Callable
from typing import Any

import numpy as np
from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import NO_MAP, NO_SEGMENT, MeasureState
from crosscontrast.cord.csa.contrasts import CsaCurve
from crosscontrast.cord.csa.live import LiveCsa
from crosscontrast.corrections.soft_brush import Box
from crosscontrast.errors import CrossContrastError
from crosscontrast.scene.difference import hide_difference, show_difference
from crosscontrast.scene.images import image_of, voxels

#: Size of the picture that the paths are drawn in.
WIDTH, _HEIGHT = 1000.0, 100.0


class Measuring:
    """Keeps the plot and the overlay up to date."""

    def __init__(self, server: Any, desk: Desk, correcting: Correcting) -> None:
        self._desk = desk
        self.typed = TypedState(server.state, MeasureState, namespace="measure")
        self._soft: Any = None
        self._live: LiveCsa | None = None
        self._before: CsaCurve | None = None
        #: The heights (mm) from left to right that the plot shows, while it shows any, and who is told of new ones.
        self.span: tuple[float, float] | None = None
        #: The centres of the cord's slices (slice, LPS in mm).
        self.centres = np.empty((0, 3))
        self.drawn: list[Callable[[], None]] = []
        self.typed.bind_changes({self.typed.name.difference: lambda _: self._show_difference()})
        correcting.changed.append(self._on_change)
        desk.listeners.append(self._on_desk)

    def toggle_difference(self) -> None:
        """Show or hide what was added and removed."""
        if not self.typed.data.why_not_difference:
            self.typed.data.difference = not self.typed.data.difference
            self._show_difference()

    def _on_desk(self) -> None:
        desk, data = self._desk, self.typed.data
        if desk.soft is not self._soft:
            self._soft, self._live, self._before = desk.soft, None, None
            if desk.soft is not None:
                try:
                    self._live = LiveCsa(image_of(desk.soft))
                except CrossContrastError as error:
                    data.summary = error.message
        if desk.correction is not None and self._before is None and self._live is not None:
            self._before = LiveCsa(image_of(desk.correction.predicted)).curve()
        data.why_not_difference = NO_MAP if desk.soft is None else "" if desk.correction else NO_SEGMENT
        if data.why_not_difference:
            data.difference = False
        self._draw()

    def _on_change(self, box: Box) -> None:
        if self._live is not None:
            self._live.change(box, voxels(self._desk.soft)[box])
        self._draw()
        if self.typed.data.difference:
            self._show_difference()

    def _show_difference(self) -> None:
        desk = self._desk
        if desk.correction is None:
            return
        if self.typed.data.difference:
            show_difference(desk.scene, desk.correction.predicted, desk.soft)
        else:
            hide_difference(desk.scene, desk.soft)
        desk.draw()

    def _draw(self) -> None:
        self.span = None
        self._draw_curves()
        for listener in self.drawn:
            listener()

    def _draw_curves(self) -> None:
        data = self.typed.data
        if self._live is None:
            data.now = data.before = data.left = data.right = data.top = ""
            data.summary = "" if self._soft is None else data.summary
            return
        now, self.centres = self._live.curve_and_centres()
        curves = [curve for curve in (now, self._before) if curve is not None and np.isfinite(curve.areas).any()]
        if not curves or not np.isfinite(now.areas).any():
            data.now = data.before = data.left = data.right = data.top = ""
            data.summary = "There is no cord in the map."
            return
        low = min(float(np.nanmin(curve.heights)) for curve in curves)
        high = max(float(np.nanmax(curve.heights)) for curve in curves)
        self.span = (low, high)
        top = 1.1 * max(float(np.nanmax(curve.areas)) for curve in curves)
        data.now = path_of(now, low, high, top)
        data.before = path_of(self._before, low, high, top) if self._before is not None else ""
        data.left, data.right, data.top = f"{low:.0f} mm", f"{high:.0f} mm", f"{top:.0f} mm²"
        data.summary = f"mean {now.mean():.1f} mm²"
        if self._before is not None and np.isfinite(self._before.mean()):
            data.summary += f" (predicted {self._before.mean():.1f})"


def path_of(curve: CsaCurve, low: float, high: float, top: float) -> str:
    """Return an SVG path of the areas over the heights ``low`` to ``high`` (mm) and the areas 0 to ``top`` (mm²).

    Slices without cord interrupt the line.
    """
    steps, broken = [], True
    for height, area in zip(curve.heights, curve.areas, strict=True):
        if not np.isfinite(area):
            broken = True
            continue
        x = WIDTH * (height - low) / ((high - low) or 1)
        y = _HEIGHT * (1 - area / top)
        steps.append(f"{'M' if broken else 'L'}{x:.1f} {y:.1f}")
        broken = False
    return "".join(steps)
