"""The area against tubes whose section is known."""

import numpy as np
import pytest
import SimpleITK as sitk
from cord_phantoms import Tube, draw, rotation

from crosscontrast.cord.csa.measure import measure_csa

# Size, spacing in mm and samples per voxel of clinical grids; enough slices that some are far from both ends.
THIN_PIXELS = ((150, 150, 9), (0.5, 0.5, 5.0), (3, 3, 24))
ISOTROPIC = ((64, 64, 40), (1.0, 1.0, 1.0), (6, 6, 6))
THICK = ((84, 84, 9), (0.9, 0.9, 5.0), (4, 4, 24))
GRIDS = [THIN_PIXELS, ISOTROPIC, THICK]

STRAIGHT = [Tube(lean=lean, towards=towards) for lean, towards in ((0, 0), (20, 0), (40, 0), (40, 90), (30, 45))]
BENT = [Tube(bend=60), Tube(bend=100)]
OBLIQUE = rotation((1, 0, 0), -15) @ rotation((0, 0, 1), 20)
LEFT_HANDED = np.diag([-1.0, 1, 1]) @ rotation((1, 0.3, 0), 12)


def errors(tube: Tube, grid: tuple, direction: np.ndarray | None, measure: str) -> np.ndarray:
    """Relative errors of all slices but the outer 12 mm on both sides."""
    size, spacing, samples = grid
    table = measure_csa(draw(tube.excess, size, spacing, direction, samples))
    ends = int(np.ceil(12 / spacing[2]))
    return np.abs(table.values(measure)[ends:-ends] / tube.area - 1)


@pytest.mark.parametrize("grid", GRIDS, ids=["0.5x0.5x5", "1x1x1", "0.9x0.9x5"])
@pytest.mark.parametrize("tube", STRAIGHT + BENT, ids=str)
def test_the_true_soft_area_is_right_to_one_percent(tube: Tube, grid: tuple) -> None:
    assert errors(tube, grid, None, "area_true").max() < 0.01


@pytest.mark.parametrize("direction", [OBLIQUE, LEFT_HANDED], ids=["oblique", "left-handed"])
@pytest.mark.parametrize("tube", [Tube(), Tube(lean=25, towards=60), Tube(bend=100)], ids=str)
def test_it_stays_right_on_oblique_and_left_handed_grids(tube: Tube, direction: np.ndarray) -> None:
    assert errors(tube, THICK, direction, "area_true").max() < 0.01


@pytest.mark.parametrize("grid", GRIDS, ids=["0.5x0.5x5", "1x1x1", "0.9x0.9x5"])
@pytest.mark.parametrize("tube", STRAIGHT + BENT, ids=str)
def test_the_sct_compatible_area_is_within_the_three_percent_that_sct_allows_itself(tube: Tube, grid: tuple) -> None:
    assert errors(tube, grid, None, "area_sct").max() < 0.03


def test_a_cord_leaning_diagonally_shows_the_bias_that_sct_has_and_the_true_soft_area_has_not() -> None:
    tube = Tube(lean=40, towards=45)
    assert errors(tube, ISOTROPIC, None, "area_sct").min() > 0.03
    assert errors(tube, ISOTROPIC, None, "area_true").max() < 0.005


def test_diameters_and_shape_are_those_of_the_ellipse() -> None:
    table = measure_csa(draw(Tube(semi_axes=(6.0, 4.5)).excess, *ISOTROPIC[:2]))
    assert table.mean("diameter_rl") == pytest.approx(12, rel=0.02)
    assert table.mean("diameter_ap") == pytest.approx(9, rel=0.02)
    assert table.mean("eccentricity") == pytest.approx(np.sqrt(1 - (4.5 / 6) ** 2), rel=0.03)
    assert table.mean("orientation") == pytest.approx(0, abs=2)
    assert table.mean("solidity") > 0.96


def test_an_ellipse_that_is_long_from_front_to_back_has_its_diameters_the_other_way() -> None:
    table = measure_csa(draw(Tube(semi_axes=(4.0, 6.5)).excess, *ISOTROPIC[:2]))
    assert table.mean("diameter_rl") == pytest.approx(8, rel=0.03)
    assert table.mean("diameter_ap") == pytest.approx(13, rel=0.03)
    assert table.mean("orientation") == pytest.approx(90, abs=2)


def test_anisotropic_pixels_do_not_distort_the_shape() -> None:
    table = measure_csa(draw(Tube().excess, (30, 90, 12), (2.0, 0.6, 2.0)))
    assert table.mean("diameter_rl") == pytest.approx(12, rel=0.05)
    assert table.mean("diameter_ap") == pytest.approx(9, rel=0.05)


# The world of SimpleITK grows to the left and the back.
@pytest.mark.parametrize(("towards", "angle", "sign"), [(0, "angle_ap", 1), (90, "angle_rl", -1)])
def test_angles_say_where_the_cord_leans_going_up(towards: float, angle: str, sign: int) -> None:
    table = measure_csa(draw(Tube(lean=20, towards=towards).excess, *ISOTROPIC[:2]))
    other = "angle_rl" if angle == "angle_ap" else "angle_ap"
    assert table.mean(angle) == pytest.approx(sign * 20, abs=0.5)
    assert table.mean(other) == pytest.approx(0, abs=0.5)
    assert table.mean("tilt") == pytest.approx(20, abs=0.1)
    assert table.total("length") == pytest.approx(40 / np.cos(np.radians(20)), rel=0.005)
    assert table.total("length_true") == pytest.approx(40 / np.cos(np.radians(20)), rel=0.001)


def test_distances_run_down_along_the_arc_of_a_bent_cord() -> None:
    radius = 60
    table = measure_csa(draw(Tube(bend=radius).excess, (40, 80, 60)))
    top, bottom = table.rows[-1].distance, table.rows[0].distance
    arc = 2 * radius * np.arcsin(29.5 / radius)
    assert top == 0
    assert bottom == pytest.approx(arc, rel=0.01)


def test_a_binary_mask_is_right_to_the_precision_of_its_pixels() -> None:
    tube = Tube(lean=20)
    mask = draw(tube.excess, (120, 120, 30), (0.5, 0.5, 2.0)) > 0.5
    assert measure_csa(mask).mean("area_true") == pytest.approx(tube.area, rel=0.01)


def test_a_noisy_outline_does_not_shake_the_angles() -> None:
    tube = Tube(lean=15, towards=90)
    soft = draw(tube.excess, (60, 60, 14), (0.9, 0.9, 5.0), samples=(4, 4, 24))
    values = sitk.GetArrayFromImage(soft)
    shifts = np.random.default_rng(1).integers(-1, 2, (len(values), 2))
    shaken = np.stack([np.roll(v, shift, (0, 1)) for v, shift in zip(values, shifts, strict=True)])
    table = measure_csa(_like(shaken, soft))
    assert np.abs(table.values("tilt")[3:-3] - 15).max() < 4
    assert table.mean("area_true") == pytest.approx(tube.area, rel=0.02)


def _like(values: np.ndarray, image: sitk.Image) -> sitk.Image:
    made = sitk.GetImageFromArray(values)
    made.CopyInformation(image)
    return made
