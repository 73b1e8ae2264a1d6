"""Other programs' labels of the spine, recognised by their values and turned into SCT's disc points.

SCT's own and its template's (PAM50) levels and discs count alike: level 1 is C1, disc 3 is C2/C3.
"""

import warnings

import numpy as np
import SimpleITK as sitk

from crosscontrast.cord.csa.volume import Point
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import ImageWarning

#: TotalSpineSeg's values: cord and canal, vertebrae (C1 is 11, T1 21, L1 41, up to L7) with the sacrum, and discs with
#: SCT's number of each (63 is C2/C3, 71 C7/T1, 91 T12/L1, 100 L5/S1).
_CORD, _CANAL = 1, 2
_VERTEBRAE = {*range(11, 18), *range(21, 33), *range(41, 48), 50}
_DISCS = (
    {63 + n: 3 + n for n in range(5)}
    | {71 + n: 8 + n for n in range(12)}
    | {91 + n: 20 + n for n in range(5)}
    | {100: 25}
)


def totalspineseg_discs(labels: sitk.Image, name: str) -> dict[int, Point] | None:
    """Return the centres (LPS, mm) of the discs in a map of TotalSpineSeg's structures, by SCT's numbers.

    ``None`` for a map without values that only TotalSpineSeg gives, to discs. What was recognised is said. Raises
    :class:`BadInputError` for a map that looks like one, but has values that TotalSpineSeg does not give or fewer than
    two discs.
    """
    values = sitk.GetArrayViewFromImage(labels)
    found = {int(value) for value in np.unique(values) if value == int(value) and value != 0}
    if not found & set(_DISCS):
        return None
    strange = found - set(_DISCS) - _VERTEBRAE - {_CORD, _CANAL}
    discs = sorted(found & set(_DISCS))
    if strange or len(discs) < 2:
        why = f"the value {min(strange)}, which it does not give" if strange else "fewer than two discs"
        raise BadInputError(
            f"{name[0].upper()}{name[1:]} looks like one of TotalSpineSeg's, but has {why}, so no level is sure."
        )
    warnings.warn(
        f"{name} holds TotalSpineSeg's structures; the levels were taken from its {len(discs)} discs",
        ImageWarning,
        stacklevel=2,
    )
    return {_DISCS[value]: _centre(labels, values == value) for value in discs}


def _centre(labels: sitk.Image, where: np.ndarray) -> Point:
    x, y, z = labels.TransformContinuousIndexToPhysicalPoint(np.argwhere(where).mean(axis=0)[::-1].tolist())
    return x, y, z
