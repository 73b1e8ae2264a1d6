"""The header of a NIfTI file, where it is a usual one.

Read here because nibabel, which reads every NIfTI, takes longer to import (it imports pydicom) than a small case takes
to measure. Whatever is unusual is still left to nibabel.
"""

from dataclasses import dataclass

import numpy as np

FIELDS_ONE = {
    "dim": ("i2", 40, 8), "datatype": ("i2", 70, 1), "pixdim": ("f4", 76, 8), "vox_offset": ("f4", 108, 1),
    "scale": ("f4", 112, 2), "codes": ("i2", 252, 2), "quatern": ("f4", 256, 3), "offset": ("f4", 268, 3),
    "srow": ("f4", 280, 12), "units": ("u1", 123, 1),
}  # fmt: skip
FIELDS_TWO = {
    "dim": ("i8", 16, 8), "datatype": ("i2", 12, 1), "pixdim": ("f8", 104, 8), "vox_offset": ("i8", 168, 1),
    "scale": ("f8", 176, 2), "codes": ("i4", 344, 2), "quatern": ("f8", 352, 3), "offset": ("f8", 376, 3),
    "srow": ("f8", 400, 12), "units": ("i4", 500, 1),
}  # fmt: skip
#: Millimetres per unit of length, by NIfTI's number of it (metre, micrometre); others are taken for millimetres.
_UNITS = {1: 1e3, 3: 1e-3}
#: NIfTI's code of the scanner's own space.
_SCANNER = 1
#: NIfTI's numbers of the types that we read.
TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
#: Length of the header, the place of what marks a single file, and the mark.
VERSIONS = {348: (344, b"n+1\0", FIELDS_ONE), 540: (4, b"n+2\0", FIELDS_TWO)}


@dataclass(frozen=True)
class Header:
    """Where the voxels of a file lie and of which type they are, and the two affines (``None``: not given).

    A voxel's value is ``slope * stored + intercept``, where the file gives a slope. ``pixdim`` are the steps along the
    axes that stand beside the affines, ``pair`` says whether the voxels are in another file (``.img``). All in mm.
    """

    size: tuple[int, ...]
    dtype: np.dtype
    start: int
    slope: float
    intercept: float
    pixdim: tuple[float, float, float]
    qform: np.ndarray | None
    sform: np.ndarray | None
    pair: bool = False
    version: int = 1
    sform_code: int = 0

    @property
    def affine(self) -> np.ndarray | None:
        """The affine that ITK places an image of version 1 by: the sform where it is of the scanner, else the qform."""
        first, second = (self.sform, self.qform) if self.sform_code == _SCANNER else (self.qform, self.sform)
        return first if first is not None else second

    @property
    def shape(self) -> tuple[int, int, int]:
        """The size as three numbers."""
        return (*self.size, 1, 1)[:3]  # type: ignore[return-value]

    @property
    def voxel_bytes(self) -> int:
        """What the voxels take in the file."""
        return int(np.prod(self.size, dtype=object)) * self.dtype.itemsize

    @property
    def scaled(self) -> bool:
        """Whether the values are not the stored numbers. A slope of 0 means that they are (nifti1.h)."""
        return np.isfinite(self.slope) and self.slope != 0 and (self.slope, self.intercept) != (1, 0)


def parse_header(content: bytes | memoryview) -> Header | None:
    """Return the header that a file's first bytes hold; ``None`` where it is not a usual one.

    Usual are a plain number type and rotations that are rotations.
    """
    for order in "<>":
        if len(content) < 4:
            return None
        length = int(np.frombuffer(content, f"{order}i4", 1)[0])
        place, mark, fields = VERSIONS.get(length, (0, b"", {}))
        marks = (mark, b"ni" + mark[2:])
        if fields and len(content) >= length and bytes(content[place : place + 4]) in marks:
            found = {
                name: np.frombuffer(content, order + kind, count, at) for name, (kind, at, count) in fields.items()
            }
            return _header(found, order, pair=bytes(content[place : place + 4]) != mark, version=1 + (length == 540))
    return None


def _header(found: dict[str, np.ndarray], order: str, *, pair: bool, version: int) -> Header | None:
    kind, start = TYPES.get(int(found["datatype"][0])), float(found["vox_offset"][0])
    slope, intercept = found["scale"].astype(float)
    axes = int(found["dim"][0])
    if kind is None or not 1 <= axes <= 7 or start < (0 if pair else 348) or start != int(start):
        return None
    coded = [int(code) > 0 for code in found["codes"]]
    qform = _qform(found) if coded[0] else None
    if coded[0] and qform is None:
        return None
    sform = np.vstack([found["srow"].astype(float).reshape(3, 4), [0, 0, 0, 1]]) if coded[1] else None
    to_mm = _UNITS.get(int(found["units"][0]) & 7, 1.0)
    for affine in (qform, sform):
        if affine is not None:
            affine[:3] *= to_mm
    size = tuple(int(extent) for extent in found["dim"][1 : axes + 1])
    steps = tuple((found["pixdim"][1:4].astype(float) * to_mm).tolist())
    intercept = intercept if np.isfinite(intercept) else 0.0
    return Header(
        size,
        np.dtype(order + kind),
        int(start),
        slope,
        intercept,
        steps,
        qform,
        sform,
        pair,
        version,
        int(found["codes"][1]),
    )


def _qform(found: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the affine of the quaternion (nifti1.h, method 2)."""
    b, c, d = found["quatern"].astype(float)
    rest = 1 - (b * b + c * c + d * d)
    steps = found["pixdim"][1:4].astype(float)
    if rest < -1e-6 or not (steps >= 0).all():
        return None
    steps[steps == 0] = 1  # as the NIfTI library does; the reader is told
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
