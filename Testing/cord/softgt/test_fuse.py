"""The soft ground truth of a cord that was scanned four times, by masks alone."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from moved_scans import SCANS, Scan, mirrored, pose, shifted, with_slices
from support import centre_of_mass

from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.softgt.contrast import Contrast
from crosscontrast.cord.softgt.fuse import SoftGroundTruth, choose_reference, fuse
from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import reorient

ROLES = [scan.role for scan in SCANS]


@pytest.fixture(scope="module")
def truths() -> dict[str, sitk.Image]:
    return {scan.role: scan.truth() for scan in SCANS}


@pytest.fixture(scope="module")
def contrasts(truths: dict[str, sitk.Image]) -> list[Contrast]:
    return [scan.contrast(truths[scan.role]) for scan in SCANS]


@pytest.fixture(scope="module")
def fused(contrasts: list[Contrast]) -> SoftGroundTruth:
    return fuse(contrasts)


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def slices(image: sitk.Image) -> np.ndarray:
    """Values (k, j, i) with the slices from bottom to top."""
    return array(reorient(image, "RAS"))


def test_every_contrast_is_kept_and_agrees_far_better_after_registration(fused: SoftGroundTruth) -> None:
    assert fused.reference == "T2w"
    assert not fused.remarks
    for found in fused.contrasts:
        assert found.kept
        assert found.after.dice > 0.94
        assert found.after.centreline_mm < 0.3
    assert all(found.before.dice < 0.75 for found in fused.contrasts[1:])


@pytest.mark.parametrize("number", range(len(ROLES)), ids=ROLES)
def test_the_truth_is_recovered_on_the_contrasts_own_grid(
    fused: SoftGroundTruth, truths: dict[str, sitk.Image], number: int
) -> None:
    soft, truth = fused.contrasts[number].soft, truths[ROLES[number]]
    assert (soft.GetSize(), soft.GetSpacing()) == (truth.GetSize(), truth.GetSpacing())
    assert (soft.GetOrigin(), soft.GetDirection()) == (truth.GetOrigin(), truth.GetDirection())
    touched = (array(soft) > 0) | (array(truth) > 0)
    assert np.abs(array(soft) - array(truth))[touched].mean() < 0.07
    assert np.linalg.norm(centre_of_mass(soft) - centre_of_mass(truth)) < 0.3
    assert measure_csa(soft).mean("area_true") == pytest.approx(measure_csa(truth).mean("area_true"), rel=0.02)


def test_the_bump_on_the_left_stays_on_the_left(fused: SoftGroundTruth, truths: dict[str, sitk.Image]) -> None:
    for found in fused.contrasts:
        right, left = truths[found.role], sitk.GetImageFromArray(slices(truths[found.role])[:, :, ::-1])
        error = np.abs(slices(found.soft) - slices(right)).sum()
        assert error < 0.5 * np.abs(slices(found.soft) - array(left)).sum()


def test_the_result_is_soft_and_stays_within_0_and_1(fused: SoftGroundTruth) -> None:
    for found in fused.contrasts:
        values = array(found.soft)
        assert values.dtype == np.float32
        assert values.min() == 0
        assert 0.95 < values.max() <= 1
        assert ((values > 0.05) & (values < 0.95)).sum() > 0.1 * (values > 0).sum()


def test_without_registration_the_mean_is_blurred(fused: SoftGroundTruth, truths: dict[str, sitk.Image]) -> None:
    for found in fused.contrasts:
        truth = array(truths[found.role])
        errors = [np.abs(array(soft) - truth).sum() for soft in (found.soft, found.unregistered)]
        assert errors[0] < 0.5 * errors[1]


@pytest.fixture(scope="module")
def pair() -> list[Contrast]:
    small = Scan(size=(30, 30, 12), spacing=(1.0, 1.0, 2.0))
    tilted = Scan("T1w", (30, 30, 12), (1.0, 1.1, 2.0), tilt=(5, 4, -6), patient=pose((0, 0, 3), (2, 1, 0)))
    return [small.contrast(), tilted.contrast()]


@pytest.fixture(scope="module")
def of_the_pair(pair: list[Contrast]) -> np.ndarray:
    return slices(fuse(pair).contrasts[1].soft)


@settings(max_examples=3, deadline=None)
@given(st.sampled_from(["RAS", "PIR", "SLA", "IPL", "ASR", "LIP"]))
def test_the_order_in_which_a_file_has_its_axes_makes_no_difference(
    pair: list[Contrast], of_the_pair: np.ndarray, orientation: str
) -> None:
    turned = Contrast("T1w", reorient(pair[1].mask, orientation))
    assert np.abs(slices(fuse([pair[0], turned]).contrasts[1].soft) - of_the_pair).max() < 1e-3


def test_a_short_field_of_view_does_not_lower_the_mean_beyond_its_end() -> None:
    whole = Scan("T2w").contrast()
    short = with_slices(Scan("T1w").contrast(), 12, 23)
    soft = slices(fuse([whole, short]).contrasts[0].soft)
    core = slices(whole.mask)
    core[:, :, :-1] *= core[:, :, 1:]
    core[:, :, 1:] *= core[:, :, :-1]
    core[:, :-1] *= core[:, 1:]
    core[:, 1:] *= core[:, :-1]
    # Below, at and above the end of the short mask; a plain mean of the two would be 0.5 below it.
    lowest = [float(soft[k][core[k] > 0].min()) for k in range(24)]
    assert min(lowest) > 0.99


def test_a_half_drawn_end_slice_takes_nothing_from_the_others() -> None:
    whole = Scan("T2w").contrast()
    cut = with_slices(Scan("T1w").contrast(), 6, 16)
    values = array(cut.mask)
    drawn = np.flatnonzero(values[16].any(axis=0))
    values[16][:, drawn[: len(drawn) // 2]] = 0
    half = Contrast("T1w", sitk.GetImageFromArray(values))
    half.mask.CopyInformation(cut.mask)
    soft = slices(fuse([whole, half]).contrasts[0].soft)
    assert soft[16].sum() == pytest.approx(slices(whole.mask)[16].sum(), rel=0.01)


def test_end_slices_that_nobody_else_covers_stay_unless_they_are_to_be_dropped() -> None:
    masks = [with_slices(Scan(role).contrast(), 6, 16) for role in ("T2w", "T1w")]
    filled = {
        drop: np.flatnonzero(slices(fuse(masks, drop_ends=drop).contrasts[0].soft).max(axis=(1, 2)) > 0.5)
        for drop in (False, True)
    }
    assert filled[False][[0, -1]].tolist() == [6, 16]
    assert filled[True][[0, -1]].tolist() == [7, 15]


def test_what_the_reference_does_not_see_comes_from_those_that_do() -> None:
    low = with_slices(Scan("T2w").contrast(), 0, 13)
    high = with_slices(Scan("T1w").contrast(), 7, 23)
    found = fuse([low, high])
    for contrast in found.contrasts:
        assert (slices(contrast.soft).max(axis=(1, 2)) > 0.9).all()


def test_the_mean_lies_between_a_generous_and_a_strict_rater(truths: dict[str, sitk.Image]) -> None:
    strict, generous = (
        Contrast(role, sitk.Cast(truths["T2w"] >= level, sitk.sitkFloat32)) for role, level in (("a", 0.9), ("b", 0.1))
    )
    soft = fuse([strict, generous]).contrasts[0].soft
    areas = [measure_csa(mask).mean("area_true") for mask in (strict.mask, soft, generous.mask)]
    assert areas[1] == pytest.approx((areas[0] + areas[2]) / 2, rel=0.02)


def test_one_contrast_is_passed_through_with_a_remark(contrasts: list[Contrast]) -> None:
    alone = fuse(contrasts[2:3])
    assert "only contrast" in alone.remarks[0]
    assert (array(alone.contrasts[0].soft) == array(contrasts[2].mask)).all()


def test_the_reference_is_t2w_else_the_finest_or_the_one_asked_for(contrasts: list[Contrast]) -> None:
    assert choose_reference(contrasts, None).role == "T2w"
    assert choose_reference(contrasts[1:], None).role == "T1w"
    assert choose_reference(contrasts, "T2star").role == "T2star"
    with pytest.raises(BadInputError, match="'DWI'"):
        fuse(contrasts, reference="DWI")


def test_a_mask_of_another_place_is_left_out_and_the_others_are_as_if_it_were_not_there(
    contrasts: list[Contrast],
) -> None:
    found = fuse([*contrasts[:2], shifted(contrasts[2], (0, 22, 0))])
    assert [contrast.kept for contrast in found.contrasts] == [True, True, False]
    assert "T2star was left out: its mask lies" in found.remarks[0]
    without = fuse(contrasts[:2])
    assert np.abs(array(found.contrasts[0].soft) - array(without.contrasts[0].soft)).max() < 0.01


def test_a_mirrored_mask_is_left_out() -> None:
    aside = [Scan(role, size=(60, 34, 12), centre=(12, 2, 0)).contrast() for role in ("T2w", "T1w", "MToff")]
    found = fuse([aside[0], mirrored(aside[1]), aside[2]])
    assert [contrast.kept for contrast in found.contrasts] == [True, False, True]


def test_where_the_reference_is_the_wrong_one_another_takes_its_place(contrasts: list[Contrast]) -> None:
    wide = Scan("T2w", size=(60, 34, 24)).contrast()
    found = fuse([shifted(wide, (18, 0, 0)), *contrasts[1:]])
    assert found.reference == "T1w"
    assert [contrast.kept for contrast in found.contrasts] == [False, True, True]


def test_a_mask_of_the_whole_canal_is_left_out_for_its_area(truths: dict[str, sitk.Image]) -> None:
    canal = sitk.Cast(sitk.BinaryDilate(truths["T2w"] >= 0.5, (3, 3, 1)), sitk.sitkFloat32)
    others = [Scan(role, size=(34, 34, 12)).contrast() for role in ("T2w", "MToff")]
    found = fuse([others[0], Contrast("T1w", canal), others[1]])
    assert any("its area is" in fault for fault in found.contrasts[1].faults)
    assert not found.contrasts[1].kept


def test_of_two_that_disagree_nobody_can_tell_which_is_wrong(contrasts: list[Contrast]) -> None:
    with pytest.raises(BadInputError, match="T2w and T2star disagree, and of two nobody can tell") as error:
        fuse([contrasts[0], shifted(contrasts[2], (0, 22, 0))])
    assert "--keep-all" in error.value.hint


def test_all_are_kept_on_demand_and_named(contrasts: list[Contrast]) -> None:
    found = fuse([contrasts[0], shifted(contrasts[2], (0, 22, 0))], keep_all=True)
    assert all(contrast.kept for contrast in found.contrasts)
    assert "kept although its mask lies" in found.remarks[0]


def test_contrasts_without_a_common_stretch_are_said_to_have_none() -> None:
    parts = [with_slices(Scan(role).contrast(), *ends) for role, ends in (("T2w", (0, 8)), ("T1w", (13, 23)))]
    with pytest.raises(BadInputError, match="shares no stretch of cord"):
        fuse(parts)
