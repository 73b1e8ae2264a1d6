"""Vertebral levels of slices, and distances from the pontomedullary junction."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from cord_phantoms import Tube, draw

from crosscontrast.cord.csa.levels import discs_from_image, level_name, read_discs
from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.errors import BadInputError

TUBE = Tube(lean=20, towards=90)
CORD = draw(TUBE.excess, (40, 56, 40))
#: Disc value -> slice whose centre it lies in front of.
DISCS = {2: 35, 3: 25, 4: 15, 5: 6}


def disc_image(discs: dict[int, int]) -> sitk.Image:
    image = sitk.Image(CORD.GetSize(), sitk.sitkUInt8)
    image.CopyInformation(CORD)
    for value, k in discs.items():
        # On the centreline, found from where the slices' areas lie.
        row = sitk.GetArrayViewFromImage(CORD)[k].sum(axis=1)
        image[20, int(np.average(np.arange(len(row)), weights=row).round()), k] = value
    return image


def levels(table_rows: tuple) -> list[int | None]:
    return [row.level for row in table_rows]


def expected_levels() -> list[int | None]:
    return [next((n for n in (2, 3, 4) if DISCS[n + 1] <= k < DISCS[n]), None) for k in range(40)]


def test_a_disc_ends_the_level_above_it_and_begins_the_one_below() -> None:
    found = levels(measure_csa(CORD, discs=discs_from_image(disc_image(DISCS))).rows)
    agreement = np.mean([a == b for a, b in zip(found, expected_levels(), strict=True)])
    # The tube leans, so a point that is off the line by half a voxel may move a border by one slice.
    assert agreement >= 1 - 3 / 40
    assert set(found) == {None, 2, 3, 4}


def test_the_level_of_a_slice_is_the_rounded_mean_of_its_labels() -> None:
    labels = np.zeros(CORD.GetSize()[::-1], np.float32)
    labels[10:20, 5:9, 5:9] = 3
    labels[20:30] = 2
    labels[20, :50] = 3
    table = measure_csa(CORD, levels=like_cord(labels))
    assert [row.level for row in table.rows[9:22]] == [None, *[3] * 11, 2]
    assert sorted(table.per_level()) == [2, 3]
    assert table.per_level()[3].mean("area_true") == pytest.approx(TUBE.area, rel=0.01)


def test_a_level_map_on_another_grid_is_brought_over() -> None:
    labels = np.zeros(CORD.GetSize()[::-1], np.uint8)
    labels[:20], labels[20:] = 4, 3
    coarse = sitk.Flip(like_cord(labels), (True, False, True))[::2, ::2, ::2]
    found = levels(measure_csa(CORD, levels=coarse).rows)
    expected = [4] * 20 + [3] * 20
    # Every second slice is left: the border may be off by one, and the outermost may lie outside.
    assert sum(a != b for a, b in zip(found, expected, strict=True)) <= 2


def test_discs_that_are_no_neighbours_have_no_level_between_them() -> None:
    discs = discs_from_image(disc_image({2: 35, 3: 25, 5: 6}))
    assert set(levels(measure_csa(CORD, discs=discs).rows)) == {None, 2}


def test_discs_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(BadInputError, match="top to bottom"):
        measure_csa(CORD, discs=discs_from_image(disc_image({2: 10, 3: 25})))


def test_levels_beside_the_cord_are_refused() -> None:
    with pytest.raises(BadInputError, match="no slice"):
        measure_csa(CORD, levels=like_cord(np.zeros(CORD.GetSize()[::-1], np.uint8)))


def test_discs_given_as_levels_and_levels_given_as_discs_are_noticed() -> None:
    with pytest.raises(BadInputError, match="disc points"):
        measure_csa(CORD, levels=disc_image(DISCS))
    with pytest.raises(BadInputError, match="larger than 10 mm"):
        discs_from_image(like_cord(np.full(CORD.GetSize()[::-1], 3, np.uint8)))


def test_distances_are_taken_from_the_pontomedullary_junction_where_it_is_given() -> None:
    axis = np.array([0, np.sin(np.radians(20)), np.cos(np.radians(20))])
    top = measure_csa(CORD)
    for above in (30.0, 5.0):
        # 10 mm beside the line, at right angles: only its projection counts.
        junction = tuple((19.5 / np.cos(np.radians(20)) + above) * axis + np.array([10, 0, 0]))
        table = measure_csa(CORD, pmj=junction)
        assert table.from_pmj
        np.testing.assert_allclose(table.values("distance"), top.values("distance") + above, atol=0.05)


def test_the_junction_may_come_alone_among_the_discs() -> None:
    table = measure_csa(CORD, discs={50: (0.0, 0.0, 0.0)})
    assert table.from_pmj
    assert table.rows[0].distance > 0 > table.rows[-1].distance
    assert not table.per_level()


def test_a_table_of_discs_is_read_in_world_coordinates_of_nifti(tmp_path: Path) -> None:
    path = tmp_path / "discs.tsv"
    path.write_text("disc\tx\ty\tz\n3\t1.5\t-20\t30\n4\t1\t-21\t12\n")
    assert read_discs(path) == {3: (-1.5, 20.0, 30.0), 4: (-1.0, 21.0, 12.0)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("disc\tx\ty\n3\t1\t2\n", "columns"),
        ("disc\tx\ty\tz\nC3\t1\t2\t3\n", "columns"),
        ("disc\tx\ty\tz\n3\t1\t2\t3\n3\t1\t2\t4\n", "twice"),
        ("disc\tx\ty\tz\n3\t1\tnan\t3\n", "finite"),
        ("disc\tx\ty\tz\n", "no disc points"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_table_of_discs_is_refused_by_name(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "discs.tsv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInputError, match=reason) as caught:
        read_discs(path)
    assert str(path) in str(caught.value)


def test_levels_have_their_anatomical_names() -> None:
    assert [level_name(n) for n in (1, 7, 8, 19, 20, 24, 25)] == ["C1", "C7", "T1", "T12", "L1", "L5", "S1"]


def like_cord(values: np.ndarray) -> sitk.Image:
    image = sitk.GetImageFromArray(values)
    image.CopyInformation(CORD)
    return image
