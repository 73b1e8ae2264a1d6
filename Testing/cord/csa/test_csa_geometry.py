"""The same physical cord must measure the same however its grid is stored."""

import functools
import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from cord_phantoms import Tube, draw, rotation
from hypothesis import given, settings
from hypothesis import strategies as st

from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.csa.table import CsaTable

# Leaning, off any symmetry, on an oblique and anisotropic grid that ends at different places.
LEANING = draw(Tube(lean=20, towards=70).excess, (44, 48, 13), (0.9, 0.8, 2.5), rotation((1, 0.2, 0.4), 14), (4, 4, 8))
UPRIGHT = draw(Tube().excess, (24, 24, 4))
MEASURES = ("area_true", "area_sct", "diameter_ap", "diameter_rl", "angle_ap", "angle_rl", "tilt", "distance")


@functools.cache
def leaning(**how: float) -> CsaTable:
    """The table of the image as it is, with which every example is compared."""
    return measure_csa(LEANING, **how)


def same_as_leaning(image: sitk.Image) -> None:
    first, second = measure_csa(image), leaning()
    for measure in MEASURES:
        np.testing.assert_allclose(first.values(measure), second.values(measure), rtol=1e-4, atol=1e-3, err_msg=measure)


@settings(max_examples=12, deadline=None)
@given(
    order=st.sampled_from(list(itertools.permutations(range(3)))),
    flips=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_permuting_and_flipping_the_axes_changes_nothing(order: tuple[int, ...], flips: tuple[bool, ...]) -> None:
    same_as_leaning(sitk.Flip(sitk.PermuteAxes(LEANING, order), flips))


def test_the_fixture_includes_left_handed_grids() -> None:
    flipped = sitk.Flip(LEANING, (True, False, False))
    assert np.linalg.det(np.array(flipped.GetDirection()).reshape(3, 3)) == pytest.approx(-1)


@settings(max_examples=8, deadline=None)
@given(
    axis=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda a: np.linalg.norm(a) > 0.1),
    degrees=st.floats(-20, 20),
    origin=st.tuples(*[st.floats(-200, 200)] * 3),
)
def test_turning_patient_and_grid_together_changes_nothing(
    axis: tuple[float, float, float], degrees: float, origin: tuple[float, float, float]
) -> None:
    turned = sitk.Image(LEANING)
    direction = np.array(LEANING.GetDirection()).reshape(3, 3)
    turned.SetDirection((rotation(axis, degrees) @ direction).ravel().tolist())
    turned.SetOrigin(origin)
    same_as_leaning(turned)


@settings(max_examples=10, deadline=None)
@given(scale=st.floats(0.4, 2.5))
def test_scaling_space_scales_areas_by_its_square(scale: float) -> None:
    scaled = sitk.Image(UPRIGHT)
    scaled.SetSpacing([scale * s for s in UPRIGHT.GetSpacing()])
    found, original = measure_csa(scaled), measure_csa(UPRIGHT)
    assert found.mean("area_true") == pytest.approx(scale**2 * original.mean("area_true"), rel=1e-4)
    assert found.mean("area_sct") == pytest.approx(scale**2 * original.mean("area_sct"), rel=0.005)
    assert found.mean("diameter_rl") == pytest.approx(scale * original.mean("diameter_rl"), rel=0.02)


@settings(max_examples=8, deadline=None)
@given(amplitude=st.floats(0.1, 1.0))
def test_fading_the_soft_values_fades_the_true_area_and_leaves_that_of_sct(amplitude: float) -> None:
    faded, full = measure_csa(LEANING * amplitude, floor=0), leaning(floor=0)
    assert faded.mean("area_true") == pytest.approx(amplitude * full.mean("area_true"), rel=1e-3)
    assert faded.mean("area_sct") == pytest.approx(full.mean("area_sct"), rel=1e-3)


def test_slices_count_from_below_and_the_images_own_number_is_kept() -> None:
    table = measure_csa(sitk.Flip(LEANING, (False, False, True)))
    assert [row.slice for row in table.rows] == list(range(13))
    assert [row.original_slice for row in table.rows] == list(range(13))[::-1]
    assert table.original_axis == 2


def test_a_sagittal_series_is_measured_across_its_planes() -> None:
    sagittal = sitk.PermuteAxes(LEANING, (1, 2, 0))
    table = measure_csa(sagittal)
    assert table.original_axis == 1
    assert len(table.rows) == sagittal.GetSize()[1]
