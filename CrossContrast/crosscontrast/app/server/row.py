"""A row of slice views side by side, each with a volume of its own, moving together."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from trame_slicer.core import LayoutManager, SlicerApp
from trame_slicer.views import Layout, LayoutDirection, ViewLayoutDefinition, ViewProps, ViewType

from crosscontrast.scene.linking import LinkedSlices

#: What the layout is called, the views' tags, and the state that holds what each view is labelled with.
LAYOUT = "Side by side"
TAGS = ("BesideA", "BesideB", "BesideC", "BesideD")
LABELS = "row_labels"
#: Seconds that the browser needs to tell the sizes of all views that have changed.
_SETTLED = 0.1
ORIENTATIONS = ("Axial", "Sagittal", "Coronal")


class ViewRow:
    """Up to four linked views. They are made when they are needed first: each costs memory and a picture.

    ``new_views`` are called when some were made, which have nothing yet of what is drawn over images.
    """

    def __init__(self, application: SlicerApp, layouts: LayoutManager, server: Any) -> None:
        self._manager, self._layouts, self._state = application.view_manager, layouts, server.state
        self.new_views: list[Callable[[], None]] = []
        self._link: LinkedSlices | None = None
        self._orientation = ""
        self._count = 0
        self._made: set[str] = set()
        self._fitting = False
        self._state[LABELS] = []
        self._register(1)

    @property
    def most(self) -> int:
        """How many volumes can be shown at once."""
        return len(TAGS)

    @property
    def followers(self) -> Sequence[str]:
        """The tags of all views but the first."""
        return TAGS[1:]

    def show(self, volumes: Sequence[Any], labels: Sequence[str], orientation: str) -> None:
        """Show these volume nodes (at least one) from the left; where the first or the orientation is new, it fills its
        view.

        Does nothing that can be seen while another layout is chosen.
        """
        if self._layouts.layout_id != LAYOUT:
            return
        self._register(len(volumes))
        self._state[LABELS] = list(labels)
        if self._link:
            self._link.release()
        views = self._views()
        for view, volume in zip(views, volumes, strict=True):
            if view.get_background_volume_id() != volume.GetID():
                view.set_background_volume_id(volume.GetID())
        if self._link is None or orientation != self._orientation:
            self._orientation = orientation
            views[0].set_view_properties(_properties(TAGS[0], orientation))
            views[0].fit_view_to_content()
        self._link = LinkedSlices([view.get_view_node() for view in views])
        self._welcome(views)

    def leave(self) -> None:
        """Forget where the views were, because another image has come."""
        if self._link:
            self._link.release()
        self._link = None

    def _welcome(self, views: Sequence[Any]) -> None:
        new = [view for view in views if view.get_singleton_tag() not in self._made]
        for view in new:
            self._made.add(view.get_singleton_tag())
            view.interactor().AddObserver("WindowResizeEvent", lambda *_: self._fit_soon())
        if new:
            for listener in self.new_views:
                listener()

    def _fit_soon(self) -> None:
        """Fit when all views have their new sizes, once for all of them."""
        if not self._fitting:
            self._fitting = True
            asyncio.get_running_loop().call_later(_SETTLED, self._fit)

    def _fit(self) -> None:
        """Fill the first view anew, in the same slice; the others follow it."""
        self._fitting = False
        views = self._views()
        if self._link and views:
            place = views[0].get_slice_value()
            views[0].fit_view_to_content()
            views[0].set_slice_value(place)
            self._link.lead(views[0].get_view_node())

    def _views(self) -> list[Any]:
        return [self._manager.get_view(tag) for tag in TAGS[: self._count]]

    def _register(self, count: int) -> None:
        if count != self._count:
            self._count = count
            views = [ViewLayoutDefinition(tag, ViewType.SLICE_VIEW, _properties(tag)) for tag in TAGS[:count]]
            self._layouts.register_layout(LAYOUT, Layout(LayoutDirection.Horizontal, views), lazy_initialization=True)


def _properties(tag: str, orientation: str = ORIENTATIONS[0]) -> ViewProps:
    return ViewProps(label=tag, orientation=orientation, color="#9aa4b2")
