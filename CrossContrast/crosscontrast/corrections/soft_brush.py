"""A brush that raises or lowers soft values inside a soft-edged sphere, and the history of such changes."""

from dataclasses import dataclass, field

import numpy as np

from crosscontrast.corrections.boxes import Box, union, within

#: Changes that can be undone, and the most memory in bytes that they may hold.
_MOST_EDITS, _MOST_BYTES = 200, 256 * 2**20


@dataclass(frozen=True)
class Edit:
    """What a part of a map was before a change and is after it."""

    box: Box
    before: np.ndarray
    after: np.ndarray


class EditHistory:
    """The changes made to a map, of which only the parts that changed are kept. The oldest go when it grows large."""

    def __init__(self) -> None:
        self._done: list[Edit] = []
        self._undone: list[Edit] = []

    def push(self, edit: Edit) -> None:
        """Remember a change that was made; what was undone before it can no longer be made again."""
        self._undone.clear()
        self._done.append(edit)
        while len(self._done) > _MOST_EDITS or sum(e.before.nbytes + e.after.nbytes for e in self._done) > _MOST_BYTES:
            del self._done[0]

    def undo(self, values: np.ndarray) -> Box | None:
        """Take the last change back in ``values`` and return where; ``None`` when there is none."""
        if not self._done:
            return None
        edit = self._done.pop()
        self._undone.append(edit)
        values[edit.box] = edit.before
        return edit.box

    def redo(self, values: np.ndarray) -> Box | None:
        """Make the change that was undone last again and return where; ``None`` when there is none."""
        if not self._undone:
            return None
        edit = self._undone.pop()
        self._done.append(edit)
        values[edit.box] = edit.after
        return edit.box

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._undone)


@dataclass
class SoftStroke:
    """One stroke of the brush over ``values`` (k, j, i), float32 in [0, 1], which it changes in place.

    ``place`` is the 4 x 4 matrix from voxel indices (i, j, k) to mm (with axes at right angles); ``radius`` in mm.
    At the brush's centre a value v becomes v + strength (1 - v), or v - strength v where it is lowered (``raising``
    false), and the effect falls to nothing at the radius as half a cosine wave. Where the sphere passes twice in one
    stroke its strongest moment counts, so the result depends on the path only and not on how often the mouse reports.

    Along an axis whose voxels are longer than the radius the distance is taken from the voxel's faces, not its centre,
    so that a small brush acts on the thick slice that it stands in.
    """

    values: np.ndarray
    place: np.ndarray
    radius: float
    strength: float
    raising: bool
    _box: Box | None = field(default=None, init=False)
    _before: np.ndarray = field(init=False)
    _weights: np.ndarray = field(init=False)

    def move_to(self, point: np.ndarray) -> Box | None:
        """Let the sphere stand at ``point`` (mm) and return the part that may have changed (``None``: none)."""
        spacing = np.linalg.norm(self.place[:3, :3], axis=0)
        centre = np.linalg.solve(self.place, [*point, 1.0])[:3]
        reach = np.maximum(self.radius / spacing, 0.5)
        low = np.ceil(centre - reach).clip(0).astype(int)
        high = np.minimum(np.floor(centre + reach).astype(int) + 1, self.values.shape[::-1])
        if (low >= high).any():
            return None
        box = _box_of(low, high)
        self._grow(box)
        weights = self._weights[self._inside(box)]
        np.maximum(weights, self._falloff(centre, spacing, low, high), out=weights)
        before = self._before[self._inside(box)]
        change = self.strength * weights * (1 - before if self.raising else -before)
        self.values[box] = np.clip(before + change, 0, 1)
        return box

    def finish(self) -> Edit | None:
        """Return what the stroke changed, ``None`` for nothing."""
        if self._box is None:
            return None
        after = self.values[self._box].copy()
        return None if np.array_equal(after, self._before) else Edit(self._box, self._before, after)

    def _falloff(self, centre: np.ndarray, spacing: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        squares = []
        for axis in range(3):
            offset = np.abs(np.arange(low[axis], high[axis]) - centre[axis])
            if spacing[axis] > self.radius:
                offset = np.maximum(offset - 0.5, 0)
            squares.append((offset * spacing[axis]) ** 2)
        distance = np.sqrt(squares[2][:, None, None] + squares[1][:, None] + squares[0])
        return (0.5 + 0.5 * np.cos(np.pi * np.minimum(distance / self.radius, 1))).astype(np.float32)

    def _grow(self, box: Box) -> None:
        """Let what the stroke remembers cover ``box`` too."""
        old, grown = self._box, union(self._box, box)
        if grown == old or grown is None:
            return
        before = self.values[grown].copy()
        weights = np.zeros(before.shape, np.float32)
        self._box = grown
        if old is not None:
            before[self._inside(old)], weights[self._inside(old)] = self._before, self._weights
        self._before, self._weights = before, weights

    def _inside(self, box: Box) -> Box:
        """Return where ``box`` lies in what the stroke remembers."""
        assert self._box
        return within(box, self._box)


def _box_of(low: np.ndarray, high: np.ndarray) -> Box:
    """Make the part (k, j, i) from the first and behind the last index (i, j, k)."""
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return k, j, i
