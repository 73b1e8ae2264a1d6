"""A cohort checked against itself before hours of work: who lacks an image, and which image is unlike the others.

Nothing here knows what an intensity or a voxel size ought to be. The images of a role are compared with each other, by
their median and the median deviation from it, so that a few strangers do not move what they are measured by.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import median_low

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow
from crosscontrast.ground.geometry import ras_affine

#: An image is in another unit where its intensities span this many times more or less than the others' ...
_FACTOR = 5.0
#: ... or lie this share of the others' span above or below them, at both ends,
_SHIFT = 0.25
#: and this many deviations away: raw MRI of several scanners differs by more than a factor of 5 without any fault.
_DEVIATIONS = 6.0
#: Voxels this many times longer or shorter than the others' show other structures.
_SPACING = 1.99
#: The share at either end that does not count: one hot voxel of 1e8 is no unit.
_TAIL = 0.001
#: A target that covers this much less of its source than the others do is named.
_UNCOVERED = 0.25
#: Places along each axis, at most, where it is asked whether the other image reaches there.
_PLACES = 48
_MOST_NAMES = 5
#: What can be done about findings.
HINT = "correct the table or the images, or go on all the same with --force"


@dataclass(frozen=True)
class Look:
    """What is kept of an image: its ends without a thousandth of the voxels, affine, size and mm along R, A, S."""

    row: CohortRow
    low: float
    high: float
    spacing: tuple[float, float, float]
    affine: np.ndarray
    size: tuple[int, int, int]

    @property
    def name(self) -> str:
        """The file and whose it is."""
        return f"{self.row.image.name} of {visit_name(self.row)}"


@dataclass
class Findings:
    """What was found, in half sentences: what is refused unless it is forced, and what is only said."""

    refused: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def settle(self, source: Path, *, force: bool) -> list[str]:
        """Return everything as sentences; raises :class:`BadInputError` naming ``source`` unless ``force``."""
        if self.refused and not force:
            raise BadInputError(f"{source}: {'; '.join(self.refused)}.", HINT)
        return [f"{source.name}: {finding}." for finding in (*self.refused, *self.said)]


def look_at(row: CohortRow, image: sitk.Image) -> Look:
    """Take a 3-D image's measures; voxels that are not finite do not count."""
    values = sitk.GetArrayViewFromImage(image).ravel()
    values = values[np.isfinite(values)].astype(np.float64)
    low, high = 0.0, 0.0
    if values.size:  # of small images at least one voxel at either end
        low = np.quantile(values, _TAIL, method="higher")
        high = np.quantile(values, 1 - _TAIL, method="lower")
    if values.size and not high > low:  # a few bright voxels in nothing
        low, high = values.min(), values.max()
    affine = ras_affine(image)
    # How far a step along the voxel axis that runs mostly there goes.
    sides = np.linalg.norm(affine[:3, :3], axis=0)
    along = tuple(float(sides[axis]) for axis in np.abs(affine[:3, :3] / sides).argmax(axis=1))
    return Look(row, float(low), float(high), along, affine, image.GetSize())  # type: ignore[arg-type]


def visit_name(row: CohortRow) -> str:
    """Name the subject, and the session where there is one."""
    return f"{row.subject} {row.session}".strip()


def name_some(names: Iterable[str]) -> str:
    """List names, the first five where there are more."""
    listed = list(dict.fromkeys(names))
    more = len(listed) - _MOST_NAMES
    return ", ".join(listed[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def incomplete(rows: Iterable[CohortRow], roles: Sequence[str]) -> list[str]:
    """Return who has an image of one of the roles and none of another, with the files that would be left out."""
    visits: dict[tuple[str, str], dict[str, CohortRow]] = {}
    for row in rows:
        if row.role in roles:
            visits.setdefault((row.subject, row.session), {})[row.role] = row
    found = []
    for there in visits.values():
        missing = [role for role in dict.fromkeys(roles) if role not in there]
        if missing:
            files = ", ".join(row.image.name for row in there.values())
            found.append(f"{visit_name(next(iter(there.values())))} has no image of role {', '.join(missing)}"
                         f" beside {files}")  # fmt: skip
    return found


def other_units(looks: Sequence[Look]) -> list[str]:
    """Return which images of a role are constant, or measured in another unit or from another zero than the others."""
    found = [f"{look.name} is constant: {look.low:g}" for look in looks if not look.high > look.low]
    varying = [look for look in looks if look.high > look.low]
    if len(varying) < 2:
        return found
    levels = [math.log10(look.high - look.low) for look in varying]
    usual, spread = _centre(levels)
    strange = [abs(level - usual) > max(math.log10(_FACTOR), _DEVIATIONS * spread) for level in levels]
    found += [
        f"{look.name} is {_times(level - usual)} than the other images of role {look.row.role}"
        for look, level, is_it in zip(varying, levels, strange, strict=True)
        if is_it
    ]
    rest = [look for look, is_it in zip(varying, strange, strict=True) if not is_it]
    ends = [_centre([getattr(look, end) for look in rest]) for end in ("low", "high")]
    for look in rest:
        apart = [getattr(look, end) - centre for end, (centre, _) in zip(("low", "high"), ends, strict=True)]
        least = [max(_SHIFT * 10**usual, _DEVIATIONS * wide) for _, wide in ends]
        if all(abs(a) > b for a, b in zip(apart, least, strict=True)) and apart[0] * apart[1] > 0:
            where = "above" if apart[0] > 0 else "below"
            found.append(f"{look.name} lies {abs(apart[0]):.4g} {where} the other images of role {look.row.role}")
    return found


def other_spacings(looks: Sequence[Look]) -> list[str]:
    """Return which images of a role have voxels half or twice as long as the others', in the patient's directions."""
    usual = [median_low([look.spacing[axis] for look in looks]) for axis in range(3)] if looks else []
    found = []
    for look in looks:
        ratios = [own / other for own, other in zip(look.spacing, usual, strict=True)]
        if any(max(ratio, 1 / ratio) >= _SPACING for ratio in ratios):
            own, other = (" x ".join(f"{side:.3g}" for side in sides) for sides in (look.spacing, usual))
            found.append(f"{look.name} has voxels of {own} mm, where {other} mm is usual for role {look.row.role}")
    return found


def coverage(grid: Look, image: Look) -> float:
    """Return the share of the field of view of ``grid`` that ``image`` was measured in as well."""
    counts = [min(side, _PLACES) for side in grid.size]
    places = [(np.arange(count) + 0.5) / count * side - 0.5 for count, side in zip(counts, grid.size, strict=True)]
    points = np.array(list(product(*places))).T
    to_image = np.linalg.inv(image.affine) @ grid.affine
    index = to_image[:3, :3] @ points + to_image[:3, 3:]
    # A grid of the same voxels ends where its neighbour does, but for rounding.
    inside = (index >= -0.5 - 1e-3) & (index <= np.array(image.size)[:, None] - 0.5 + 1e-3)
    return float(inside.all(axis=0).mean())


def uncovered(pairs: Sequence[tuple[Look, Look]]) -> Findings:
    """Compare how much of the first image's field of view the second one covers, over the pairs of a cohort.

    Pairs that cover much less than the others are to be refused; that all end somewhere is only said.
    """
    findings = Findings()
    shares = [coverage(grid, image) for grid, image in pairs]
    if not shares or min(shares) == 1:
        return findings
    usual = median_low(shares)
    for (grid, image), share in zip(pairs, shares, strict=True):
        if share < max(usual - _UNCOVERED, 0.05):
            findings.refused.append(
                f"{image.name} covers {share:.0%} of {grid.row.image.name}, where {usual:.0%} is usual"
            )
    part = [image.row.image.name for (_, image), share in zip(pairs, shares, strict=True) if share < 1]
    findings.said.append(
        f"{len(part)} of {len(pairs)} images of role {pairs[0][1].row.role} do not cover the whole of their "
        f"{pairs[0][0].row.role} (from {min(shares):.0%}); what was not measured does not count ({name_some(part)})"
    )
    return findings


def _centre(values: Sequence[float]) -> tuple[float, float]:
    """Return the median, one of the values, and the standard deviation that the median deviation from it stands for."""
    centre = median_low(values)
    return centre, 1.4826 * median_low([abs(value - centre) for value in values])


def _times(log: float) -> str:
    factor = float(f"{10 ** abs(log):.1g}")  # who multiplied by 1000 is not helped by 963.2
    return f"about {factor:.10g} times {'brighter' if log > 0 else 'darker'}"
