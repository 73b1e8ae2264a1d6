"""The tools of the correction in the page."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.segment_tools import SegmentTools
from crosscontrast.app.pages.state import EditState
from crosscontrast.app.server.views import SPACE_HINT
from crosscontrast.desk.correct import Point
from crosscontrast.desk.reasons import NO_IMAGE
from crosscontrast.errors import CrossContrastError
from crosscontrast.scene.images import voxels
from crosscontrast.scene.pointer import SlicePointers

#: A stroke changes the segment several times; after this pause (s) it is taken to be done.
_SETTLED = 0.12
#: Tools of the segment, and those that change the soft values themselves.
SEGMENT_TOOLS = ("paint", "erase", "scissors", "threshold")
SOFT_TOOLS = ("raise", "lower")


class Correcting:
    """Binds the page's tools to the corrector of the desk; ``tell`` shows the user a sentence."""

    def __init__(self, server: Any, desk: Desk, tell: Callable[[str], None]) -> None:
        self._server, self._desk, self._corrector, self._say = server, desk, desk.corrector, tell
        self.typed = TypedState(server.state, EditState, namespace="edit")
        self._tools = SegmentTools(desk.application, self._on_segment)
        self._brush = SlicePointers(self._slice_views, self._press, self._corrector.move, self._release)
        self._shown: Any = None  # the correction that the tools have
        self._settle: asyncio.TimerHandle | None = None
        name = self.typed.name
        self.typed.bind_changes(
            {
                name.tool: lambda _: self.use_tool(),
                name.diameter: lambda _: self.use_tool(),
                name.sphere: lambda _: self.use_tool(),
                name.all_slices: lambda _: self.use_tool(),
                name.low: lambda _: self.use_tool(),
                name.high: lambda _: self.use_tool(),
                name.surface: self._show_surface,
            }
        )
        desk.listeners.append(self._on_desk)
        self._corrector.state.append(self._on_desk)

    def make_segment(self) -> None:
        """Cut the segment from the soft map at the value that is set."""
        if not self.typed.data.why_not_segment:
            try:
                self._desk.start_correction(float(self.typed.data.cut))
            except CrossContrastError as error:
                self._say(error.message)

    def choose(self, tool: str) -> None:
        """Take up a tool; the one in hand is put down."""
        data = self.typed.data
        data.tool = "" if tool == data.tool or data.why_not_tool else tool
        self.use_tool()

    def use_tool(self) -> None:
        """Take the chosen tool in hand as it is set now, in all views there are."""
        if self._desk.correction is None:
            return
        data = self.typed.data
        self._brush.turn(data.tool in SOFT_TOOLS)
        self._tools.use(
            data.tool if data.tool in SEGMENT_TOOLS else "",
            diameter=float(data.diameter),
            sphere=bool(data.sphere),
            all_slices=bool(data.all_slices),
            intensities=(float(data.low), float(data.high)),
        )

    def grow_brush(self, factor: float) -> None:
        """Make the brushes larger or smaller."""
        self.typed.data.diameter = float(np.clip(round(self.typed.data.diameter * factor, 1), 1, 40))
        self.use_tool()

    def smooth(self) -> None:
        """Smooth the segment with a median of the set width."""
        if self._desk.correction:
            self._tools.smooth(float(self.typed.data.kernel))
            self.take_segment()
            self.use_tool()  # what was in hand is in hand again

    def keep_largest(self) -> None:
        """Remove all parts of the segment but the largest."""
        if self._desk.correction:
            self._tools.keep_largest()
            self.take_segment()
            self.use_tool()  # what was in hand is in hand again

    def cut_to_range(self) -> None:
        """Remove the voxels of the segment whose intensity in the image is out of the set range."""
        case, data = self._desk.case, self.typed.data
        if self._desk.correction and case:
            image = voxels(case.image)
            self._tools.remove((image < data.low) | (image > data.high))
            self.take_segment()

    def undo(self) -> None:
        """Take the last change back."""
        self._corrector.undo()

    def redo(self) -> None:
        """Make it again."""
        self._corrector.redo()

    def take_segment(self) -> None:
        """Merge what was done to the segment into the soft map, or end the stroke of the soft brush, now."""
        if self._settle:
            self._settle.cancel()
            self._settle = None
        with self._server.state:
            self._corrector.take()

    def _on_segment(self) -> None:
        if self._desk.correction and not self._desk.correction.changing:
            self._take_soon()

    def _take_soon(self) -> None:
        """Take in a change only when the views have drawn it: measuring and the surface take longer than a picture."""
        if self._settle:
            self._settle.cancel()
        self._settle = asyncio.get_running_loop().call_later(_SETTLED, self.take_segment)

    def _on_desk(self) -> None:
        """Let the tools have the segment of the correction at hand, and nothing of one that ended."""
        desk = self._desk
        if desk.correction is not self._shown:
            self._shown = desk.correction
            self.typed.data.tool = ""
            self._brush.turn(False)
            if desk.correction and desk.case:
                self._tools.edit(desk.correction.segmentation, desk.case.image)
                self._tools.show_surface(bool(self.typed.data.surface))
                self._set_range(voxels(desk.case.image), desk.correction.threshold)
            else:
                self._tools.let_go()
        self._update()

    def _show_surface(self, shown: bool) -> None:
        if self._desk.correction:
            self._tools.show_surface(bool(shown))
        self._update()

    def _set_range(self, image: np.ndarray, threshold: float) -> None:
        """Begin with the intensities that most of the segment has."""
        data, found = self.typed.data, voxels(self._desk.soft) >= threshold
        data.lowest, data.highest = float(np.floor(image.min())), float(np.ceil(image.max()))
        low, high = np.percentile(image[found], (2, 98)) if found.any() else (data.lowest, data.highest)
        data.low, data.high = float(np.floor(low)), float(np.ceil(high))

    def _slice_views(self) -> list[tuple[Any, Any]]:
        views = self._desk.application.view_manager.get_slice_views()
        return [(view.interactor(), view.get_view_node()) for view in views]

    def _press(self, point: Point, shift: bool) -> None:
        data = self.typed.data
        self.take_segment()
        raising = (data.tool == "raise") != shift
        self._corrector.press(point, float(data.diameter) / 2, float(data.strength), raising=raising)

    def _release(self) -> None:
        self._corrector.lift()
        if self._desk.correction:
            self._take_soon()

    def _update(self) -> None:
        data, corrector = self.typed.data, self._corrector
        opened = self._desk.case is not None
        nothing = "" if opened else NO_IMAGE
        data.why_not_segment = nothing or corrector.why_not_begin()
        data.why_not_tool = nothing or corrector.why_not_edit()
        data.why_not_undo = data.why_not_tool or corrector.why_not_undo()
        data.why_not_redo = data.why_not_tool or corrector.why_not_redo()
        data.changed = corrector.changed_voxels
        hint = data.why_not_tool or ("" if data.surface else "The surface is switched off.")
        self._server.state[SPACE_HINT] = hint if opened else ""
