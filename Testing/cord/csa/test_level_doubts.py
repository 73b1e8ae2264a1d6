"""Labels that do not belong to the cord are refused; those of other programs are converted."""

import numpy as np
import pytest
import SimpleITK as sitk
from cord_phantoms import Tube, draw

from crosscontrast.cord.csa.levels import discs_from_image
from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import ImageWarning

TUBE = Tube()
CORD = draw(TUBE.excess, (48, 64, 40))
#: Lowest slice of each disc, as TotalSpineSeg numbers it (67 is C6/C7, 71 C7/T1), and the level above it.
DISCS = {63: 36, 64: 28, 65: 20, 66: 12, 67: 6, 71: 0}


def as_map(labels):
    image = sitk.GetImageFromArray(labels.astype(np.float32))
    image.CopyInformation(CORD)
    return image


def empty():
    return np.zeros(CORD.GetSize()[::-1], np.float32)


def shifted(image, by):
    moved = sitk.Image(image)
    moved.SetOrigin((np.array(image.GetOrigin()) + by).tolist())
    return moved


def spine():
    """Cord, canal, vertebral bodies before them and discs between these, with TotalSpineSeg's values."""
    labels = empty()
    labels[sitk.GetArrayViewFromImage(CORD) > 0.01] = 2
    labels[sitk.GetArrayViewFromImage(CORD) > 0.5] = 1
    bodies = [13, 14, 15, 16, 17, 21]
    for (_, low), body in zip(DISCS.items(), bodies, strict=True):
        labels[:low, 4:12, 16:32] = body
    for value, low in DISCS.items():
        labels[low : low + 2, 4:12, 16:32] = value
    return labels


def test_totalspinesegs_structures_are_levels_between_its_discs():
    with pytest.warns(ImageWarning, match="TotalSpineSeg's structures; the levels were taken from its 6 discs"):
        table = measure_csa(CORD, levels=as_map(spine()))
    levels = {row.slice: row.level for row in table.rows}
    # A disc of two slices ends with its lower one, whose centre is nearer to the cord's next level.
    assert [levels[k] for k in (4, 10, 17, 25, 33)] == [7, 6, 5, 4, 3]
    assert table.per_level()[5].mean("area_true") == pytest.approx(TUBE.area, rel=0.01)


def test_a_value_that_totalspineseg_does_not_give_is_refused():
    labels = spine()
    labels[0, 0, 0] = 68
    with pytest.raises(BadInputError, match="looks like one of TotalSpineSeg's, but has the value 68"):
        measure_csa(CORD, levels=as_map(labels))


def test_several_labels_in_a_slice_are_no_levels():
    labels = spine()
    labels[labels > 60] = 0
    with pytest.raises(BadInputError, match="in one slice"):
        measure_csa(CORD, levels=as_map(labels))


def test_discs_are_not_taken_for_levels():
    labels = empty()
    for level, k in {3: 35, 4: 26, 5: 17, 6: 8}.items():
        labels[k, 20:23, 20:23] = level
    with pytest.raises(BadInputError, match="these are discs") as refused:
        measure_csa(CORD, levels=as_map(labels))
    assert "discs" in refused.value.hint
    table = measure_csa(CORD, discs=discs_from_image(as_map(labels)))
    assert sorted(table.per_level()) == [3, 4, 5]


def test_levels_that_do_not_follow_each_other_are_refused():
    labels = empty()
    labels[:20], labels[20:] = 3, 4  # the upper level below
    with pytest.raises(BadInputError, match="do not follow each other"):
        measure_csa(CORD, levels=as_map(labels))
    labels[:20], labels[20:] = 6, 3
    with pytest.raises(BadInputError, match="do not follow each other"):
        measure_csa(CORD, levels=as_map(labels))


@pytest.mark.parametrize("value", [27, 60, 255, -1, 2.5])
def test_values_that_are_no_levels_are_refused(value):
    labels = empty()
    labels[:] = value
    with pytest.raises(BadInputError, match=f"has the value {value:g}"):
        measure_csa(CORD, levels=as_map(labels))


def test_a_map_of_levels_that_are_nearly_numbers_is_read():
    labels = empty()
    labels[:20], labels[20:] = 4 * 0.9999, 3 * 0.9999
    assert sorted(measure_csa(CORD, levels=as_map(labels)).per_level()) == [3, 4]


def test_a_map_that_lies_beside_the_cord_is_refused():
    wide = sitk.Image((400, 64, 40), sitk.sitkFloat32)
    wide.SetSpacing(CORD.GetSpacing())
    wide.SetDirection(CORD.GetDirection())
    wide.SetOrigin(CORD.GetOrigin())
    wide = sitk.Paste(wide, CORD, CORD.GetSize())
    labels = np.zeros(wide.GetSize()[::-1], np.float32)
    labels[:20, :, 300:], labels[20:, :, 300:] = 4, 3
    beside = sitk.GetImageFromArray(labels)
    beside.CopyInformation(wide)
    with pytest.raises(BadInputError, match="mm from the cord, so it does not belong to it"):
        measure_csa(wide, levels=beside)


@pytest.mark.parametrize("by", [(0, 80, 0), (0, -80, 0), (80, 0, 0), (30, 46, 0)])
def test_discs_far_from_the_cord_are_refused(by):
    labels = empty()
    for level, k in {3: 35, 4: 26, 5: 17}.items():
        labels[k, 30, 20] = level
    discs = discs_from_image(as_map(labels))
    assert sorted(measure_csa(CORD, discs=discs).per_level()) == [3, 4]
    far = {n: tuple(np.add(point, by)) for n, point in discs.items()}
    with pytest.raises(BadInputError, match="mm from the cord, so the discs do not belong to it"):
        measure_csa(CORD, discs=far)


def test_discs_beyond_the_cords_end_may_lie_where_the_spine_bends_to():
    labels = empty()
    for level, k in {3: 35, 4: 26}.items():
        labels[k, 30, 20] = level
    discs = discs_from_image(as_map(labels))
    x, y, z = discs[4]
    assert sorted(measure_csa(CORD, discs=discs | {5: (x, y + 40, z - 120)}).per_level()) == [3, 4]
