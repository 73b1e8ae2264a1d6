"""Propose and verify: windows follow every place where a structure may be, and the best of what they find is kept."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from crosscontrast.inference.evidence import Evidence, main_tube, measure_tube

Box = tuple[slice, slice, slice]
#: (values (outputs, three axes), refined in place; number of the round) -> mask (three axes) of what windows have seen
Follow = Callable[[np.ndarray, int], np.ndarray]

#: A proposal of which so much lies where windows have found something already is not followed again.
_KNOWN = 0.3
#: Around what was found, nothing else is proposed within this many voxels.
_BESIDE = 3
#: From this evidence on nothing beside a tube is followed any more: a body has one.
_CLEAR = 0.75
#: What has less than this share of a clear tube's mass is not worth following.
_LITTLE = 0.1
#: Below this share of the evidence that is needed, the first round decides.
_HOPELESS = 0.5
#: Tubes that continue each other share at most this many slices.
_SHARED = 3


def is_clear(evidence: Evidence | None) -> bool:
    """Return whether there is so much evidence that nothing else needs to be looked for."""
    return evidence is not None and evidence.score >= _CLEAR


@dataclass(frozen=True)
class Found:
    """A tube: its ``values`` (outputs, three axes) in the ``box`` that windows have ``seen`` parts of; its evidence.

    ``first`` and ``last`` are its slices along the structure.
    """

    box: Box
    values: np.ndarray
    seen: np.ndarray
    evidence: Evidence
    first: int
    last: int

    def shares(self, other: "Found") -> int:
        """Return how many slices both have."""
        return min(self.last, other.last) - max(self.first, other.first) + 1


@dataclass(frozen=True)
class Search:
    """Follows proposals in an image of ``spacing`` (mm along the three axes), along ``axis``.

    ``output`` is the channel of the structure, ``space`` that of what surrounds it, if any; it is where it exceeds
    ``threshold``, proposed and followed where it exceeds ``faint``. It needs ``least`` evidence; ``most`` proposals are
    followed, in ``rounds`` rounds.
    """

    follow: Follow
    output: int
    space: int | None
    threshold: float
    faint: float
    axis: int
    spacing: tuple[float, ...]
    least: float
    most: int
    rounds: int

    def best(self, coarse: np.ndarray, places: Iterable[np.ndarray]) -> tuple[list[Found], Evidence | None]:
        """Return the tubes that are kept, best first, and the best evidence of any; ``places`` are masks (three axes).

        Kept are the one with the most evidence and those that continue it, if it has enough.
        """
        known = np.zeros(coarse.shape[1:], bool)
        tubes: list[Found] = []
        followed = 0
        for place in places:
            if followed == self.most:
                break
            if known[place].mean() > _KNOWN or self._is_idle(coarse, place, tubes):
                continue
            followed += 1
            known |= place
            tube = self._along(coarse, place, decide=True)
            if tube is not None:
                tubes.append(tube)
                found = tube.values[self.output] > self.faint
                known[tube.box] |= ndimage.binary_dilation(found, iterations=_BESIDE)
        ranked = sorted(tubes, key=lambda tube: -tube.evidence.score)
        kept: list[Found] = []
        for tube in ranked:
            if tube.evidence.score >= self.least and all(tube.shares(other) <= _SHARED for other in kept):
                kept.append(tube)
        return kept, ranked[0].evidence if ranked else None

    def shown(self, coarse: np.ndarray, places: Iterable[np.ndarray]) -> list[Found]:
        """Return what is found from each of ``places``, where somebody says that the structure is, unjudged."""
        tubes = []
        for place in places:
            sure = coarse.copy()
            for output in (self.output, self.space):
                if output is not None:
                    sure[output][place] = 1
            tubes.append(self._along(sure, place, decide=False))
        found = [tube for tube in tubes if tube is not None]
        return sorted(found, key=lambda tube: -tube.evidence.score)

    def _along(self, coarse: np.ndarray, place: np.ndarray, *, decide: bool) -> Found | None:
        """Follow from the mask ``place`` in both directions; ``None`` where there is nothing.

        With ``decide``, what the first round finds is not followed again if it is hopeless.
        """
        values = coarse.copy()
        values[self.output][~place] = 0
        found = None
        for number in range(self.rounds):
            seen = self.follow(values, number)
            found = self._measure(values, seen)
            if found is None or (decide and found.evidence.score < _HOPELESS * self.least):
                break
        return found

    def put(self, values: np.ndarray, tubes: Sequence[Found]) -> None:
        """Put ``tubes`` into ``values`` (outputs, three axes), in which the structure is nowhere else."""
        values[self.output] = 0
        for tube in reversed(tubes):  # the best one last
            inside = (slice(None), *tube.box)
            values[inside] = np.where(tube.seen, tube.values, values[inside])

    def _is_idle(self, coarse: np.ndarray, place: np.ndarray, tubes: Sequence[Found]) -> bool:
        """Whether a clear tube runs through all slices of ``place``, or is so much more than what is proposed there."""
        clear = [tube for tube in tubes if is_clear(tube.evidence)]
        if not clear:
            return False
        others = tuple(axis for axis in range(3) if axis != self.axis)
        slices = np.flatnonzero(place.any(others))
        proposed = coarse[self.output][place].sum(dtype=float)
        return any(
            (tube.first <= slices[0] and slices[-1] <= tube.last)
            or proposed < _LITTLE * tube.values[self.output].sum(dtype=float)
            for tube in clear
        )

    def _measure(self, values: np.ndarray, seen: np.ndarray) -> Found | None:
        boxes = ndimage.find_objects(seen.view(np.uint8))
        if not boxes:
            return None
        (box,) = boxes
        inside = values[(slice(None), *box)]
        turned = np.moveaxis(inside, 1 + self.axis, 1)
        tube = main_tube(turned[self.output], self.threshold)
        if tube is None:
            return None
        spacing = (self.spacing[self.axis], *(s for axis, s in enumerate(self.spacing) if axis != self.axis))
        evidence = measure_tube(
            turned[self.output],
            None if self.space is None else turned[self.space],
            tube,
            spacing,
            values.shape[1 + self.axis] * spacing[0],
        )
        slices = np.flatnonzero(tube.any((1, 2))) + box[self.axis].start
        return Found(box, inside.copy(), seen[box].copy(), evidence, int(slices[0]), int(slices[-1]))
