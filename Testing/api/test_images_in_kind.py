"""Functions that take images take either kind, return it in kind, and mean the same places in the patient."""

import numpy as np
import pytest
import SimpleITK as sitk
from support import centre_of_mass, oblique_direction
from tools.random_translator import write_random_translator

from crosscontrast import (
    ArrayImage,
    CrossContrastError,
    as_array,
    as_image,
    compare_images,
    extract_features,
    measure_csa,
    segment_cord,
    segmentation_scores,
    soft_ground_truth,
    translate,
    write_image,
)
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import ImageWarning


@pytest.fixture(scope="module", params=[True, False], ids=["left-handed", "right-handed"])
def oblique(request) -> CordPhantom:
    """A cord to one side in an oblique, anisotropic grid."""
    direction = oblique_direction(request.param)
    centre = np.array(direction).reshape(3, 3) @ (np.array([47, 51, 29]) / 2 * (1.0, 1.1, 2.5))
    return CordPhantom(
        size=(48, 52, 30),
        spacing=(1.0, 1.1, 2.5),
        shift=(7.0, -3.0),
        direction=direction,
        origin=tuple((np.array([5.0, -8.0, 12.0]) - centre).tolist()),
    )


@pytest.fixture(scope="module")
def image(oblique) -> sitk.Image:
    return oblique.image("T2w")


@pytest.mark.filterwarnings("error")
def test_a_cord_is_found_at_the_same_place_whatever_the_kind(oblique, image):
    found, again = segment_cord(image, device="cpu"), segment_cord(as_array(image), device="cpu")
    assert same_grid(found.soft, image)
    assert same_grid(found.mask, image)
    assert isinstance(again.soft, ArrayImage)
    assert np.array_equal(again.soft.affine, as_array(image).affine)
    assert again.soft.array.dtype == np.float32
    assert again.mask.array.dtype == np.uint8
    # A direction that went through an affine is rounded at 1e-16, which resampling may turn into 1e-7 of a value.
    assert np.allclose(sitk.GetArrayFromImage(found.soft).transpose(), again.soft.array, atol=1e-4)
    assert np.count_nonzero(sitk.GetArrayFromImage(found.mask).transpose() != again.mask.array) <= 2
    truth = oblique.soft_truth()
    assert np.linalg.norm(centre_of_mass(as_image(again.soft)) - centre_of_mass(truth)) < 1.0
    # NumPy alone, in RAS millimetres, as a user of nibabel would ask where it is.
    weights = again.soft.array.astype(float)
    centre = np.array([(weights * axis).sum() for axis in np.indices(weights.shape)]) / weights.sum()
    ras = (again.soft.affine @ (*centre, 1))[:3]
    assert np.linalg.norm(ras * (-1, -1, 1) - centre_of_mass(truth)) < 1.0
    assert segmentation_scores(again.soft, truth).dice > 0.85


def test_areas_are_the_same_whatever_the_kind_and_levels_may_be_arrays(oblique):
    truth = oblique.soft_truth()
    levels = (truth > 0) * 3
    one, other = measure_csa(truth, levels=levels), measure_csa(as_array(truth), levels=as_array(levels))
    assert np.allclose(one.values("area_true"), other.values("area_true"), rtol=1e-9, equal_nan=True)
    assert one.per_level().keys() == other.per_level().keys() == {3}
    assert one.mean("area_true") == pytest.approx(oblique.area(), rel=0.02)


def test_discs_come_as_image_array_or_table_and_are_the_same_points(oblique, tmp_path):
    truth = oblique.soft_truth()
    marks = sitk.Image(truth.GetSize(), sitk.sitkUInt8)
    marks.CopyInformation(truth)
    cord = np.argwhere(sitk.GetArrayFromImage(truth) > 0.9)[:, ::-1]
    lines = ["disc\tx\ty\tz"]
    rows = {row.slice: row.original_slice for row in measure_csa(truth).rows}
    for disc, place in ((3, rows[24]), (4, rows[12]), (5, rows[4])):
        index = tuple(int(i) for i in cord[cord[:, 2] == place][0])
        marks[index] = disc
        x, y, z = marks.TransformIndexToPhysicalPoint(index)
        lines.append(f"{disc}\t{-x}\t{-y}\t{z}")
    (tmp_path / "discs.tsv").write_text("\n".join(lines) + "\n")
    given = (marks, as_array(marks), str(tmp_path / "discs.tsv"))
    found = [[row.level for row in measure_csa(truth, discs=discs).rows] for discs in given]
    assert found[0] == found[1] == found[2]
    assert {3, 4} <= set(found[0])
    with pytest.raises(CrossContrastError, match="empty"):
        measure_csa(truth, discs=marks * 0)


def test_a_translation_returns_the_kind_it_was_given(image, tmp_path):
    write_random_translator(tmp_path / "model")
    one, other = (translate(given, tmp_path / "model", device="cpu") for given in (image, as_array(image)))
    assert list(one) == list(other) == ["ct", "pet"]
    for name in one:
        assert same_grid(one[name], image)
        assert np.allclose(sitk.GetArrayFromImage(one[name]).transpose(), other[name].array, atol=1e-4)
        assert np.array_equal(other[name].affine, as_array(image).affine)
    with pytest.raises(CrossContrastError, match="no axis 'up'"):
        translate(image, tmp_path / "model", axis="up")


def test_masks_of_several_kinds_are_fused_each_in_its_own(oblique):
    """Three masks, one of them of another kind; the fused ones lie where the cord is, on the grids of their own."""
    masks = {
        "T2w": oblique.soft_truth(),
        "T1w": as_array(CordPhantom(**vars(oblique) | {"spacing": (1.05, 1.1, 2.5)}).soft_truth() > 0.5),
        "MToff": oblique.soft_truth() > 0.5,
    }
    fused = soft_ground_truth(masks)
    assert isinstance(fused.soft["T1w"], ArrayImage)
    assert np.array_equal(fused.soft["T1w"].affine, masks["T1w"].affine)
    for role, mask in masks.items():
        soft = as_image(fused.soft[role])
        assert same_grid(soft, as_image(mask))
        assert np.linalg.norm(centre_of_mass(soft) - centre_of_mass(as_image(mask))) < 0.5
    with pytest.raises(CrossContrastError, match="The mask of T2w holds no cord"):
        soft_ground_truth({"T2w": oblique.soft_truth() * 0})
    with pytest.raises(CrossContrastError, match="image of T1w has no mask"):
        soft_ground_truth({"T2w": oblique.soft_truth()}, {"T1w": oblique.soft_truth()})


def test_comparisons_do_not_care_for_the_kind(image):
    brighter = image + 10
    assert compare_images(image, as_array(brighter)).mae == pytest.approx(10, rel=1e-6)
    assert compare_images(as_array(image), brighter) == compare_images(image, brighter)
    turned = sitk.DICOMOrient(brighter, "RAS")  # the same voxels at the same places
    assert compare_images(image, as_array(turned)) == compare_images(image, brighter)
    moved = sitk.Image(brighter)
    moved.SetOrigin(image.TransformContinuousIndexToPhysicalPoint((0.5, 0, 0)))
    with pytest.raises(CrossContrastError, match="different grids"):
        compare_images(image, as_array(moved))


def test_features_do_not_care_for_the_kind_and_the_mask_may_be_turned(oblique, image):
    mask = oblique.soft_truth() > 0.5
    few = {"classes": ("statistics", "shape")}
    found = extract_features(image, mask, settings=few)
    again = extract_features(as_array(image), as_array(sitk.DICOMOrient(mask, "RAS")), settings=few)
    assert again == pytest.approx(found, rel=1e-9)
    with pytest.raises(CrossContrastError, match="soft"):
        extract_features(image, oblique.soft_truth(), settings=few)
    with pytest.raises(CrossContrastError, match="colour"):
        extract_features(image, mask, settings={"colour": "red"})
    unusual = as_array(image)
    unusual.array[0, 0, 0] = np.nan
    with pytest.warns(ImageWarning, match="outside the mask"):
        extract_features(unusual, mask, settings=few)


def test_an_empty_answer_is_said(image, tmp_path):
    noise = np.random.default_rng(3).normal(100, 10, (40, 40, 20)).astype(np.float32)
    with pytest.warns(ImageWarning, match="No cord was found"):
        found = segment_cord((noise, np.diag([2.0, 2.0, 3.0, 1.0])), device="cpu")
    assert found.missing
    assert not found.soft.array.any()
    write_image(found.soft, tmp_path / "empty.nii.gz")
    with pytest.raises(CrossContrastError, match="threshold"):
        segment_cord(image, threshold=1.5)
