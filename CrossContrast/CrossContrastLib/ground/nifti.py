"""What SimpleITK does not tell of a NIfTI file: whether it is whole, has NaN voxels, or contradicts itself."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import nibabel
import numpy as np
import SimpleITK as sitk

from CrossContrastLib.errors import BadInputError

#: Distance in mm between the positions that qform and sform give to a corner voxel before we speak of it.
_DISAGREEMENT = 0.1


def is_nifti(path: Path) -> bool:
    """Tell by its name whether a file is a single-file NIfTI."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def check_complete(path: Path, promised: int) -> None:
    """Raise :class:`BadInputError` unless the file holds ``promised`` bytes of voxels behind its header.

    ITK fills the rest of a truncated file with zeros and says nothing.
    """
    stored = _gzip_length(path) if path.name.lower().endswith(".gz") else path.stat().st_size
    if stored < promised:
        raise BadInputError(
            f"{path} is incomplete: its header promises {promised} bytes of voxels, the file holds {stored}."
        )


def _gzip_length(path: Path) -> int:
    """Length of the uncompressed content, checked against the CRC that gzip keeps; memory stays small."""
    length = 0
    decoder = zlib.decompressobj(wbits=31)
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                while block:
                    length += len(decoder.decompress(block))
                    block = decoder.unused_data
                    if decoder.eof:
                        decoder = zlib.decompressobj(wbits=31)
                    if not block.strip(b"\0"):  # some writers pad the end with zeros
                        break
    except zlib.error as error:
        # Not gzip at all although it is called so: ITK reads a plain NIfTI under this name.
        if length == 0 and path.stat().st_size:
            return path.stat().st_size
        raise BadInputError(f"{path} is damaged: its compressed data has an error.") from error
    return length


def read_values(path: Path) -> np.ndarray:
    """Return the voxels (k, j, i) of a complete 3-D NIfTI file in their own units, in the machine's byte order.

    nibabel's, because ITK's NIfTI library sets NaN and infinite voxels to 0 without a word.
    """
    try:
        values = np.asanyarray(_nibabel_image(path).dataobj)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise BadInputError(f"{path} is damaged: its voxels cannot be read.") from error
    values = values.reshape(values.shape[:3])
    return np.ascontiguousarray(values.T, dtype=values.dtype.newbyteorder("="))


def geometry_remarks(path: Path, image: sitk.Image) -> Iterator[str]:
    """Yield a sentence for each doubt about the position of the voxels of an image read from a NIfTI file."""
    header = _nibabel_image(path).header
    qform, sform = header.get_qform(coded=True)[0], header.get_sform(coded=True)[0]
    if qform is None and sform is None:
        yield "the file does not say its orientation (no qform, no sform), so left and right are a guess"
    if qform is None or sform is None:
        return
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in image.GetSize()])).reshape(3, -1)
    apart = np.abs((qform - sform)[:3] @ np.vstack([corners, np.ones(corners.shape[1])])).max()
    if apart > _DISAGREEMENT:
        affine = _affine(image)
        used = "sform" if np.abs(sform - affine).max() < np.abs(qform - affine).max() else "qform"
        yield f"qform and sform place voxels up to {apart:.1f} mm apart; the {used} was used"


def _nibabel_image(path: Path) -> nibabel.Nifti1Image:
    """Open a NIfTI file of either version (nibabel's class for version 2 is a subclass) without reading its voxels."""
    return cast(nibabel.Nifti1Image, nibabel.load(path))


def _affine(image: sitk.Image) -> np.ndarray:
    """The 4x4 matrix from index to NIfTI's RAS millimetres."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    # ITK's axes point to the left and the back, NIfTI's to the right and the front.
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
