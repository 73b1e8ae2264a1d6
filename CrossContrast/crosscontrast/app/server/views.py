"""Slice and 3-D views of a scene in a page."""

from collections.abc import Mapping
from typing import Any

from trame.widgets import html
from trame_slicer.app.logic.slice_view_logic import connect_slice_view_slider_to_state
from trame_slicer.app.ui.slider import Slider
from trame_slicer.core import LayoutManager, SlicerApp
from trame_slicer.views import Layout, LayoutDirection, ViewLayoutDefinition

from crosscontrast.app.server.pictures import PictureQueue
from crosscontrast.app.server.row import LABELS, TAGS
from crosscontrast.app.server.view_factory import PictureViewFactory

#: What the views are called in the scene, and by people.
_NAMES = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}
#: State with the sentence that the 3-D view shows while there is no surface.
SPACE_HINT = "space_hint"
_HINT = (
    "position:absolute;inset:0;display:flex;align-items:center;justify-content:center;pointer-events:none;color:#ccc"
)
_LABEL = (
    "position:absolute;z-index:1;top:4px;left:8px;color:#fff;font-size:12px;pointer-events:none;"
    "text-shadow:0 0 3px #000,0 0 3px #000"
)


def add_views(application: SlicerApp, server: Any) -> LayoutManager:
    """Let the pages of ``server`` show views of the application's scene; return what chooses among the layouts."""
    server.state.setdefault(SPACE_HINT, "")
    queue = PictureQueue()
    for controls, space in ((_slice_controls, False), (_space_controls, True)):
        application.view_manager.register_factory(PictureViewFactory(server, queue, controls, space=space))
    manager = LayoutManager(application.scene, application.view_manager, server)
    # Not lazily: views that were made while a page is being drawn would become a part of it a second time.
    manager.register_layout_dict(dict(layouts()))
    return manager


def layouts() -> Mapping[str, Layout]:
    """Return the layouts by the names that users see."""
    axial, sagittal = ViewLayoutDefinition.axial_view(), ViewLayoutDefinition.sagittal_view()
    coronal, space = ViewLayoutDefinition.coronal_view(), ViewLayoutDefinition.threed_view()
    across, down = LayoutDirection.Horizontal, LayoutDirection.Vertical
    return {
        "Four views": Layout(across, [Layout(down, [axial, coronal]), Layout(down, [sagittal, space])]),
        "Axial and sagittal": Layout(across, [axial, sagittal]),
        "Axial": Layout(across, [axial]),
        "Sagittal": Layout(across, [sagittal]),
        "Coronal": Layout(across, [coronal]),
    }


def _slice_controls(server: Any, view: Any) -> None:
    """A slider along the lower edge, and the view's name; the image fills the view whenever its size changes."""
    tag = view.get_singleton_tag()
    beside = tag in TAGS
    if not beside:  # the views of a row follow each other
        view.interactor().AddObserver("WindowResizeEvent", lambda *_: _fit(view))
    name = _NAMES.get(tag, tag)
    text = f"{{{{ {LABELS}[{TAGS.index(tag)}] }}}}" if beside else name
    html.Div(text, style=_LABEL, classes=f"view-label label-{name.lower()}")
    with html.Div(style="position:absolute;bottom:0;left:0;right:0;padding:0 8px"):
        Slider(
            typed_state=connect_slice_view_slider_to_state(server, view),
            classes=f"slice-slider slice-{name.lower()}",
            theme="dark",
            density="compact",
            aria_label=f"{name} slice",
        )


def _fit(view: Any) -> None:
    place = view.get_slice_value()
    view.fit_view_to_content()
    view.set_slice_value(place)


def _space_controls(_server: Any, _view: Any) -> None:
    """The 3-D view is turned by the mouse and needs no controls; it shows surfaces only, so it says what it is, and
    why there is none."""
    html.Div("3D: surfaces", style=_LABEL, classes="view-label label-3d")
    html.Div(f"{{{{ {SPACE_HINT} }}}}", v_if=(SPACE_HINT,), style=_HINT, classes="text-body-2 hint-3d")
