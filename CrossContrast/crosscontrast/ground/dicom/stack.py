"""Whether slices lie on a regular grid, as their headers say."""

from collections.abc import Sequence

import numpy as np

from crosscontrast.errors import MissingPackageError
from crosscontrast.ground.dicom.frames import Frame, pydicom

#: How far a slice may lie from its place on a regular grid along the stack, as a part of the distance of slices.
_ALONG = 0.05
#: And across it, as a part of the smaller pixel's side.
_ACROSS = 0.1
#: The largest angle (sine) between the slices of a stack; two digits less than scanners write.
_ANGLE = 1e-3


class NoStack(Exception):  # noqa: N818  (it is a finding about a series, said to the user as a sentence)
    """Why slices are not one volume; continues "The DICOM series ..."."""


def same_plane(a: Frame, b: Frame) -> bool:
    """Tell whether two slices are of one size and parallel, in one frame of reference."""
    return (
        a.shape == b.shape
        and a.frame_of_reference == b.frame_of_reference
        and bool(np.allclose(a.spacing, b.spacing, rtol=1e-3))
        and float(np.abs(np.subtract(a.orientation, b.orientation)).max()) <= _ANGLE
    )


def doubled(frames: Sequence[Frame]) -> int:
    """Return how many slices lie at the place that most share; 1 where none is doubled."""
    places = np.sort([np.dot(frame.position, frames[0].normal) for frame in frames])
    return max(int(np.sum(np.abs(places - place) < 1e-3)) for place in places)


def stacked(frames: Sequence[Frame]) -> tuple[list[Frame], float]:
    """Return slices in their order along the normal (right-handed), and their distance in mm.

    Raises :class:`NoStack` where they are no volume with axes at right angles and evenly spaced slices.
    """
    if len(frames) == 1:
        return list(frames), frames[0].thickness
    positions = np.array([frame.position for frame in frames])
    first = frames[0]
    along = positions @ first.normal
    gaps = np.diff(np.sort(along))
    if gaps.min() < 1e-3:
        raise NoStack(f"has {doubled(frames)} slices at one place, and nothing in their headers tells them apart")
    spacing, places = _judged(positions, first.orientation)
    regular = np.sort(along)[0] + np.mean(gaps) * np.arange(len(frames))
    if places is None or np.abs(np.sort(along) - regular).max() > _ALONG * gaps.mean():
        _refuse(positions, first, gaps)
    across = _sideways(positions, first)
    if across > _ACROSS * min(first.spacing):
        _refuse(positions, first, gaps)
    assert places is not None
    ordered = [frame for _, frame in sorted(zip(places, frames, strict=True), key=lambda pair: pair[0])]
    return ordered, float(spacing)


def _judged(positions: np.ndarray, orientation: Sequence[float]) -> tuple[float, list[int] | None]:
    """Ask highdicom for the distance of slices and the place of each; its right angle may be 2.5 degrees wrong."""
    pydicom()  # before highdicom imports it in its own way
    try:
        from highdicom.spatial import get_volume_positions
    except ImportError as error:
        raise MissingPackageError("DICOM needs the package highdicom.", "pip install highdicom") from error
    spacing, places = get_volume_positions(positions.tolist(), orientation, rtol=_ALONG, index_convention="RD")
    return spacing or 0.0, places


def _sideways(positions: np.ndarray, first: Frame) -> float:
    """How far (mm) slices are shifted within their planes against the one at an end of the stack, at most."""
    along = positions @ first.normal
    shifts = positions - np.outer(along, first.normal)
    return float(np.linalg.norm(shifts - shifts[np.argmin(along)], axis=1).max())


def _refuse(positions: np.ndarray, first: Frame, gaps: np.ndarray) -> None:
    usual = float(np.median(gaps))
    if np.abs(gaps - usual).max() > _ALONG * usual:
        raise NoStack(
            f"has missing or doubled slices: gaps between neighbours go from {gaps.min():.2f} to {gaps.max():.2f} mm"
        )
    across = _sideways(positions, first)
    if across > _ACROSS * min(first.spacing):
        raise NoStack(
            f"is sheared: its slices are shifted sideways against each other by up to {across:.1f} mm (a tilted gantry)"
        )
    raise NoStack(f"has slices at uneven distances, from {gaps.min():.3f} to {gaps.max():.3f} mm")
