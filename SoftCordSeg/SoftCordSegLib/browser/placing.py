"""The axial slice that is shown, as a line in the plot of the areas, and the way from the plot to a slice."""

from typing import Any

from SoftCordSegLib.browser.desk import Desk
from SoftCordSegLib.browser.measuring import WIDTH, Measuring

#: What the page calls with the share of the plot's width at which it was clicked.
TRIGGER = "go_to_place"


class Placing:
    """Keeps views and plot at the same place."""

    def __init__(self, server: Any, desk: Desk, measuring: Measuring) -> None:
        self._server, self._desk, self._measuring = server, desk, measuring
        self._height: float | None = None
        self._watched: set[str] = set()
        server.trigger(TRIGGER)(self.go)
        measuring.drawn.append(self._mark)
        self.watch()

    def watch(self) -> None:
        """Follow the views that have come since."""
        for view in self._desk.application.view_manager.get_slice_views():
            if view.get_singleton_tag() not in self._watched:
                self._watched.add(view.get_singleton_tag())
                view.modified.connect(self._on_view)

    def go(self, share: float) -> None:
        """Show the cord at a place of the plot, 0 at its left end and 1 at its right, in all views."""
        span = self._measuring.span
        if span is None:
            return
        height = span[0] + min(max(float(share), 0.0), 1.0) * (span[1] - span[0])
        place = self._measuring.place(height)
        if place is not None:
            x, y, z = place
            for view in self._desk.application.view_manager.get_slice_views():
                view.get_view_node().JumpSliceByOffsetting(-x, -y, z)
            self._desk.draw()

    def _on_view(self, view: Any) -> None:
        if view.get_orientation() == "Axial":
            self._height = view.get_slice_value()
            self._mark()

    def _mark(self) -> None:
        data, span = self._measuring.typed.data, self._measuring.span
        if span is None or self._height is None or not span[0] - 1 <= self._height <= span[1] + 1:
            data.at = ""
        else:
            data.at = f"{WIDTH * (self._height - span[0]) / ((span[1] - span[0]) or 1):.1f}"
