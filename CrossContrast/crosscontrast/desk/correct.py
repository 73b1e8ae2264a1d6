"""A person corrects one soft map at a time: with the soft brush, and through its segment with any segment editor."""

from collections.abc import Callable
from math import ceil, dist
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscontrast.corrections.clock import WorkClock
from crosscontrast.desk.reasons import NO_MAP, NO_SEGMENT
from crosscontrast.errors import BadInputError
from crosscontrast.scene.roles import is_unsaved, mark_unsaved

if TYPE_CHECKING:
    from crosscontrast.corrections.boxes import Box
    from crosscontrast.scene.correction import Correction

Point = tuple[float, float, float]

#: Where the mouse moves faster than it reports, the brush passes at most this far (mm) between two of its places.
STEP = 0.5
NOTHING_CHANGED = "Nothing was changed yet."


class Corrector:
    """Corrects the map ``soft`` of ``scene``; what is cut from it is called ``segment`` in the editor.

    ``painted`` are called with the part of the map that the brush may have changed while it is down, ``changed`` with
    what a finished change of either kind covers, and ``state`` when a correction began, ended or is in another state.
    ``no_map`` is what this front end says where there is no map to correct, and ``no_segment`` where none was begun.
    """

    def __init__(self, scene: Any, segment: str, no_map: str = NO_MAP, no_segment: str = NO_SEGMENT) -> None:
        self.scene, self.segment, self._no_map, self._no_segment = scene, segment, no_map, no_segment
        self.soft: Any = None
        self.correction: Correction | None = None
        self.clock = WorkClock()
        self.painted: list[Callable[[Box], None]] = []
        self.changed: list[Callable[[Box], None]] = []
        self.state: list[Callable[[], None]] = []
        self._resting: list[tuple[Correction, WorkClock]] = []
        self._last: Point | None = None  # where the brush is, while it is down

    def use(self, soft: Any) -> None:
        """Let ``soft`` be the map at hand (``None``: none is).

        The correction of another map rests, and goes on with its history when that map comes back. All that hold
        changes that no dataset has are kept so, and the last one of the others.
        """
        if soft is self.soft:
            return
        earlier = next((one for one in self._resting if one[0].soft is soft and not one[0].lost), None)
        if self.correction:
            self._take_lifted()
            kept = [one for one in self._resting if not one[0].lost and is_unsaved(one[0].soft)]
            self._resting = [*kept, (self.correction, self.clock)]
            self.correction = None
        self.soft = soft
        if earlier:
            self.correction, self.clock = earlier
            self._resting = [one for one in self._resting if one is not earlier]
        self._tell_state()

    def begin(self, threshold: float) -> None:
        """Cut the segment from the map at ``threshold``, or cut it anew, and let the person correct both.

        Raises :class:`CrossContrastError` where that cannot be.
        """
        from crosscontrast.scene.correction import Correction
        from crosscontrast.scene.sources import follow_image

        reason = self.why_not_begin()
        if reason:
            raise BadInputError(reason)
        follow_image(self.soft)
        self._let_go()
        self.correction = Correction(self.scene, self.soft, threshold, self.segment)
        self.clock = WorkClock()
        self._tell_state()

    def end(self) -> None:
        """Let go of all corrections; nothing of them is lost in the scene, what was just painted neither."""
        self._resting = []
        self._let_go()

    # What can be done, and why not

    def why_not_begin(self) -> str:
        """Why no segment can be made."""
        return "" if self.soft is not None else self._no_map

    def why_not_edit(self) -> str:
        """Why nothing can be corrected."""
        return self.why_not_begin() or ("" if self.correction else self._no_segment)

    def why_not_undo(self) -> str:
        """Why no change can be taken back."""
        return "" if self.correction and self.correction.history.can_undo else NOTHING_CHANGED

    def why_not_redo(self) -> str:
        """Why no change can be made again."""
        return "" if self.correction and self.correction.history.can_redo else "Nothing was undone."

    def why_not_reset(self) -> str:
        """Why one cannot go back to the prediction."""
        return "" if self.changed_voxels else NOTHING_CHANGED

    @property
    def changed_voxels(self) -> int:
        """How many voxels of the map differ from the prediction."""
        return self.correction.changed_voxels if self.correction else 0

    @property
    def unsaved(self) -> bool:
        """Whether the map at hand has changes that no dataset has; the map remembers it over scenes and sessions."""
        known = is_unsaved(self.soft) if self.soft is not None else False
        return self.changed_voxels > 0 if known is None else known

    # The soft brush

    def press(self, point: Point, radius: float, strength: float, *, raising: bool) -> None:
        """Put the brush down at ``point`` (world RAS, mm); ``radius`` in mm."""
        self._lift_and_take()
        if self.correction:
            self.correction.start_stroke(radius, strength, raising)
            self._last = point
            self.move(point)

    def move(self, point: Point) -> None:
        """Move the brush, if it is down, straight to ``point``."""
        if self.correction is None or self._last is None:
            return
        from crosscontrast.corrections.boxes import union

        part: Box | None = None
        for place in _between(self._last, point):
            part = union(part, self.correction.stroke_to(place))
        self._last = point
        if part is not None:
            for listener in self.painted:
                listener(part)

    def lift(self) -> None:
        """Take the brush off the map. :meth:`take` ends the stroke, at once or when the views have drawn it."""
        self._last = None

    # Changes of both kinds

    def take(self) -> None:
        """Take in what was done: a stroke that has ended, or a change of the segment; nothing while the brush is down.

        A correction whose segment was removed from the scene ends: an empty segment is not what its map should become.
        """
        if self.correction is None or self._last is not None:
            return
        if self.correction.lost:
            self.end()
        else:
            self._take_in()

    def undo(self) -> None:
        """Take the last change back."""
        self._lift_and_take()
        if self.correction:
            self._tell(self.correction.undo())

    def redo(self) -> None:
        """Make it again; not where something else was done since."""
        self._lift_and_take()
        if self.correction:
            self._tell(self.correction.redo())

    def reset(self) -> None:
        """Go back to the prediction, which can be undone."""
        self._lift_and_take()
        if self.correction:
            self._tell(self.correction.reset())

    def pick_up(self, found: Path) -> None:
        """Go on where the cord was lost, with the soft map in the file ``found``; what was corrected stays as it is.

        It can be undone. Raises :class:`BadInputError` where the file is of another image.
        """
        self._lift_and_take()
        if self.correction:
            self._tell(self.correction.pick_up(found))

    def saved(self, soft: Any, seconds: float, *, changed_since: bool) -> None:
        """Take note that ``soft``, at hand or not, is in a dataset with so much work, unless it was changed since."""
        mark_unsaved(soft, unsaved=changed_since)
        if soft is self.soft:
            self.clock.take_off(seconds)
        self._tell_state()

    def _let_go(self) -> None:
        if self.correction:
            self._take_lifted()
            self.correction = None
            self._tell_state()

    def _take_lifted(self) -> None:
        self.lift()
        self._take_in()

    def _lift_and_take(self) -> None:
        self.lift()
        self.take()

    def _take_in(self) -> None:
        if self.correction and not self.correction.lost:
            self._tell(self.correction.end_stroke())
            self._tell(self.correction.take_segment())

    def _tell(self, box: "Box | None") -> None:
        if box is None:
            return
        self.clock.touch()
        mark_unsaved(self.soft, unsaved=True)
        for listener in self.changed:
            listener(box)
        self._tell_state()

    def _tell_state(self) -> None:
        for listener in self.state:
            listener()


def _between(start: Point, end: Point) -> list[Point]:
    """Return places on the way from ``start`` to ``end``, which is the last of them."""
    count = max(1, ceil(dist(start, end) / STEP))
    shares = (number / count for number in range(1, count))
    right, anterior, superior = zip(start, end, strict=True)
    return [*((_at(right, s), _at(anterior, s), _at(superior, s)) for s in shares), end]


def _at(ends: tuple[float, float], share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share
