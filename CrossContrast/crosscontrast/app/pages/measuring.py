"""The area along the cord, which follows every edit, and the overlay of what was corrected."""

from collections.abc import Callable
from typing import Any

import numpy as np
from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import MeasureState
from crosscontrast.cord.csa.contrasts import CsaCurve
from crosscontrast.corrections.soft_brush import Box
from crosscontrast.desk.measure import DifferenceOverlay, Ruler
from crosscontrast.errors import CrossContrastError

#: Size of the picture that the paths are drawn in.
WIDTH, _HEIGHT = 1000.0, 100.0


class Measuring:
    """Keeps the plot and the overlay up to date."""

    def __init__(self, server: Any, desk: Desk) -> None:
        self._desk = desk
        self.typed = TypedState(server.state, MeasureState, namespace="measure")
        self._ruler = Ruler()
        self._overlay = DifferenceOverlay(desk.corrector)
        #: The heights (mm) from left to right that the plot shows, while it shows any, and who is told of new ones.
        self.span: tuple[float, float] | None = None
        #: The centres of the cord's slices (slice, LPS in mm).
        self.centres = np.empty((0, 3))
        self.drawn: list[Callable[[], None]] = []
        self.typed.bind_changes({self.typed.name.difference: lambda _: self._show_difference()})
        desk.corrector.changed.append(self._on_change)
        desk.corrector.state.append(self._update)
        desk.listeners.append(self._on_desk)

    def toggle_difference(self) -> None:
        """Show or hide what was added and removed."""
        if not self.typed.data.why_not_difference:
            self.typed.data.difference = not self.typed.data.difference
            self._show_difference()

    def _on_desk(self) -> None:
        self._ruler.use([self._desk.soft] if self._desk.soft is not None else [])
        self._update()
        self._draw()

    def _update(self) -> None:
        data = self.typed.data
        data.why_not_difference = self._overlay.why_not()
        if data.why_not_difference:
            data.difference = False
            self._overlay.show(False)

    def _on_change(self, box: Box) -> None:
        self._ruler.change(self._desk.soft, box)
        self._draw()
        if self._overlay.shown:
            self._overlay.refresh()
            self._desk.draw()

    def _show_difference(self) -> None:
        self._overlay.show(bool(self.typed.data.difference))
        self._desk.draw()

    def _draw(self) -> None:
        self.span = None
        self._draw_curves()
        for listener in self.drawn:
            listener()

    def _draw_curves(self) -> None:
        data, desk = self.typed.data, self._desk
        data.now = data.before = data.left = data.right = data.top = data.summary = ""
        if desk.soft is None:
            return
        try:
            now, self.centres = self._ruler.curve_and_centres(desk.soft)
            before = self._ruler.predicted(desk.correction)
        except CrossContrastError as error:
            data.summary = error.message
            return
        curves = [curve for curve in (now, before) if curve is not None and np.isfinite(curve.areas).any()]
        if not np.isfinite(now.areas).any():
            data.summary = "There is no cord in the map."
            return
        low = min(float(np.nanmin(curve.heights)) for curve in curves)
        high = max(float(np.nanmax(curve.heights)) for curve in curves)
        self.span = (low, high)
        top = 1.1 * max(float(np.nanmax(curve.areas)) for curve in curves)
        data.now = path_of(now, low, high, top)
        data.before = path_of(before, low, high, top) if before is not None else ""
        data.left, data.right, data.top = f"{low:.0f} mm", f"{high:.0f} mm", f"{top:.0f} mm²"
        data.summary = f"mean {now.mean():.1f} mm²"
        if before is not None and np.isfinite(before.mean()):
            data.summary += f" (predicted {before.mean():.1f})"


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
