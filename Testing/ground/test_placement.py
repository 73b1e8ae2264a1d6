"""Voxels are compared by where they lie, in whatever order they are stored."""

import itertools
import warnings

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.ground.geometry import ras_affine, same_grid
from crosscontrast.ground.images import ImageWarning, image_like, read_image
from crosscontrast.ground.placement import bring_onto, put_onto

#: Every order and direction in which three axes can be stored.
ORIENTATIONS = [
    np.array(list(zip(order, flips, strict=True)))
    for order in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


def bright_points(image):
    """World positions (LPS, mm) of the voxels of the bright block, told from index and header only."""
    found = np.argwhere(sitk.GetArrayViewFromImage(image) > 300)[:, ::-1]
    return np.array(sorted(np.round([image.TransformIndexToPhysicalPoint(p) for p in found.tolist()], 2).tolist()))


@pytest.mark.parametrize(
    "orientation", ORIENTATIONS, ids=lambda o: "".join(f"{a}{'+' if f > 0 else '-'}" for a, f in o)
)
def test_a_nifti_of_any_orientation_version_and_slope_lies_at_the_same_place(tmp_path, awkward_image, orientation):
    stored = sitk.GetArrayFromImage(awkward_image).transpose()
    turned = nibabel.Nifti1Image(stored, ras_affine(awkward_image)).as_reoriented(orientation)
    cases = itertools.product((nibabel.Nifti1Image, nibabel.Nifti2Image), (None, 0.25, -0.03))
    for number, (kind, slope) in enumerate(cases):
        values = np.asarray(turned.dataobj)
        image = kind(np.round((values - 100) / slope).astype(np.int16) if slope else values, turned.affine)
        image.set_sform(turned.affine, 1)
        image.set_qform(turned.affine, 1)
        if slope:
            image.header.set_slope_inter(slope, 100.0)
        nibabel.save(image, tmp_path / f"{number}.nii.gz")
        read = read_image(tmp_path / f"{number}.nii.gz")
        expected = bright_points(awkward_image)
        assert bright_points(read).shape == expected.shape
        np.testing.assert_allclose(bright_points(read), expected, atol=0.011)
        placed = put_onto(read, awkward_image)
        assert placed is not None
        values = sitk.GetArrayFromImage(placed), sitk.GetArrayFromImage(awkward_image)
        np.testing.assert_allclose(*values, atol=abs(slope or 0) / 2 + 1e-3)
        assert same_grid(placed, awkward_image, 0)


def moved(image, by):
    """The image with its origin moved by so many voxels along each axis."""
    other = sitk.Image(image)
    other.SetOrigin(image.TransformContinuousIndexToPhysicalPoint(by))
    return other


def test_a_twentieth_of_a_voxel_is_rounding_and_said(awkward_image):
    for by in ((0.04, 0, 0), (0, -0.04, 0), (0, 0, 0.04)):
        with pytest.warns(ImageWarning, match="the mask lies up to .* mm off"):
            placed = put_onto(moved(awkward_image, by), awkward_image, "the mask")
        assert same_grid(placed, awkward_image, 0)
        assert np.array_equal(sitk.GetArrayViewFromImage(placed), sitk.GetArrayViewFromImage(awkward_image))


@pytest.mark.parametrize("by", [(0.5, 0, 0), (0, 0.06, 0), (0, 0, -0.5), (1, 0, 0)])
def test_a_shift_is_not_the_same_grid(awkward_image, by):
    assert put_onto(moved(awkward_image, by), awkward_image) is None


def test_other_voxels_are_not_the_same_grid(awkward_image):
    wider = sitk.Image(awkward_image)
    wider.SetSpacing((0.71, 1.3, 4.0))  # the last of 29 voxels is 0.4 voxels off
    assert put_onto(wider, awkward_image) is None
    assert put_onto(awkward_image[:-1, :, :], awkward_image) is None
    turned = sitk.Image(awkward_image)
    turned.SetDirection(sitk.Euler3DTransform((0, 0, 0), 0, 0, 0.02).GetMatrix())
    assert put_onto(turned, awkward_image) is None


def test_an_axis_of_one_voxel_is_compared_too(awkward_image):
    slab = awkward_image[:, :, 3:4]
    flipped = sitk.Flip(slab, (True, False, True))
    assert np.array_equal(sitk.GetArrayFromImage(put_onto(flipped, slab)), sitk.GetArrayFromImage(slab))


def test_another_order_of_axes_is_said_and_the_same_grid_is_not(awkward_image):
    with pytest.warns(ImageWarning, match="the mask has its axes in another order"):
        put_onto(sitk.PermuteAxes(awkward_image, (2, 0, 1)), awkward_image, "the mask")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        put_onto(awkward_image, awkward_image, "the mask")


def test_what_holds_other_voxels_is_resampled(awkward_image):
    coarse = sitk.Shrink(sitk.Cast(awkward_image > 300, sitk.sitkFloat32), (2, 2, 1))
    brought = bring_onto(coarse, awkward_image)
    assert same_grid(brought, awkward_image, 0)
    assert sitk.GetArrayViewFromImage(brought).any()
    turned = sitk.Flip(image_like(sitk.GetArrayFromImage(awkward_image), awkward_image), (True, True, False))
    back = sitk.GetArrayFromImage(bring_onto(turned, awkward_image))
    assert np.array_equal(back, sitk.GetArrayFromImage(awkward_image))
