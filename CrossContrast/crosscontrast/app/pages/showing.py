"""How image and soft map are drawn: layout, opacity, threshold, the map of uncertainty."""

from collections.abc import Callable
from typing import Any

from trame_server.utils.typed_state import TypedState
from trame_slicer.core import LayoutManager

from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import NO_IMAGE, NO_MAP, ShowState
from crosscontrast.app.server.row import TAGS
from crosscontrast.scene.layers import show_layers
from crosscontrast.scene.results import uncertainty_of
from crosscontrast.scene.soft_map import set_opacity, set_threshold, show_soft_map


class Showing:
    """Keeps the views in step with the sliders."""

    def __init__(self, server: Any, desk: Desk, layouts: LayoutManager) -> None:
        self._desk, self._layouts = desk, layouts
        self.typed = TypedState(server.state, ShowState, namespace="show")
        self.typed.data.layouts = layouts.get_layout_ids()
        self.typed.data.layout = self.typed.data.layouts[0]
        name = self.typed.name
        self.typed.bind_changes(
            {
                name.layout: self.set_layout,
                name.opacity: self._set_opacity,
                name.threshold: self._set_threshold,
                name.uncertainty: lambda _: self.show(),
            }
        )
        self.listeners: list[Callable[[], None]] = []
        self._shown: Any = None
        self._glanced = False
        desk.listeners.append(self._update)
        layouts.set_layout(self.typed.data.layout)

    def glance(self) -> None:
        """Hide the map, or show it again."""
        self._glanced = not self._glanced
        self._set_opacity(self.typed.data.opacity)

    def fit(self) -> None:
        """Fill every view with the image again, in the slice that it shows, and the 3-D view with the surface."""
        views = self._desk.application.view_manager
        for view in views.get_slice_views():
            if view.get_singleton_tag() not in TAGS[1:]:  # these follow the first of the row
                place = view.get_slice_value()
                view.fit_view_to_content()
                view.set_slice_value(place)
        for view in views.get_threed_views():
            view.reset_view()
        self._desk.draw()

    def set_layout(self, layout: str) -> None:
        """Choose a layout; ``listeners`` are told when its views are there."""
        if layout in self._layouts.get_layout_ids() and layout != self._layouts.layout_id:
            self._layouts.set_layout(layout)
            for listener in self.listeners:
                listener()
            self.show()

    def show(self) -> None:
        """Draw the map anew in all views; those that were made since it was last drawn do not have it."""
        desk, data = self._desk, self.typed.data
        spread = uncertainty_of(desk.soft) if desk.soft else None
        if desk.soft is None:
            self._shown = None
        elif data.uncertainty and spread is not None:
            show_layers(desk.scene, None, [spread], data.opacity)
            self._shown = spread
        else:
            show_soft_map(desk.scene, desk.soft, None, data.threshold, data.opacity)
            self._shown = desk.soft
        desk.draw()

    def _set_opacity(self, opacity: float) -> None:
        if self._shown:
            set_opacity(self._desk.scene, self._shown, 0.0 if self._glanced else float(opacity))
            self._desk.draw()

    def _set_threshold(self, threshold: float) -> None:
        if self._desk.soft:
            set_threshold(self._desk.soft, float(threshold))
            self._desk.draw()

    def _update(self) -> None:
        desk, data = self._desk, self.typed.data
        data.why_not = "" if desk.soft else NO_MAP if desk.case else NO_IMAGE
        spread = uncertainty_of(desk.soft) if desk.soft else None
        data.why_not_uncertainty = data.why_not or ("" if spread else "Segment with the box 'How sure?' ticked.")
        if data.why_not_uncertainty:
            data.uncertainty = False
        self.show()
