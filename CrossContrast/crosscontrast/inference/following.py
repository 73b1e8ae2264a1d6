"""The fine pass along a structure: from a coarse pass, or from points, to the structure and what speaks for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from crosscontrast.ground.geometry import Point
from crosscontrast.inference.ends import range_between
from crosscontrast.inference.evidence import Evidence
from crosscontrast.inference.follow import Follower, Predict
from crosscontrast.inference.maps import Maps
from crosscontrast.inference.preprocess import Prepared
from crosscontrast.inference.propose import pointed_at, proposals
from crosscontrast.inference.search import Found, Search, is_clear
from crosscontrast.models.spec import ModelSpec
from crosscontrast.progress import Progress, part
from crosscontrast.timing import timed

#: A whole coarse pass, (outputs, three axes).
Scan = Callable[[Progress], np.ndarray]


@dataclass(frozen=True)
class FollowingPass:
    """Finds and refines what ``spec`` follows in one image.

    ``predict`` is the fine network on windows. ``scan`` slides it over the whole image, if the coarse pass is another
    network's: it knows much better what it looks for, and takes ten times as long, so it is asked where nothing clear
    comes of what the coarse pass proposes.
    """

    spec: ModelSpec
    prepared: Prepared
    predict: Predict
    scan: Scan | None

    def run(
        self, values: np.ndarray, at: Sequence[Point], maps: Maps, progress: Progress, ends: Sequence[Point] = ()
    ) -> np.ndarray:
        """Return ``values`` (outputs, three axes) refined along the structure, and tell ``maps`` what was found.

        What is followed from ``at`` stops at ``ends``, which are as far out as the structure may reach.
        """
        search = self._search(part(progress, 0, 0.5), len(at), self._within(values.shape, at, ends))
        with timed("following what is proposed"):
            if at:
                index, spacing = self.prepared.index, self.prepared.spacing
                found = search.shown(values, [pointed_at(values.shape[1:], index(point), spacing) for point in at])
                best = found[0].evidence if found else None
            else:
                found, best = self._best(search, values)
        if not at and self.scan and not is_clear(best):
            with timed("looking everywhere with the fine network"):
                again = self.scan(part(progress, 0.5, 0.75))
            search = self._search(part(progress, 0.75, 1))
            with timed("following what it sees"):
                others, other = self._best(search, again)
            if best is None or (other is not None and other.score > best.score):
                values, found, best = again, others, other
        search.put(values, found)
        if best is not None:
            maps.evidence = best.score
        if not found:
            maps.doubt = f"the best that was found is not enough: {best}" if best else "nothing like it was found"
        return values

    def _best(self, search: Search, coarse: np.ndarray) -> tuple[list[Found], Evidence | None]:
        return search.best(coarse, proposals(coarse[search.output], search.faint, search.axis, search.spacing))

    def _within(self, shape: Sequence[int], at: Sequence[Point], ends: Sequence[Point]) -> tuple[int, int] | None:
        axis = self.spec.localisation.follow if self.spec.localisation else None
        if axis is None or not (at and ends):
            return None
        places, through = ([self.prepared.index(point)[axis] for point in points] for points in (ends, at))
        return range_between(places, through, np.zeros(shape[1 + axis]))

    def _search(self, progress: Progress, starts: int = 0, within: tuple[int, int] | None = None) -> Search:
        """Return the search that the specification asks for; it tells its progress from a known number of starts.

        ``within`` are the first and the last slice in which there can be anything.
        """
        localisation, outputs = self.spec.localisation, self.spec.outputs
        assert localisation is not None
        assert localisation.follow is not None
        reports = _for_each_start(progress, starts)
        return Search(
            follow=lambda values, number: self._follow(values, number, reports(number), within),
            output=outputs.index(localisation.output),
            space=outputs.index(localisation.relative[1]) if localisation.relative else None,
            threshold=localisation.threshold,
            faint=localisation.propose,
            axis=localisation.follow,
            spacing=self.prepared.spacing,
            least=localisation.evidence,
            most=localisation.proposals,
            rounds=localisation.rounds,
        )

    def _follow(
        self, values: np.ndarray, number: int, progress: Progress, within: tuple[int, int] | None
    ) -> np.ndarray:
        """Refine ``values`` in place by windows along the structure in one round; return what windows have seen."""
        localisation, windowing = self.spec.localisation, self.spec.windowing
        assert localisation is not None
        assert localisation.follow is not None
        depth, height, width = windowing.size
        follower = Follower(
            values,
            self.spec.outputs.index(localisation.output),
            localisation.propose,
            (depth, height, width),
            windowing.overlap,
            localisation.follow,
            round(localisation.margin / self.prepared.spacing[localisation.follow]),
            within,
        )
        for done, total in follower.run(torch.from_numpy(self.prepared.values), self.predict, windowing.batch):
            said = f"window {done} of {total} along a {localisation.output}"
            progress(number + done / total, localisation.rounds, said)
        return follower.seen


def _for_each_start(progress: Progress, starts: int) -> Callable[[int], Progress]:
    """Return what gives the progress of a round, by its number; the first round is that of another start.

    Where their number is not known (0), each start takes half of what is left.
    """
    count = -1

    def report(number: int) -> Progress:
        nonlocal count
        count += number == 0
        if starts:
            return part(progress, count / starts, (count + 1) / starts)
        return part(progress, 1 - 0.5**count, 1 - 0.5 ** (count + 1))

    return report
