"""NumPy arrays with an affine, as nibabel has them, in the place of SimpleITK images."""

from typing import NamedTuple, TypeVar

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import ras_affine

#: From RAS to LPS millimetres: NIfTI's axes point right and front, ITK's left and back.
_RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Cosine between two axes up to which a grid counts as orthogonal; float32 headers round at about 1e-7.
_SKEW = 1e-4


class ArrayImage(NamedTuple):
    """An image as nibabel has it: ``ArrayImage(array, affine)``, or the plain pair.

    Attributes
    ----------
    array : numpy.ndarray
        Values, indexed ``[i, j, k]`` (not ``[k, j, i]`` as ``SimpleITK.GetArrayFromImage`` returns them).
    affine : numpy.ndarray
        4 x 4; ``affine @ (i, j, k, 1)`` is the centre of a voxel in RAS+ millimetres (to the right, the front and
        the top), as NIfTI and nibabel have it. SimpleITK's physical points are LPS: their first two signs differ.

    Examples
    --------
    >>> import numpy as np
    >>> ArrayImage(np.zeros((4, 5, 6), np.float32), np.diag([2.0, 2.0, 3.0, 1.0])).array.shape
    (4, 5, 6)
    """

    array: np.ndarray
    affine: np.ndarray


#: What functions take that take an image of either kind; a plain ``(array, affine)`` is one of the second.
ImageLike = sitk.Image | ArrayImage
#: Functions that make an image return the kind that they were given.
ImageT = TypeVar("ImageT", sitk.Image, ArrayImage)


def as_image(image: ImageLike) -> sitk.Image:
    """Return the image as a SimpleITK image; a 3-D one with one value per voxel is returned as it is.

    Parameters
    ----------
    image : SimpleITK.Image or ArrayImage
        An :class:`ArrayImage` or a pair ``(array, affine)``: three axes ``[i, j, k]``, affine to RAS+ millimetres.
        Truth values become uint8, floats of two or more than eight bytes float32 and float64; other types stay.

    Returns
    -------
    SimpleITK.Image
        The same values at the same places in the patient.

    Raises
    ------
    CrossContrastError
        Where it is neither, the image or array is not 3-D and real, or the affine is not finite or its axes not at
        right angles: such a grid has no SimpleITK image.

    Examples
    --------
    >>> import numpy as np
    >>> image = as_image((np.zeros((4, 5, 6), np.float32), np.diag([2.0, 2.0, 3.0, 1.0])))
    >>> image.GetSize(), image.GetSpacing()
    ((4, 5, 6), (2.0, 2.0, 3.0))
    >>> image.TransformIndexToPhysicalPoint((1, 0, 0))  # LPS: 2 mm to the right is -2 mm to the left
    (-2.0, 0.0, 0.0)
    """
    if isinstance(image, sitk.Image):
        return _scalar_volume(image)
    array, affine = _checked(image)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    made = sitk.GetImageFromArray(array.transpose())
    made.SetSpacing(spacing.tolist())
    made.SetOrigin((_RAS_LPS @ affine)[:3, 3].tolist())
    made.SetDirection(((_RAS_LPS @ affine)[:3, :3] / spacing).ravel().tolist())
    return made


def as_array(image: ImageLike) -> ArrayImage:
    """Return the image as an array with its affine.

    Parameters
    ----------
    image : SimpleITK.Image or ArrayImage
        A 3-D image.

    Returns
    -------
    ArrayImage
        ``array`` indexed ``[i, j, k]``, a copy with the image's own type; ``affine`` to RAS+ millimetres. Written by
        nibabel as ``nibabel.Nifti1Image(*as_array(image))`` it lies where the image does.

    Raises
    ------
    CrossContrastError
        Where the image is not 3-D with one value per voxel.

    Examples
    --------
    >>> import SimpleITK as sitk
    >>> as_array(sitk.Image((4, 5, 6), sitk.sitkFloat32)).affine.diagonal().tolist()
    [-1.0, -1.0, 1.0, 1.0]
    """
    if not isinstance(image, sitk.Image):
        return ArrayImage(*_checked(image))
    return ArrayImage(sitk.GetArrayFromImage(_scalar_volume(image)).transpose(), ras_affine(image))


def like(made: sitk.Image, given: ImageT) -> ImageT:
    """Return ``made``, which lies on the grid of ``given``, as the kind of image that ``given`` is.

    An array keeps the very affine it came with, so that nothing is rounded on the way.
    """
    if isinstance(given, sitk.Image):
        return made
    return ArrayImage(as_array(made).array, np.array(given[1], dtype=float))


def _scalar_volume(image: sitk.Image) -> sitk.Image:
    components = image.GetNumberOfComponentsPerPixel()
    if image.GetDimension() != 3 or components != 1 or "complex" in image.GetPixelIDTypeAsString():
        many = f" and {components} values per voxel" if components > 1 else ""
        raise BadInputError(
            f"A 3-D image with one real value per voxel is expected, not {image.GetPixelIDTypeAsString()} "
            f"of size {image.GetSize()}{many}."
        )
    return image


def _checked(image: object) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(image, tuple | list) or len(image) != 2:
        raise BadInputError(
            f"A SimpleITK image or a pair (array, 4 x 4 affine) is expected, not {type(image).__name__}.",
            "read a file with read_image; of a nibabel image give (image.get_fdata(), image.affine)",
        )
    array, affine = np.asarray(image[0]), np.asarray(image[1])
    if array.ndim != 3 or 0 in array.shape or array.dtype.kind not in "buif":
        raise BadInputError(f"An array of three axes and real numbers is expected, not {array.dtype} {array.shape}.")
    if affine.shape != (4, 4) or affine.dtype.kind not in "uif" or not np.isfinite(affine).all():
        raise BadInputError("The affine is not a matrix of 4 x 4 finite numbers.")
    if not np.array_equal(affine[3], (0, 0, 0, 1)):
        raise BadInputError(f"The last row of the affine is {affine[3].tolist()}, not 0 0 0 1.")
    affine = affine.astype(float)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    cosines = affine[:3, :3] / np.where(lengths > 0, lengths, np.nan)
    # Written so that NaN, which an axis of no length gives, is refused too.
    if not np.abs(cosines.T @ cosines - np.eye(3)).max() <= _SKEW:
        raise BadInputError(
            "The affine's axes are not at right angles to each other, or one of them has no length.",
            "resample the image onto an orthogonal grid",
        )
    return array.astype(_kept_type(array.dtype)), affine


def _kept_type(dtype: np.dtype) -> np.dtype:
    """The type that SimpleITK has for an array's, in the machine's byte order."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind == "f" and dtype.itemsize not in (4, 8):
        return np.dtype(np.float32 if dtype.itemsize == 2 else np.float64)
    return dtype.newbyteorder("=")
