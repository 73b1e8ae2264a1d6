"""Reading and writing images. An image is a ``SimpleITK.Image`` and carries its geometry."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.ground import nifti
from crosscontrast.ground.dicom.study import find_volume, is_dicom
from crosscontrast.ground.files import atomic_write, native_stderr_silenced
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.nifti_forms import Forms, forms_of, pack, stamp
from crosscontrast.ground.nrrd_header import nrrd_fields
from crosscontrast.ground.other_formats import files_of, grid_by_header, is_other, read_by_header, read_other
from crosscontrast.ground.references import reader_of, refuse_foreign_references, was_named

# ITK prints its own warnings on stderr for every unusual header; what matters of them we say ourselves.
sitk.ProcessObject.SetGlobalWarningDisplay(False)


class ImageWarning(UserWarning):
    """Something unusual about an image that was dealt with and that the user should know."""


def read_image(path: Path) -> sitk.Image:
    """Read a 3-D scalar image with its own pixel type.

    NIfTI (1 and 2, also as a pair ``.hdr`` and ``.img``), NRRD, MHA, FreeSurfer's MGZ, Analyze, or DICOM: a folder that
    holds one volume, or one of several as ``FOLDER/NAME.dcmseries``; see :mod:`crosscontrast.ground.dicom.study`.

    Raises :class:`BadInputError` naming the file and the reason: missing, empty, incomplete, not an image, not 3-D, or
    with voxels in another file (but see :mod:`crosscontrast.ground.references` for headers that the user named).
    Warns with :class:`ImageWarning` where the header contradicts itself about the position of the voxels.
    """
    path = Path(path)
    if is_dicom(path):
        volume, left_out = find_volume(path)
        for sentence in left_out:
            warnings.warn(f"{path.name}: {sentence}", ImageWarning, stacklevel=2)
        return volume.image()
    _check_is_file(path)
    image, remarks = _read_file(path)
    for sentence in remarks:
        warnings.warn(f"{path.name}: {sentence}", ImageWarning, stacklevel=2)
    return image


def _read_file(path: Path) -> tuple[sitk.Image, list[str]]:
    """Return the image of a file, and what is doubtful about the place of its voxels."""
    if is_other(path):
        return read_other(path)
    refuse_foreign_references(path, beside_ok=was_named(path))
    if nifti.is_nifti(path):
        header = nifti.read_header(path)
        if header is not None and header.version == 2:
            image = read_by_header(path, header)
        else:
            reader = _reader(path)
            _check_header(reader, path)
            image = _placed(nifti.read_values(path), reader)
        return image, list(nifti.geometry_remarks(path, header, image))
    reader = _reader(path)
    _check_header(reader, path)
    try:
        return _three_dimensional(reader.Execute(), path), list(_unplaced(path))
    except (RuntimeError, MemoryError) as error:
        raise BadInputError(f"{path} cannot be read: its voxels are incomplete or damaged.") from error


def _unplaced(path: Path) -> Iterator[str]:
    """Yield a sentence for a NRRD file that gives steps at most, and no directions in the patient."""
    if reader_of(path) == "NrrdImageIO" and not {"space", "spacedirections"} <= set(nrrd_fields(path)[0]):
        yield (
            "the file does not say its orientation (no space), so left and right are a guess, "
            "and so are front and back, top and bottom"
        )


def clean_intensities(image: sitk.Image, name: str) -> sitk.Image:
    """Return the image as float32 with every voxel finite, ready for a network.

    NaN and infinite voxels take the smallest finite value, with an :class:`ImageWarning`. Raises
    :class:`BadInputError` where no voxel is finite or all have the same value.
    """
    float32 = image.GetPixelID() == sitk.sitkFloat32
    values = sitk.GetArrayViewFromImage(image)
    values = values if float32 else values.astype(np.float32)
    low, high = values.min(), values.max()
    if np.isfinite([low, high]).all():  # a single NaN makes both NaN
        if low == high:
            raise BadInputError(f"{name} is constant: every voxel has the value {low:g}.")
        return image if float32 else image_like(values, image)
    values = np.array(values)
    finite = np.isfinite(values)
    if not finite.any():
        raise BadInputError(f"{name} has no voxel with a finite value.")
    count = int(finite.size - np.count_nonzero(finite))
    smallest = values[finite].min()
    warnings.warn(
        f"{name}: {count} voxels are NaN or infinite and were set to {smallest:g}",
        ImageWarning,
        stacklevel=2,
    )
    values[~finite] = smallest
    if values.min() == values.max():
        raise BadInputError(f"{name} is constant: every voxel has the value {values.flat[0]:g}.")
    return image_like(values, image)


def image_like(values: np.ndarray, reference: sitk.Image) -> sitk.Image:
    """Make an image of an array (k, j, i) that lies on the grid of ``reference``."""
    image = sitk.GetImageFromArray(values)
    image.CopyInformation(reference)
    return image


def write_image(image: sitk.Image, path: Path, *, like: Path | None = None) -> None:
    """Write an image, compressed, under its final name only when it is whole.

    ``like`` is the file that the image was made from, on its grid: where both are NIfTI, qform, sform and their codes
    are those of that file, so that every viewer draws the two at one place. Raises :class:`OutputError` naming the
    file; ITK does not notice a full disk on every format, so what was written is checked.
    """
    path = Path(path)
    with atomic_write(path) as temporary:
        try:
            # The NIfTI library reports a full disk on stderr only; the check below turns it into our error.
            with native_stderr_silenced():
                _write(image, temporary, _forms(image, like) if like and nifti.is_nifti(path) else None)
            if nifti.is_nifti(path):
                nifti.check_complete(temporary)
        except (RuntimeError, BadInputError) as error:
            raise OutputError(f"Cannot write {path}: the disk is full or the folder cannot be written.") from error


def _write(image: sitk.Image, path: Path, forms: Forms | None) -> None:
    if forms is None:
        sitk.WriteImage(image, str(path), useCompression=True)
        return
    plain = path.with_suffix("") if path.name.lower().endswith(".gz") else path
    try:
        sitk.WriteImage(image, str(plain))
        stamp(plain, forms)
        if plain != path:
            pack(plain, path)
    finally:
        if plain != path:
            plain.unlink(missing_ok=True)


def _forms(image: sitk.Image, like: Path) -> Forms | None:
    """Return what places the voxels of a NIfTI file, where ``image`` lies on its grid indeed."""
    if not like.is_file() or not (nifti.is_nifti(like) or is_other(like)):
        return None
    file, _ = files_of(like)
    header = nifti.read_header(file)
    if header is not None and (header.pair or header.version == 2):
        grid = grid_by_header(file, header)
    elif nifti.is_nifti(file):
        reader = _reader(file)
        grid = sitk.Image(reader.GetSize()[:3], sitk.sitkUInt8)
        _copy_place(reader, grid)
    else:
        return None
    return forms_of(file) if same_grid(image, grid) else None


def _check_is_file(path: Path) -> None:
    if not path.exists():
        raise BadInputError(f"{path} does not exist.")
    if not path.is_file():
        raise BadInputError(f"{path} is not a file.")
    if path.stat().st_size == 0:
        raise BadInputError(f"{path} is empty (0 bytes).")


def _reader(path: Path) -> sitk.ImageFileReader:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO(reader_of(path))
    try:
        with native_stderr_silenced():
            reader.ReadImageInformation()
    except RuntimeError as error:
        if "orthonormal" in str(error).lower() or "orthogonal" in str(error).lower():
            raise BadInputError(
                f"{path} has axes that are not at right angles (or not numbers), so its voxels have no clear place.",
                "resample it onto an orthogonal grid",
            ) from error
        raise BadInputError(f"{path} is not a readable NIfTI, NRRD, MHA or DICOM image.") from error
    return reader


def _promised_bytes(reader: sitk.ImageFileReader) -> int:
    voxel = sitk.Image([1, 1], reader.GetPixelID(), reader.GetNumberOfComponents()).GetSizeOfPixelComponent()
    return int(np.prod(reader.GetSize(), dtype=object)) * voxel * reader.GetNumberOfComponents()


def _check_header(reader: sitk.ImageFileReader, path: Path) -> None:
    if reader.GetNumberOfComponents() != 1 or "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID()):
        raise BadInputError(f"{path} has several values per voxel (colour, vector or complex); one is expected.")
    if not np.isfinite([*reader.GetSpacing(), *reader.GetOrigin(), *reader.GetDirection()]).all():
        raise BadInputError(f"{path} has a position or spacing that is not a number.")
    size = reader.GetSize()
    if len(size) < 3:
        raise BadInputError(f"{path} is a 2-D image; a 3-D volume is expected.")
    if any(extent > 1 for extent in size[3:]):
        raise BadInputError(
            f"{path} is a {len(size)}-D image of size {' x '.join(map(str, size))}; a 3-D volume is expected.",
            "split it into volumes first",
        )
    promised, stored = (
        (nifti.is_nifti(path) and nifti.promised_bytes(path)) or _promised_bytes(reader),
        _stored_bytes(path),
    )
    # Deflate cannot compress by more than 1032 to 1, so such a header lies; found out before memory is reserved.
    if promised > 1032 * stored:
        raise BadInputError(f"{path} is incomplete: its header promises {promised} bytes of voxels in {stored} bytes.")


def _stored_bytes(path: Path) -> int:
    """Size of the file, or of the folder for headers (``.nhdr``, ``.mhd``) whose voxels lie beside them."""
    if path.suffix.lower() in (".nhdr", ".mhd"):
        return sum(p.stat().st_size for p in path.parent.iterdir() if p.is_file())
    return path.stat().st_size


def _placed(values: np.ndarray, reader: sitk.ImageFileReader) -> sitk.Image:
    """Put voxels (k, j, i) where the header that ``reader`` has read says."""
    image = sitk.GetImageFromArray(values)
    _copy_place(reader, image)
    return image


def _copy_place(reader: sitk.ImageFileReader, image: sitk.Image) -> None:
    dimension = len(reader.GetSize())
    image.SetSpacing(reader.GetSpacing()[:3])
    image.SetOrigin(reader.GetOrigin()[:3])
    image.SetDirection(np.array(reader.GetDirection()).reshape(dimension, -1)[:3, :3].ravel().tolist())


def _three_dimensional(image: sitk.Image, path: Path) -> sitk.Image:
    if image.GetDimension() == 3:
        return image
    size = list(image.GetSize())
    try:
        return sitk.Extract(image, [*size[:3], *[0] * (len(size) - 3)], [0] * len(size))
    except RuntimeError as error:
        raise BadInputError(f"{path} cannot be read as a 3-D volume.") from error
