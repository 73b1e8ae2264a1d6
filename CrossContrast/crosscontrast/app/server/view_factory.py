"""Making the views of a page, drawn by a :class:`~crosscontrast.app.server.pictures.PictureQueue`."""

from collections.abc import Callable
from typing import Any

from trame.widgets import html
from trame_rca.widgets.rca import RemoteControlledArea
from trame_server.utils.asynchronous import create_task
from trame_slicer.app.logic.slice_view_logic import get_view_trame_id
from trame_slicer.rca_view.rca_view_factory import RcaWindow
from trame_slicer.views import (
    CursorId,
    IViewFactory,
    ScheduledRenderStrategy,
    SliceView,
    ThreeDView,
    ViewLayout,
    ViewLayoutDefinition,
    ViewType,
)

from crosscontrast.app.server.pictures import Pace, PictureQueue, ViewPictures
from crosscontrast.app.server.touch import TouchAdapter

#: Milliseconds between two events of the mouse.
_EVENTS = 16
_FULL = "position:relative;width:100%;height:100%"


class _Asks(ScheduledRenderStrategy):
    def __init__(self, pictures: ViewPictures) -> None:
        super().__init__()
        self._pictures = pictures

    def schedule_render(self) -> None:
        self._pictures.ask()


class PictureViewFactory(IViewFactory):
    """Makes slice views (``space`` false) or 3-D views; ``controls`` adds widgets over a view's picture."""

    def __init__(self, server: Any, queue: PictureQueue, controls: Callable[[Any, Any], None], *, space: bool) -> None:
        super().__init__()
        self._server, self._queue, self._controls, self._space = server, queue, controls, space

    def can_create_view(self, view: ViewLayoutDefinition) -> bool:
        """Whether this factory makes views of that kind."""
        return bool(view.view_type == (ViewType.THREE_D_VIEW if self._space else ViewType.SLICE_VIEW))

    def _create_view(self, view: ViewLayoutDefinition, scene: Any, app_logic: Any) -> Any:
        tag = view.singleton_tag
        made = (ThreeDView if self._space else SliceView)(scene=scene, app_logic=app_logic, name=tag)
        made.set_view_properties(view.properties)
        if not self._space:
            _lighten(made, app_logic)
            # A zoom that does not come from this view's own mouse asks for no picture by itself.
            made.modified.connect(lambda view: view.schedule_render())
        cursor = f"{tag}_active_view_cursor"
        self._server.state.setdefault(cursor, CursorId.DEFAULT.value)
        window = RcaWindow(made.render_window(), state=self._server.state, active_view_cursor=cursor)
        pace = Pace(unused=4, patience=0.25, rank=1) if self._space else Pace()
        pictures = self._queue.add(window, pace)
        name = get_view_trame_id(self._server, made)
        with ViewLayout(self._server, template_name=name):
            self._area(name, cursor, pictures, made)
        adapter = TouchAdapter(
            slice_node=None if self._space else made.get_view_node(),
            window=window,
            name=name,
            scheduler=pictures,
            do_schedule_render_on_interaction=False,
        )
        made.set_scheduled_render(_Asks(pictures))

        async def register() -> None:
            await self._server.ready
            self._server.root_server.controller.rc_area_register(adapter)

        create_task(register())
        return made

    def _get_slicer_view(self, view: Any) -> Any:
        return view

    def _area(self, name: str, cursor: str, pictures: ViewPictures, view: Any) -> None:
        with html.Div(
            style=(f"`{_FULL};overflow:hidden;cursor:${{{cursor}}}`",),
            mouseenter=lambda: pictures.use(on=True),
            mouseleave=lambda: pictures.use(on=False),
        ):
            RemoteControlledArea(
                name=name, display="image", style=_FULL, send_mouse_move=True, event_throttle_ms=_EVENTS
            )
            self._controls(self._server, view)


def _lighten(view: Any, app_logic: Any) -> None:
    """Let a slice view do what is needed for its picture only.

    Its lines are drawn without several samples per pixel, which halves the time of a picture without a graphics card.
    It has no model of its plane in the scene, because the models of all slice views make every slice view draw itself
    anew when one of them moves.
    """
    view.render_window().SetMultiSamples(0)
    app_logic.GetSliceLogic(view.get_view_node()).DeleteSliceModel()
