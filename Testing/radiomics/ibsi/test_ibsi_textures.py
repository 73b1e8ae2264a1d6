"""Textures on small regions whose values are counted by hand or by a plain loop."""

from itertools import product

import numpy as np
import pytest

from crosscontrast.errors import BadInputError
from crosscontrast.radiomics.ibsi.features import FAMILIES, TEXTURES, features, texture_features
from crosscontrast.radiomics.ibsi.maps import values_around
from crosscontrast.radiomics.ibsi.region import Bins, Region
from crosscontrast.radiomics.ibsi.shape import shape
from crosscontrast.radiomics.ibsi.texture import Texture

_RNG = np.random.default_rng(5)


def region_of(values: np.ndarray, inside: np.ndarray | None = None, spacing=(1.0, 1.0, 1.0)) -> Region:
    mask = np.ones(values.shape, bool) if inside is None else inside
    return Region.of(values, mask, spacing, 7)


def test_neighbours_are_those_of_a_plain_loop():
    levels = _RNG.integers(0, 4, (1, 4, 5, 3))
    texture = Texture.of(levels)
    place = {tuple(index): n for n, index in enumerate(np.argwhere(levels[0] > 0).tolist())}
    expected = set()
    for (one, first), (other, second) in product(place.items(), repeat=2):
        if first < second and max(abs(a - b) for a, b in zip(one, other, strict=True)) == 1:
            expected.add((first, second))
    pairs = [tuple(sorted(pair)) for ends in texture.pairs for pair in np.transpose(ends).tolist()]
    assert len(texture.pairs) == 13
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected
    assert len(Texture.of(levels, flat=True).pairs) == 4


def test_several_regions_side_by_side_have_the_features_of_each():
    stack = _RNG.integers(0, 5, (6, 4, 4, 4))
    stack[3] = 0  # a region without a voxel has no features and changes no other
    together = texture_features(stack, stack > 0, TEXTURES, flat=False, greatest=4)
    for number in (0, 1, 2, 4, 5):
        one = stack[number : number + 1]
        alone = texture_features(one, one > 0, TEXTURES, flat=False, greatest=4)
        for family, each in alone.items():
            for name, value in each.items():
                assert together[family][name][number] == pytest.approx(value[0], rel=1e-12), (family, name)
    assert all(np.isnan(values[3]) for each in together.values() for values in each.values())


def test_a_turned_region_has_the_same_features():
    values, inside = _RNG.normal(0, 10, (7, 8, 9)), _RNG.uniform(size=(7, 8, 9)) < 0.8
    args = (FAMILIES, Bins(count=8), None)
    found = features(region_of(values, inside, (1.0, 2.0, 3.0)), *args)
    turned = region_of(values.transpose(2, 0, 1)[:, ::-1], inside.transpose(2, 0, 1)[:, ::-1], (3.0, 1.0, 2.0))
    for name, value in features(turned, *args).items():
        assert value == pytest.approx(found[name], rel=1e-7, abs=1e-9), name


def test_one_grey_level_and_a_single_slice_have_values_where_they_have_a_meaning():
    levels = np.ones((1, 1, 3, 3), int)
    found = texture_features(levels, levels > 0, TEXTURES, flat=False)
    known = {f"{f}_{n}": v[0] for f, each in found.items() for n, v in each.items()}
    assert known["glcm-merged_corr"] == known["glcm-merged_energy"] == 1
    assert known["glcm-merged_joint_entr"] == known["glcm-merged_info_corr1"] == 0
    assert known["ngtdm_coarseness"] == 1e6
    assert known["ngtdm_contrast"] == known["ngtdm_busyness"] == known["ngtdm_strength"] == 0
    assert known["glszm_lze"] == 81
    assert known["ngldm_hde"] == pytest.approx((4 * 16 + 4 * 36 + 81) / 9)


def test_limits_and_outliers_leave_voxels_out_of_intensities_but_not_of_the_form():
    whole = region_of(np.arange(64.0).reshape(4, 4, 4))
    part = whole.resegmented((10, None), None)
    assert part.chosen.tolist() == list(range(10, 64))
    assert part.body.sum() == 64
    assert whole.resegmented((None, 20), None).chosen.max() == 20
    rare = np.append(np.arange(63.0), 1e4).reshape(4, 4, 4)
    assert region_of(rare).resegmented(None, 3).chosen.max() == 62
    # The deviation is that of the whole region, whatever the range leaves out.
    assert region_of(rare).resegmented((5, 62), 1.0).chosen.tolist() == list(range(5, 63))
    with pytest.raises(BadInputError, match="leave no two different values"):
        whole.resegmented((100, None), None)


def test_bins_so_narrow_that_hardly_a_level_comes_twice_are_refused():
    values = _RNG.normal(0, 10, (20, 20, 20))
    with pytest.raises(BadInputError, match="grey levels, and textures can be of 4096 at most"):
        features(region_of(values), ("glcm",), Bins(width=1e-4), None)
    assert len(features(region_of(values), ("statistics",), Bins(width=1e-4), None)) == 18


def test_bins_of_fixed_width_begin_at_the_lower_limit_and_those_of_fixed_number_at_the_minimum():
    region = region_of(np.array([[[-3.0, 0, 24.9, 25, 60]]]))
    assert Bins(width=25, start=-50).levels(region).tolist() == [[[2, 3, 3, 4, 5]]]
    assert Bins(width=25).levels(region).tolist() == [[[1, 1, 2, 2, 3]]]
    assert Bins(count=3).levels(region).tolist() == [[[1, 1, 2, 2, 3]]]


def test_a_ball_has_the_form_of_a_ball():
    grid = np.indices((24, 24, 48)) * np.array([2.0, 2.0, 1.0])[:, None, None, None] - 23.5
    ball = (grid**2).sum(0) < 20**2
    found = shape(Region.of(_RNG.normal(100, 1, ball.shape), ball, (2.0, 2.0, 1.0)))
    assert found["volume"] == pytest.approx(4 / 3 * np.pi * 20**3, rel=0.01)
    assert found["diam"] == pytest.approx(40, abs=2)
    assert found["pca_flatness"] == pytest.approx(1, abs=0.01)
    # Axes of two standard deviations enclose less than a ball whose points lie up to its surface.
    assert found["vol_dens_aee"] == pytest.approx(5**1.5 / 8, rel=0.02)
    assert found["com"] < 0.1
    assert abs(found["moran_i"]) < 0.01
    assert found["geary_c"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("family", "name"),
    [("statistics", "mean"), ("intensity-histogram", "entropy"), ("glcm-merged", "contrast"), ("glszm", "z_perc")],
)
def test_a_map_holds_the_feature_of_the_cube_around_each_voxel(family, name):
    values, inside = _RNG.normal(0, 10, (5, 6, 7)), _RNG.uniform(size=(5, 6, 7)) < 0.9
    inside[0, 0, 0] = inside[-1, -1, -1] = True
    region = region_of(values, inside)
    bins = Bins(count=4)
    found = values_around(region, family, name, bins, 1)
    assert len(found) == inside.sum()
    levels = bins.levels(region)
    for number, index in enumerate(np.argwhere(inside)[::9]):
        cube = tuple(slice(max(0, n - 1), n + 2) for n in index)
        if family == "statistics":
            expected = values[cube][inside[cube]].mean()
        elif family == "intensity-histogram":
            share = np.unique(levels[cube][inside[cube]], return_counts=True)[1] / inside[cube].sum()
            expected = -(share * np.log2(share)).sum()
        else:
            part = levels[cube][None]
            expected = texture_features(part, part > 0, (family.split("-")[0],), flat=False)[family][name][0]
        assert found[9 * number] == pytest.approx(expected)
    assert values_around(region, family, "colour", bins, 1) is None
