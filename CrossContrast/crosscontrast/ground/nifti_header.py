"""The header of a NIfTI file, where it is a usual one.

Read here because nibabel, which reads every NIfTI, takes longer to import (it imports pydicom) than a small case takes
to measure. Whatever is unusual is still left to nibabel.
"""

from dataclasses import dataclass

import numpy as np

_ONE = {
    "dim": ("i2", 40, 8), "datatype": ("i2", 70, 1), "pixdim": ("f4", 76, 8), "vox_offset": ("f4", 108, 1),
    "scale": ("f4", 112, 2), "codes": ("i2", 252, 2), "quatern": ("f4", 256, 3), "offset": ("f4", 268, 3),
    "srow": ("f4", 280, 12),
}  # fmt: skip
_TWO = {
    "dim": ("i8", 16, 8), "datatype": ("i2", 12, 1), "pixdim": ("f8", 104, 8), "vox_offset": ("i8", 168, 1),
    "scale": ("f8", 176, 2), "codes": ("i4", 344, 2), "quatern": ("f8", 352, 3), "offset": ("f8", 376, 3),
    "srow": ("f8", 400, 12),
}  # fmt: skip
#: NIfTI's numbers of the types that we read.
_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
#: Length of the header, the place of what marks a single file, and the mark.
_VERSIONS = {348: (344, b"n+1\0", _ONE), 540: (4, b"n+2\0", _TWO)}


@dataclass(frozen=True)
class Header:
    """Where the voxels of a file lie and of which type they are, and the two affines (``None``: not given)."""

    size: tuple[int, ...]
    dtype: np.dtype
    start: int
    qform: np.ndarray | None
    sform: np.ndarray | None


def parse_header(content: bytes | memoryview) -> Header | None:
    """Return the header that a file's first bytes hold; ``None`` where it is not a usual one.

    Usual are: a single file, a plain number type, no scaling, and rotations that are rotations.
    """
    for order in "<>":
        if len(content) < 4:
            return None
        length = int(np.frombuffer(content, f"{order}i4", 1)[0])
        place, mark, fields = _VERSIONS.get(length, (0, b"", {}))
        if fields and len(content) >= length and bytes(content[place : place + 4]) == mark:
            found = {
                name: np.frombuffer(content, order + kind, count, at) for name, (kind, at, count) in fields.items()
            }
            return _header(found, order)
    return None


def _header(found: dict[str, np.ndarray], order: str) -> Header | None:
    kind, start = _TYPES.get(int(found["datatype"][0])), float(found["vox_offset"][0])
    slope, intercept = found["scale"].astype(float)
    unscaled = not np.isfinite(slope) or slope == 0 or (slope == 1 and intercept == 0)
    axes = int(found["dim"][0])
    if kind is None or not unscaled or not 1 <= axes <= 7 or start < 348 or start != int(start):
        return None
    coded = [int(code) > 0 for code in found["codes"]]
    qform = _qform(found) if coded[0] else None
    if coded[0] and qform is None:
        return None
    sform = np.vstack([found["srow"].astype(float).reshape(3, 4), [0, 0, 0, 1]]) if coded[1] else None
    size = tuple(int(extent) for extent in found["dim"][1 : axes + 1])
    return Header(size, np.dtype(order + kind), int(start), qform, sform)


def _qform(found: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the affine of the quaternion (nifti1.h, method 2)."""
    b, c, d = found["quatern"].astype(float)
    rest = 1 - (b * b + c * c + d * d)
    steps = found["pixdim"][1:4].astype(float)
    if rest < -1e-6 or not (steps > 0).all():
        return None
    a = np.sqrt(max(rest, 0.0))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    steps[2] *= -1 if found["pixdim"][0] < 0 else 1
    affine = np.eye(4)
    affine[:3, :3] = rotation * steps
    affine[:3, 3] = found["offset"]
    return affine
