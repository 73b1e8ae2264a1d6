"""The axial slice that is shown, as a line in the plot of the areas, and the way from the plot to a slice."""

from typing import Any

import numpy as np

from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.measuring import WIDTH, Measuring

#: What the page calls with the share of the plot's width at which it was clicked.
TRIGGER = "go_to_place"
#: Smallest part of a slice's normal that runs along the body, and distance (mm) at which a slice still shows a place.
_ACROSS, _NEAR = 0.7, 1.0


class Placing:
    """Keeps views and plot at the same place."""

    def __init__(self, server: Any, desk: Desk, measuring: Measuring) -> None:
        self._server, self._desk, self._measuring = server, desk, measuring
        self._plane: tuple[np.ndarray, np.ndarray] | None = None
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
        span, centres = self._measuring.span, self._measuring.centres
        if span is None or not len(centres):
            return
        height = span[0] + min(max(float(share), 0.0), 1.0) * (span[1] - span[0])
        x, y, z = centres[np.abs(centres[:, 2] - height).argmin()].tolist()
        for view in self._desk.application.view_manager.get_slice_views():
            view.get_view_node().JumpSliceByOffsetting(-x, -y, z)
        self._desk.draw()

    def _on_view(self, view: Any) -> None:
        """Remember the plane of a view that cuts across the body; it lies as the image does, which may be oblique."""
        plane = view.get_view_node().GetSliceToRAS()
        normal, middle = (np.array([plane.GetElement(row, column) for row in range(3)]) for column in (2, 3))
        if abs(normal[2]) > _ACROSS:
            self._plane = normal, middle
            self._mark()

    def _mark(self) -> None:
        self._measuring.typed.data.at = ""
        span, centres = self._measuring.span, self._measuring.centres
        if span is None or self._plane is None or not len(centres):
            return
        normal, middle = self._plane
        distances = np.abs((centres * [-1, -1, 1] - middle) @ normal)
        nearest = distances.argmin()
        if distances[nearest] <= max(_NEAR, float(np.abs(np.diff(centres[:, 2])).max(initial=0.0)) / 2):
            place = (centres[nearest, 2] - span[0]) / ((span[1] - span[0]) or 1)
            self._measuring.typed.data.at = f"{WIDTH * place:.1f}"
