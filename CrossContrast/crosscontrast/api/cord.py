"""The cord in images that are already in memory: segment it, measure it, fuse the masks of several contrasts."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from crosscontrast.errors import BadInputError
from crosscontrast.ground.arrays import ImageLike, ImageT, as_image, like
from crosscontrast.ground.images import ImageWarning, clean_intensities
from crosscontrast.progress import Progress, part, silent

if TYPE_CHECKING:
    from crosscontrast.cord.csa.levels import Discs
    from crosscontrast.cord.csa.table import CsaTable


@dataclass(frozen=True)
class SegmentedCord(Generic[ImageT]):
    """What :func:`segment_cord` found, images as the kind that was given and on its grid.

    Attributes
    ----------
    soft : SimpleITK.Image or ArrayImage
        Soft segmentation, float32 in [0, 1].
    mask : SimpleITK.Image or ArrayImage
        The same from the threshold on, uint8.
    csa : CsaTable
        Cross-sectional areas as of :func:`measure_csa`.
    volume_mm3 : float
        Sum of the soft values times the voxel's volume.
    missing : str
        Why no cord was found; empty where one was.
    uncertainty : SimpleITK.Image or ArrayImage or None
        Standard deviation of each voxel's soft value, float32, where it was asked for.
    """

    soft: ImageT
    mask: ImageT
    csa: "CsaTable"
    volume_mm3: float
    missing: str
    uncertainty: ImageT | None = None


def segment_cord(
    image: ImageT,
    *,
    model: str = "softcord",
    device: str = "auto",
    threshold: float = 0.5,
    mirror: bool = False,
    uncertainty: bool = False,
    progress: Progress = silent,
) -> SegmentedCord[ImageT]:
    """Segment the spinal cord softly in an MR image of any contrast, on the image's own grid.

    The model stays loaded for the next call. To leave files with a record of how they were made, run the job
    ``cord.segment`` (:func:`run_job`) or the command.

    Parameters
    ----------
    image : SimpleITK.Image or ArrayImage
        A 3-D image of any orientation, spacing and unit; as an array ``[i, j, k]`` with an affine to RAS+ millimetres.
    model : str, default "softcord"
        Name in the model library; ``"softcord@3"`` for a version of it.
    device : str, default "auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    threshold : float, default 0.5
        Soft value, between 0 and 1, from which a voxel belongs to ``mask``.
    mirror : bool, default False
        Average over mirror images where the model allows it: a little steadier, several times slower.
    uncertainty : bool, default False
        Segment five changed versions of the image too and return how much they differ.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    SegmentedCord
        Soft map, mask, areas and volume, in the kind of image that was given.

    Raises
    ------
    CrossContrastError
        For an image that is not 3-D or is constant, an unknown or damaged model, or too little memory.

    Warns
    -----
    ImageWarning
        Where voxels are NaN or infinite (they take the smallest value), and where no cord was found.

    References
    ----------
    The idea of one soft segmentation for all contrasts: Bédard et al. 2023, arXiv 2310.15402. The shipped model was
    trained on generated anatomy; ``crosscontrast models show softcord`` says what it was measured on.

    Examples
    --------
    >>> from crosscontrast.cord.phantom import CordPhantom
    >>> phantom = CordPhantom(size=(48, 48, 40), spacing=(2.0, 2.0, 2.0))
    >>> found = segment_cord(phantom.image("T2w"), device="cpu")
    >>> found.soft.GetSize()
    (48, 48, 40)
    >>> 0.85 < found.csa.mean("area_true") / phantom.area() < 1.15
    True
    """
    from crosscontrast.cord.segment import segment_volume
    from crosscontrast.ground.device import choose_device
    from crosscontrast.inference import warm_predictor
    from crosscontrast.models.find import find_model

    if not 0 < threshold < 1:
        raise BadInputError(f"The threshold {threshold:g} does not lie between 0 and 1.")
    volume = clean_intensities(as_image(image), "The image")
    entry, chosen = find_model(model, "segmentation"), choose_device(device)
    predictor = warm_predictor(entry, chosen, mirror)
    plain = warm_predictor(entry, chosen, False) if uncertainty else None
    found = segment_volume(volume, predictor, threshold, part(progress, 0.05, 1), plain=plain)
    if found.missing:
        warnings.warn(f"No cord was found in the image ({found.missing})", ImageWarning, stacklevel=2)
    return SegmentedCord(
        soft=like(found.soft, image),
        mask=like(found.binary, image),
        csa=found.csa,
        volume_mm3=found.volume_mm3,
        missing=found.missing,
        uncertainty=like(found.uncertainty.image, image) if found.uncertainty else None,
    )


def measure_csa(
    soft: ImageLike,
    *,
    levels: ImageLike | None = None,
    discs: ImageLike | str | os.PathLike[str] | None = None,
    threshold: float = 0.5,
    smoothing: float = 8.0,
) -> "CsaTable":
    """Measure the cord's cross-sectional area (CSA) in every slice of a soft or binary segmentation.

    Parameters
    ----------
    soft : SimpleITK.Image or ArrayImage
        Segmentation with values in [0, 1], of any orientation; as an array ``[i, j, k]`` with an affine to RAS+ mm.
    levels : SimpleITK.Image or ArrayImage, optional
        Label map of vertebral levels in SCT's numbers (3 is C3), on any grid.
    discs : SimpleITK.Image, ArrayImage or path, optional
        Instead of ``levels``: label map of single voxels at the discs in SCT's numbers (3 is C2/C3, 50 the
        pontomedullary junction), or a file with one, or a TSV with the columns ``disc x y z`` in RAS+ millimetres.
    threshold : float, default 0.5
        Soft value from which voxels are an object of their own; areas are of the soft values whatever it is.
    smoothing : float, default 8.0
        Millimetres of cord over which the centreline is smoothed.

    Returns
    -------
    CsaTable
        One row per slice from inferior to superior: ``area_true``, the sum of the soft values at right angles to the
        cord, and ``area_sct`` as the Spinal Cord Toolbox has it, both in mm²; diameters and lengths in mm, angles in
        degrees, level and notes. ``mean`` and ``sd`` summarise, ``per_level`` and ``select`` cut. NaN without cord.

    Raises
    ------
    CrossContrastError
        For values outside [0, 1], levels that cover no slice of the cord, and discs that are not in order.

    References
    ----------
    ``area_sct``: De Leener et al., NeuroImage 145:24, 2017 (``sct_process_segmentation``).

    Examples
    --------
    >>> from crosscontrast.cord.phantom import CordPhantom
    >>> phantom = CordPhantom(size=(48, 48, 24), spacing=(1.0, 1.0, 2.0))
    >>> table = measure_csa(phantom.soft_truth())
    >>> round(table.mean("area_true"), 1), round(phantom.area(), 1)
    (85.5, 85.8)
    """
    from crosscontrast.cord.csa.measure import measure_csa as measure

    places = _discs(discs) if discs is not None else None
    labels = as_image(levels) if levels is not None else None
    return measure(as_image(soft), levels=labels, discs=places, threshold=threshold, smoothing=smoothing)


def _discs(given: ImageLike | str | os.PathLike[str]) -> "Discs":
    from crosscontrast.cord.csa.levels import discs_from_image, read_discs

    if isinstance(given, str | os.PathLike):
        return read_discs(Path(given))
    found = discs_from_image(as_image(given), "The label map of discs")
    if not found:
        raise BadInputError("The label map of discs is empty.")
    return found


@dataclass(frozen=True)
class FusedMasks(Generic[ImageT]):
    """What :func:`soft_ground_truth` made.

    Attributes
    ----------
    soft : dict of str to SimpleITK.Image or ArrayImage
        Contrast -> soft ground truth on its own grid, float32 in [0, 1]; contrasts that were left out are not in it.
    reference : str
        The contrast that the others were registered to.
    remarks : list of str
        What was left out or kept in spite of disagreeing, and why.
    """

    soft: dict[str, ImageT]
    reference: str
    remarks: list[str]


def soft_ground_truth(
    masks: Mapping[str, ImageT],
    images: Mapping[str, ImageLike] | None = None,
    *,
    reference: str | None = None,
    keep_all: bool = False,
    drop_ends: bool = False,
    progress: Progress = silent,
) -> FusedMasks[ImageT]:
    """Register the cord masks of several contrasts of one person and average them: their soft ground truth.

    Parameters
    ----------
    masks : mapping of str to SimpleITK.Image or ArrayImage
        Contrast (``"T2w"``) -> mask of the cord, binary or soft in [0, 1], on any grids.
    images : mapping of str to SimpleITK.Image or ArrayImage, optional
        Contrast -> image on the grid of its mask; they sharpen the registration. Default: by the masks alone.
    reference : str, optional
        Contrast to register to. Default: ``T2w`` if it is there, else the one with the smallest voxels.
    keep_all : bool, default False
        Keep contrasts that disagree with the others instead of leaving them out.
    drop_ends : bool, default False
        Where no contrast has more than the end slice of its mask, return 0 as the paper does, not their mean.
    progress : callable, optional
        Called as ``progress(done, total, message)``.

    Returns
    -------
    FusedMasks
        One soft mask per contrast that was kept, in the kind of image that its mask was given as; and the remarks.

    Raises
    ------
    CrossContrastError
        For masks that are empty or outside [0, 1], an image that is not on the grid of its mask, an unknown reference,
        and where only two contrasts are left and they disagree.

    Warns
    -----
    ImageWarning
        Each of the remarks.

    References
    ----------
    Bédard et al. 2023, arXiv 2310.15402.

    Examples
    --------
    >>> from crosscontrast.cord.phantom import CordPhantom
    >>> masks = {
    ...     contrast: CordPhantom(size=(32, 32, 16), spacing=spacing, bend=2.0).soft_truth() > 0.5
    ...     for contrast, spacing in {"T1w": (1.0, 1.0, 2.0), "T2w": (0.9, 0.9, 2.0), "MToff": (0.8, 0.8, 2.0)}.items()
    ... }
    >>> fused = soft_ground_truth(masks)
    >>> fused.reference, sorted(fused.soft), fused.remarks
    ('T2w', ['MToff', 'T1w', 'T2w'], [])
    """
    from crosscontrast.cord.softgt.contrast import checked_contrast
    from crosscontrast.cord.softgt.fuse import fuse

    images = images or {}
    strangers = sorted(set(images) - set(masks))
    if strangers:
        raise BadInputError(f"The image of {', '.join(strangers)} has no mask.")
    if not masks:
        raise BadInputError("No mask is given.")
    contrasts = [
        checked_contrast(
            role,
            as_image(mask),
            as_image(images[role]) if role in images else None,
            mask_name=f"The mask of {role}",
            image_name=f"the image of {role}",
        )
        for role, mask in masks.items()
    ]
    found = fuse(contrasts, reference=reference, keep_all=keep_all, drop_ends=drop_ends, progress=progress)
    for remark in found.remarks:
        warnings.warn(remark, ImageWarning, stacklevel=2)
    soft = {fused.role: like(fused.soft, masks[fused.role]) for fused in found.contrasts if fused.kept}
    return FusedMasks(soft, found.reference, found.remarks)
