"""What SimpleITK does not tell of a NIfTI file: whether it is whole, has NaN voxels, or contradicts itself."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.nifti_header import parse_header

if TYPE_CHECKING:
    import nibabel

#: Distance in mm between the positions that qform and sform give to a corner voxel before we speak of it.
_DISAGREEMENT = 0.1


def is_nifti(path: Path) -> bool:
    """Tell by its name whether a file is a single-file NIfTI."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def check_complete(path: Path, promised: int) -> None:
    """Raise :class:`BadInputError` unless the file holds ``promised`` bytes of voxels behind its header.

    ITK fills the rest of a truncated file with zeros and says nothing.
    """
    zipped = path.name.lower().endswith(".gz")
    # Not gzip at all although it is called so: ITK reads a plain NIfTI under this name.
    stored = (sum(map(len, _unzipped(path))) if zipped else 0) or path.stat().st_size
    if stored < promised:
        raise _incomplete(path, promised, stored)


def _incomplete(path: Path, promised: int, stored: int) -> BadInputError:
    return BadInputError(
        f"{path} is incomplete: its header promises {promised} bytes of voxels, the file holds {stored}."
    )


def _unzipped(path: Path) -> Iterator[bytes]:
    """Yield the uncompressed content, checked against the CRC that gzip keeps; nothing where it is not gzip at all."""
    decoder, begun = zlib.decompressobj(wbits=31), False
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                while block:
                    content = decoder.decompress(block)
                    if content:
                        begun = True
                        yield content
                    block = decoder.unused_data
                    if decoder.eof:
                        decoder = zlib.decompressobj(wbits=31)
                    if not block.strip(b"\0"):  # some writers pad the end with zeros
                        break
    except zlib.error as error:
        if begun:
            raise BadInputError(f"{path} is damaged: its compressed data has an error.") from error


def read_values(path: Path, promised: int) -> np.ndarray:
    """Return the voxels (k, j, i) of a 3-D NIfTI file in their own units, in the machine's byte order.

    Not by ITK, whose NIfTI library sets NaN and infinite voxels to 0 without a word. Raises :class:`BadInputError`
    where the file holds less than ``promised`` bytes of voxels or is damaged.
    """
    content = np.memmap(path, np.uint8, "r").data
    if path.name.lower().endswith(".gz"):
        content = memoryview(b"".join(_unzipped(path)) or content)
    if len(content) < promised:
        raise _incomplete(path, promised, len(content))
    header = parse_header(content)
    if header is None:
        return _unusual_values(path)
    shape = (*header.size, 1, 1)[:3]
    if len(content) < header.start + int(np.prod(shape, dtype=object)) * header.dtype.itemsize:
        raise BadInputError(f"{path} is damaged: its voxels cannot be read.")
    values = np.frombuffer(content, header.dtype, int(np.prod(shape)), header.start)
    return values.reshape(shape[::-1]).astype(header.dtype.newbyteorder("="))


def geometry_remarks(path: Path, image: sitk.Image) -> Iterator[str]:
    """Yield a sentence for each doubt about the position of the voxels of an image read from a NIfTI file."""
    qform, sform = _affines(path)
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


def _affines(path: Path) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the affines of qform and sform; ``None`` for one that the file does not give."""
    with path.open("rb") as stream:
        begin = stream.read(4096)
    with suppress(zlib.error):  # a plain file under a zipped one's name stays as it is
        begin = zlib.decompressobj(wbits=31).decompress(begin, 4096)
    header = parse_header(begin)
    if header is not None:
        return header.qform, header.sform
    unusual = _nibabel_image(path).header
    return unusual.get_qform(coded=True)[0], unusual.get_sform(coded=True)[0]


def _unusual_values(path: Path) -> np.ndarray:
    """Return the voxels of a file whose header is left to nibabel: scaled ones, above all."""
    try:
        values = np.asanyarray(_nibabel_image(path).dataobj)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise BadInputError(f"{path} is damaged: its voxels cannot be read.") from error
    values = values.reshape(values.shape[:3])
    return np.ascontiguousarray(values.T, dtype=values.dtype.newbyteorder("="))


def _nibabel_image(path: Path) -> "nibabel.Nifti1Image":
    """Open a NIfTI file of either version (nibabel's class for version 2 is a subclass) without reading its voxels."""
    import nibabel

    return cast("nibabel.Nifti1Image", nibabel.load(path))


def _affine(image: sitk.Image) -> np.ndarray:
    """The 4x4 matrix from index to NIfTI's RAS millimetres."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    # ITK's axes point to the left and the back, NIfTI's to the right and the front.
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
