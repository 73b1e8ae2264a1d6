"""Reading, writing and comparing images, of SimpleITK or arrays with an affine."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import SimpleITK as sitk

from crosscontrast.ground import images
from crosscontrast.ground.arrays import ImageLike, as_image

if TYPE_CHECKING:
    from crosscontrast.metrics.segmentation import SegmentationScores
    from crosscontrast.metrics.similarity import Similarity


def read_image(path: str | os.PathLike[str]) -> sitk.Image:
    """Read a 3-D image with its own pixel type, without letting anything odd pass in silence.

    Parameters
    ----------
    path : str or path
        NIfTI, NRRD or MHA file, or a folder with one DICOM series.

    Returns
    -------
    SimpleITK.Image
        The voxels where the header puts them. :func:`as_array` makes an array with an affine of it.

    Raises
    ------
    CrossContrastError
        Naming the file and the reason: missing, empty, truncated, damaged, no image, not 3-D, axes not at right angles.

    Warns
    -----
    ImageWarning
        Where qform and sform disagree or neither is given.

    Examples
    --------
    >>> import SimpleITK as sitk
    >>> write_image(sitk.Image((4, 5, 6), sitk.sitkInt16), "volume.nii.gz")
    >>> read_image("volume.nii.gz").GetSize()
    (4, 5, 6)
    >>> read_image("absent.nii.gz")
    Traceback (most recent call last):
    crosscontrast.errors.BadInputError: absent.nii.gz does not exist.
    """
    return images.read_image(Path(path))


def write_image(image: ImageLike, path: str | os.PathLike[str]) -> None:
    """Write an image, compressed; the file appears only when it is whole, and replaces one that was there.

    Parameters
    ----------
    image : SimpleITK.Image or ArrayImage
        A 3-D image; as an array ``[i, j, k]`` with an affine to RAS+ millimetres.
    path : str or path
        The file; its ending chooses the format (``.nii.gz``, ``.nii``, ``.nrrd``, ``.mha``).

    Raises
    ------
    CrossContrastError
        Where the disk is full or the folder cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> write_image((np.zeros((4, 5, 6), np.float32), np.eye(4)), "zeros.nii.gz")
    >>> read_image("zeros.nii.gz").GetPixelIDTypeAsString()
    '32-bit float'
    """
    images.write_image(as_image(image), Path(path))


def compare_images(
    reference: ImageLike,
    test: ImageLike,
    mask: ImageLike | None = None,
    *,
    data_range: float | None = None,
    resample: bool = False,
) -> "Similarity":
    """Measure how alike two images are, voxel by voxel.

    Parameters
    ----------
    reference : SimpleITK.Image or ArrayImage
        The image that counts as right.
    test : SimpleITK.Image or ArrayImage
        The image to judge, in the reference's unit.
    mask : SimpleITK.Image or ArrayImage, optional
        Only its voxels above 0 are compared; on the reference's grid. Default: all voxels.
    data_range : float, optional
        Span of values that SSIM and PSNR relate errors to. Default: that of the reference over the voxels compared.
    resample : bool, default False
        Bring a ``test`` on another grid linearly onto the reference's instead of refusing it.

    Returns
    -------
    Similarity
        ``mae``, ``mse``, ``rmse``, ``nmse``, ``psnr`` (dB), ``ssim``, ``pearson`` and what they depend on;
        ``None`` where one is undefined.

    Raises
    ------
    CrossContrastError
        For differing grids, an empty mask, voxels that are not finite, and a data range of 0.

    References
    ----------
    SSIM: Wang et al., IEEE Trans Image Process 13:600, 2004, doi 10.1109/TIP.2003.819861.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.random.default_rng(0).normal(100, 10, (16, 16, 16))
    >>> found = compare_images((truth, np.eye(4)), (truth + 2, np.eye(4)))
    >>> round(found.mae, 6), round(found.pearson, 6), found.voxels
    (2.0, 1.0, 4096)
    """
    from crosscontrast.metrics.similarity import compare_images as compare

    inside = None if mask is None else as_image(mask)
    return compare(as_image(reference), as_image(test), inside, data_range, resample)


def segmentation_scores(predicted: ImageLike, reference: ImageLike, *, threshold: float = 0.5) -> "SegmentationScores":
    """Measure how well a soft or binary segmentation agrees with a reference mask.

    Parameters
    ----------
    predicted : SimpleITK.Image or ArrayImage
        Segmentation with values in [0, 1].
    reference : SimpleITK.Image or ArrayImage
        Mask with values in [0, 1], soft or binary, on the same grid.
    threshold : float, default 0.5
        Value from which a voxel belongs to a mask, for the measures of masks.

    Returns
    -------
    SegmentationScores
        ``dice``, ``soft_dice``, ``volume_error`` (relative), ``hausdorff95_mm``, ``surface_distance_mm``,
        ``calibration_error``; NaN where one is undefined, and ``reason`` says why.

    Raises
    ------
    CrossContrastError
        For differing grids and values outside [0, 1].

    References
    ----------
    Soft Dice with squared terms: Milletari et al., 3DV 2016. Surfaces as in MONAI, but none where a mask leaves the
    image.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.zeros((10, 10, 10), np.uint8)
    >>> truth[3:7, 3:7, 3:7] = 1
    >>> moved = np.roll(truth, 1, axis=2)
    >>> print(segmentation_scores((moved, np.diag([1, 1, 2, 1])), (truth, np.diag([1, 1, 2, 1]))).dice)
    0.75
    """
    from crosscontrast.metrics.segmentation import score_segmentation

    return score_segmentation(as_image(predicted), as_image(reference), threshold=threshold)
