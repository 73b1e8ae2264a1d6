"""The tools of the correction, and keeping soft map and segment in step."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.segment_tools import SegmentTools
from crosscontrast.app.pages.state import NO_IMAGE, NO_MAP, NO_SEGMENT, EditState
from crosscontrast.app.server.soft_brush_tool import SoftBrushTool
from crosscontrast.app.server.views import SPACE_HINT
from crosscontrast.corrections.clock import WorkClock
from crosscontrast.corrections.soft_brush import Box
from crosscontrast.scene.images import voxels

#: A stroke changes the segment several times; after this pause (s) it is taken to be done.
_SETTLED = 0.12
#: Tools of the segment, and those that change the soft values themselves.
SEGMENT_TOOLS = ("paint", "erase", "scissors", "threshold")
SOFT_TOOLS = ("raise", "lower")


class Correcting:
    """Corrects the soft map on the desk. ``changed`` are called with the part of the map that was changed."""

    def __init__(self, server: Any, desk: Desk) -> None:
        self._server, self._desk = server, desk
        self.typed = TypedState(server.state, EditState, namespace="edit")
        self.changed: list[Callable[[Box], None]] = []
        self.clock = WorkClock()
        self._tools = SegmentTools(desk.application, self._on_segment)
        self._brush = SoftBrushTool(desk.application, self._press, self._move, self._release)
        self._correction: Any = None
        self._settle: asyncio.TimerHandle | None = None
        self._drawing = False  # the soft brush is down
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

    def make_segment(self) -> None:
        """Cut the segment from the soft map at the value that is set."""
        if not self.typed.data.why_not_segment:
            self._desk.start_correction(float(self.typed.data.cut))

    def choose(self, tool: str) -> None:
        """Take up a tool; the one in hand is put down."""
        data = self.typed.data
        data.tool = "" if tool == data.tool or data.why_not_tool else tool
        self.use_tool()

    def use_tool(self) -> None:
        """Take the chosen tool in hand as it is set now, in all views there are."""
        if self._correction is None:
            return
        data = self.typed.data
        self._brush.turn(on=data.tool in SOFT_TOOLS)
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
        if self._correction:
            self._tools.smooth(float(self.typed.data.kernel))
            self.take_segment()
            self.use_tool()  # what was in hand is in hand again

    def keep_largest(self) -> None:
        """Remove all parts of the segment but the largest."""
        if self._correction:
            self._tools.keep_largest()
            self.take_segment()
            self.use_tool()  # what was in hand is in hand again

    def cut_to_range(self) -> None:
        """Remove the voxels of the segment whose intensity in the image is out of the set range."""
        case, data = self._desk.case, self.typed.data
        if self._correction and case:
            image = voxels(case.image)
            self._tools.remove((image < data.low) | (image > data.high))
            self.take_segment()

    def undo(self) -> None:
        """Take the last change back."""
        if self._correction:
            self.take_segment()
            self._tell(self._correction.undo())

    def redo(self) -> None:
        """Make it again."""
        if self._correction:
            self._tell(self._correction.redo())

    def take_segment(self) -> None:
        """Merge what was done to the segment into the soft map, or end the stroke of the soft brush, now."""
        if self._settle:
            self._settle.cancel()
            self._settle = None
        if self._correction and not self._drawing:
            with self._server.state:
                stroke = self._correction.end_stroke()
                self._tell(stroke or self._correction.take_segment())

    def _on_segment(self) -> None:
        if self._correction and not self._correction.changing:
            self._take_soon()

    def _take_soon(self) -> None:
        """Take in a change only when the views have drawn it: measuring and the surface take longer than a picture."""
        if self._settle:
            self._settle.cancel()
        self._settle = asyncio.get_running_loop().call_later(_SETTLED, self.take_segment)

    def _on_desk(self) -> None:
        if self._desk.correction is not self._correction:
            self._correction, self._drawing = self._desk.correction, False
            self.clock = WorkClock()
            self.typed.data.tool = ""
            self._brush.turn(on=False)
            if self._correction and self._desk.case:
                self._tools.edit(self._correction.segmentation, self._desk.case.image)
                self._tools.show_surface(bool(self.typed.data.surface))
                self._set_range(voxels(self._desk.case.image))
            else:
                self._tools.let_go()
        self._update()

    def _show_surface(self, shown: bool) -> None:
        if self._correction:
            self._tools.show_surface(bool(shown))
        self._update()

    def _set_range(self, image: np.ndarray) -> None:
        """Begin with the intensities that most of the segment has."""
        data, found = self.typed.data, voxels(self._desk.soft) >= self._correction.threshold
        data.lowest, data.highest = float(np.floor(image.min())), float(np.ceil(image.max()))
        low, high = np.percentile(image[found], (2, 98)) if found.any() else (data.lowest, data.highest)
        data.low, data.high = float(np.floor(low)), float(np.ceil(high))

    def _press(self, point: tuple[float, float, float], shift: bool) -> None:
        data = self.typed.data
        self.take_segment()
        if self._correction:
            self._drawing = True
            raising = (data.tool == "raise") != shift
            self._correction.start_stroke(float(data.diameter) / 2, float(data.strength), raising)
            self._move(point)

    def _move(self, point: tuple[float, float, float]) -> None:
        if self._correction:
            self._correction.stroke_to(point)

    def _release(self) -> None:
        self._drawing = False
        if self._correction:
            self._take_soon()

    def _tell(self, box: Box | None) -> None:
        if box is None:
            return
        self.clock.touch()
        for listener in self.changed:
            listener(box)
        self._update()

    def _update(self) -> None:
        data, correction = self.typed.data, self._correction
        opened = self._desk.case is not None
        data.why_not_segment = "" if self._desk.soft else NO_MAP if opened else NO_IMAGE
        data.why_not_tool = data.why_not_segment or ("" if correction else NO_SEGMENT)
        data.why_not_undo = data.why_not_redo = data.why_not_tool
        hint = data.why_not_tool or ("" if data.surface else "The surface is switched off.")
        self._server.state[SPACE_HINT] = hint if opened else ""
        data.changed = 0
        if correction:
            data.why_not_undo = "" if correction.history.can_undo else "Nothing was changed yet."
            data.why_not_redo = "" if correction.history.can_redo else "Nothing was undone."
            data.changed = correction.changed_voxels
