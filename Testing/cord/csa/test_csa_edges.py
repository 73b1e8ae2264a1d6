"""What is not a whole, single, clear cord: it is answered, and it is said."""

import numpy as np
import pytest
import SimpleITK as sitk
from cord_phantoms import Tube, draw

from crosscontrast.cord.csa.live import LiveCsa
from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.csa.table import CsaRow, Note
from crosscontrast.errors import BadInputError

TUBE = Tube(lean=15)
CORD = sitk.GetArrayFromImage(draw(TUBE.excess, (64, 48, 20)))


def measure(values: np.ndarray, **options: float) -> tuple[CsaRow, ...]:
    return measure_csa(sitk.GetImageFromArray(values.astype(np.float32)), **options).rows


def test_a_cord_that_fills_the_field_of_view_needs_no_remark() -> None:
    assert not any(row.notes for row in measure(CORD))


def test_without_cord_every_area_is_missing() -> None:
    table = measure_csa(sitk.Image((16, 16, 5), sitk.sitkFloat32))
    assert np.isnan(table.mean("area_true"))
    assert np.isnan(table.sd("area_sct"))
    assert all(row.notes == (Note.EMPTY,) for row in table.rows)


def test_a_gap_is_missing_and_bridged() -> None:
    values = CORD.copy()
    values[8:12] = 0
    rows = measure(values)
    assert all(np.isnan(row.area_true) and np.isnan(row.area_sct) and row.notes == (Note.GAP,) for row in rows[8:12])
    assert all(np.isfinite(row.distance) for row in rows)
    whole = measure(CORD)
    for k in (7, 12):
        assert rows[k].area_true == pytest.approx(whole[k].area_true, rel=0.002)


def test_the_ends_of_a_mask_are_marked_where_they_are_not_the_ends_of_the_image() -> None:
    values = CORD.copy()
    values[:4] = values[17:] = 0
    rows = measure(values)
    assert [row.slice for row in rows if Note.END in row.notes] == [4, 16]
    assert rows[3].notes == rows[17].notes == (Note.EMPTY,)


def test_a_second_object_is_flagged_and_left_out_of_the_true_area_only() -> None:
    values = CORD.copy()
    values[10, 4:8, 4:8] = 1
    row, whole = measure(values)[10], measure(CORD)[10]
    assert Note.SEVERAL in row.notes
    assert row.components == 2
    assert row.area_true == pytest.approx(whole.area_true, rel=0.01)
    assert row.area_sct == pytest.approx(whole.area_sct + 16, rel=0.1)


def test_two_objects_with_a_common_faint_rim_are_parted() -> None:
    values = CORD.copy()
    values[10, 10:14] = np.maximum(values[10, 10:14], 0.05)
    values[10, 4:10, 28:34] = 1
    row, whole = measure(values)[10], measure(CORD)[10]
    assert row.components == 2
    assert row.area_true < whole.area_true + 15


def test_a_faint_slice_counts_with_what_it_has() -> None:
    values = CORD.copy()
    values[10] *= 0.4
    row, whole = measure(values)[10], measure(CORD)[10]
    assert row.notes == (Note.FAINT,)
    assert row.maximum == pytest.approx(0.4)
    assert row.area_true == pytest.approx(0.4 * whole.area_true, rel=0.005)
    assert row.area_sct == pytest.approx(whole.area_sct, rel=0.005)


def test_where_a_cord_fades_out_its_mean_area_does_not() -> None:
    """A cord's last slice is often half in doubt; an image of a few thick slices would lose 4 % of its mean area."""
    fading = CORD.copy()
    fading[-1] *= 0.1
    image = sitk.GetImageFromArray(fading.astype(np.float32))
    table, whole = measure_csa(image), measure_csa(sitk.GetImageFromArray(CORD.astype(np.float32)))
    assert table.rows[-1].area_true == pytest.approx(0.1 * whole.rows[-1].area_true, rel=0.02)
    for measure_name in ("area_true", "area_sct"):
        assert table.mean(measure_name) == pytest.approx(whole.mean(measure_name), rel=0.002)
        assert table.sd(measure_name) < 0.01 * whole.mean(measure_name)
    assert table.total("length_true") == pytest.approx(whole.total("length_true"), rel=0.01)
    assert LiveCsa(image).curve().mean() == pytest.approx(table.mean("area_true"))
    assert LiveCsa(image).curve().count() == len(CORD) - 1


def test_of_a_cord_that_is_faint_everywhere_the_mean_is_over_all_of_it() -> None:
    image = sitk.GetImageFromArray((0.3 * CORD).astype(np.float32))
    table = measure_csa(image)
    assert table.mean("area_true") == pytest.approx(np.mean(table.values("area_true")))
    assert LiveCsa(image).curve().mean() == pytest.approx(table.mean("area_true"))


def test_stray_faint_voxels_belong_to_no_object() -> None:
    values = CORD.copy()
    values[:, 2:6, 2:6] = 0.05
    for row, whole in zip(measure(values), measure(CORD), strict=True):
        assert row.area_true == pytest.approx(whole.area_true, rel=0.001)


def test_a_networks_haze_does_not_count() -> None:
    for row, whole in zip(measure(np.maximum(CORD, 0.008)), measure(CORD), strict=True):
        assert row.area_true == pytest.approx(whole.area_true, rel=0.001)
        assert row.area_sct == pytest.approx(whole.area_sct, rel=0.001)


def test_a_slice_of_one_value_has_no_sct_area() -> None:
    values = CORD.copy()
    values[10] = 1
    row = measure(values)[10]
    assert np.isnan(row.area_sct)
    assert {Note.CONSTANT, Note.BORDER} <= set(row.notes)


def test_a_cord_leaving_through_the_side_is_said() -> None:
    rows = measure(CORD[:, :, 26:])
    assert Note.BORDER in rows[0].notes


def test_one_slice_alone_is_measured_without_angle() -> None:
    table = measure_csa(draw(Tube().excess, (48, 48, 1)))
    assert table.mean("area_true") == pytest.approx(Tube().area, rel=0.01)
    assert table.rows[0].notes == (Note.UNCORRECTED,)
    assert table.rows[0].tilt == 0
    assert table.rows[0].distance == 0


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_few_slices_are_enough_for_the_angle(count: int) -> None:
    table = measure_csa(draw(TUBE.excess, (48, 48, count), (1.0, 1.0, 5.0), samples=(4, 4, 20)))
    assert table.mean("area_true") == pytest.approx(TUBE.area, rel=0.01)


def test_a_single_voxel_does_not_break_the_measurement() -> None:
    values = np.zeros((3, 9, 9))
    values[1, 4, 4] = 1
    row = measure(values)[1]
    assert row.area_true == pytest.approx(1)
    assert row.area_sct == pytest.approx(1, rel=0.1)


def test_nan_voxels_are_taken_for_background_and_said() -> None:
    values = CORD.copy()
    values[10, 2, 2] = np.nan
    row, whole = measure(values)[10], measure(CORD)[10]
    assert row.notes == (Note.CLEANED,)
    assert row.area_true == pytest.approx(whole.area_true, rel=1e-4)


@pytest.mark.parametrize(
    ("values", "reason"),
    [(CORD * 255, "0 to 255"), (CORD - 0.5, "-0.5"), (np.full((4, 5, 6), np.nan), "finite")],
    ids=["0 to 255", "negative", "all NaN"],
)
def test_what_is_no_soft_segmentation_is_refused_with_the_reason(values: np.ndarray, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        measure(values)


def test_a_slight_overshoot_of_interpolation_is_clipped() -> None:
    for row, whole in zip(measure(CORD * 1.05), measure(np.minimum(CORD * 1.05, 1)), strict=True):
        assert row.area_true == pytest.approx(whole.area_true)


def test_images_of_other_dimensions_are_refused() -> None:
    with pytest.raises(BadInputError, match="3-D"):
        measure_csa(sitk.Image((8, 8), sitk.sitkFloat32))
