"""What SimpleITK does not tell of a NIfTI file: whether it is whole, has NaN voxels, or contradicts itself."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import ras_affine
from crosscontrast.ground.nifti_header import Header, parse_header
from crosscontrast.ground.nifti_plain import nifti_start

if TYPE_CHECKING:
    import nibabel

#: Distance in mm between the positions that qform and sform give to a corner voxel before we speak of it.
_DISAGREEMENT = 0.1


def is_nifti(path: Path) -> bool:
    """Tell by its name whether a file is a single-file NIfTI."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def read_header(path: Path) -> Header | None:
    """Return the header of a file, ``None`` where it is not a usual one, see :func:`parse_header`."""
    return parse_header(nifti_start(path)[0])


def check_complete(path: Path) -> None:
    """Raise :class:`BadInputError` unless the file holds what its header promises.

    ITK fills the rest of a truncated file with zeros and says nothing.
    """
    header = read_header(path)
    if header is None:
        raise BadInputError(f"{path} is damaged: its header cannot be read.")
    zipped = path.name.lower().endswith(".gz")
    # Not gzip at all although it is called so: ITK reads a plain NIfTI under this name.
    stored = (sum(map(len, _unzipped(path))) if zipped else 0) or path.stat().st_size
    _check_amount(path, header, stored)


def promised_bytes(path: Path) -> int | None:
    """Return what the voxels take, unpacked, as the header says; ``None`` where it is an unusual one.

    Counted as they are stored: scaled values take more in memory.
    """
    header = read_header(path)
    return None if header is None else header.voxel_bytes


def _check_amount(path: Path, header: Header, stored: int) -> None:
    if stored < header.start + header.voxel_bytes:
        raise incomplete(path, header.voxel_bytes, max(0, stored - header.start))


def incomplete(path: Path, promised: int, stored: int) -> BadInputError:
    """The error for a file with fewer bytes of voxels than its header promises."""
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


def read_values(path: Path) -> np.ndarray:
    """Return the voxels (k, j, i) of a 3-D NIfTI file in their own units, in the machine's byte order.

    Scaled ones are float32, or float64 where they are stored in more than two bytes and not as float32. Not by ITK,
    whose NIfTI library sets NaN and infinite voxels to 0 without a word. Raises :class:`BadInputError` where the file
    holds less than its header promises or is damaged.
    """
    header = read_header(path)
    if header is None:
        return _unusual_values(path)
    content = np.memmap(path, np.uint8, "r").data
    if path.name.lower().endswith(".gz"):
        unzipped = bytearray()  # grown in place; joining the pieces would hold all of them twice
        for piece in _unzipped(path):
            unzipped += piece
        content = memoryview(unzipped) if unzipped else content
    return values_of(path, header, content)


def values_of(path: Path, header: Header, content: memoryview) -> np.ndarray:
    """Return the voxels (k, j, i) that ``content`` holds, which is named ``path`` in errors."""
    _check_amount(path, header, len(content))
    stored = np.frombuffer(content, header.dtype, int(np.prod(header.shape)), header.start).reshape(header.shape[::-1])
    if not header.scaled:
        # What was unpacked is ours; a copy of the rest does not hold the file.
        return stored.astype(header.dtype.newbyteorder("="), copy=not stored.flags.writeable)
    exact = header.dtype.itemsize <= 2 or header.dtype.kind + str(header.dtype.itemsize) == "f4"
    values: np.ndarray = stored.astype(np.float32 if exact else np.float64)
    np.multiply(values, header.slope, out=values)
    np.add(values, header.intercept, out=values)
    return values


def geometry_remarks(path: Path, header: Header | None, image: sitk.Image) -> Iterator[str]:
    """Yield a sentence for each doubt about the position of the voxels of an image read from a NIfTI file."""
    if header is None:
        unusual = _nibabel_image(path).header
        qform, sform = unusual.get_qform(coded=True)[0], unusual.get_sform(coded=True)[0]
        steps: tuple[float, ...] = ()
    else:
        qform, sform, steps = header.qform, header.sform, header.pixdim
    for axis, step in zip("ijk", steps, strict=False):
        if step == 0:
            yield f"the file gives no voxel size along its axis {axis} (0 mm), and 1 mm was taken"
    if qform is None and sform is None:
        yield (
            "the file does not say its orientation (no qform, no sform), so left and right are a guess, "
            "and so are front and back, top and bottom"
        )
        return
    affine = ras_affine(image)
    if qform is None or sform is None:
        yield from _against_pixdim(sform if qform is None else qform, affine, image)
        return
    apart = _apart(qform, sform, image)
    if apart > _DISAGREEMENT:
        used = "sform" if np.abs(sform - affine).max() < np.abs(qform - affine).max() else "qform"
        yield f"qform and sform place voxels up to {apart:.1f} mm apart; the {used} was used"


def _apart(one: np.ndarray, other: np.ndarray, image: sitk.Image) -> float:
    """Return the largest distance along an axis, in mm, between the places that two affines give to a corner voxel."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in image.GetSize()])).reshape(3, -1)
    return float(np.abs((one - other)[:3] @ np.vstack([corners, np.ones(corners.shape[1])])).max())


def _against_pixdim(form: np.ndarray, affine: np.ndarray, image: sitk.Image) -> Iterator[str]:
    """Speak of the only form that a file gives where the image does not lie as it says."""
    apart = _apart(form, affine, image)
    if apart <= _DISAGREEMENT:
        return
    said, used = (" x ".join(f"{n:.3g}" for n in np.linalg.norm(a[:3, :3], axis=0)) for a in (form, affine))
    if said == used:
        yield f"its axes are not quite at right angles; they were made so, which moves voxels by up to {apart:.1f} mm"
    else:
        yield f"its sform speaks of voxels of {said} mm and its pixdim of {used} mm; the pixdim was used"


def _unusual_values(path: Path) -> np.ndarray:
    """Return the voxels of a file whose header is left to nibabel."""
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
