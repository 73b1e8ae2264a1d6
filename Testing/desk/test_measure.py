"""The areas along the cord and the overlay of a correction, without a front end."""

import numpy as np
import pytest

pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from desk.conftest import place

from crosscontrast.cord.csa.live import LiveCsa
from crosscontrast.desk.measure import DifferenceOverlay, Ruler
from crosscontrast.errors import BadInputError
from crosscontrast.scene.difference import DIFFERENCE_ROLE
from crosscontrast.scene.images import image_of, voxels


def dab(corrector):
    """Take a piece out of the cord; return where."""
    k, j, i = np.argwhere(voxels(corrector.soft) > 0.9)[60]
    corrector.press(place(corrector.soft, i, j, k), 2.0, 1.0, raising=False)
    corrector.lift()
    corrector.take()
    return k, j, i


def test_areas_follow_an_edit_as_if_all_were_measured_anew_and_the_prediction_stays(corrector, soft):
    ruler = Ruler()
    assert ruler.use([soft])
    start = ruler.curves()[soft.GetID()]
    assert not ruler.use([soft])
    corrector.changed.append(lambda box: ruler.change(soft, box))
    dab(corrector)
    now = ruler.curves()[soft.GetID()]
    np.testing.assert_array_equal(now.areas, LiveCsa(image_of(soft)).curve().areas)
    assert np.nanmax(np.abs(now.areas - start.areas)) > 1
    np.testing.assert_array_equal(ruler.predicted(corrector.correction).areas, start.areas)
    curve, centres = ruler.curve_and_centres(soft)
    np.testing.assert_array_equal(curve.areas, now.areas)
    assert len(centres) == np.isfinite(now.areas).sum()
    assert ruler.predicted(None) is None


def test_a_map_that_left_the_scene_is_measured_no_more(scene, soft):
    ruler = Ruler()
    ruler.use([soft])
    scene.RemoveNode(soft)
    assert ruler.curves() == {}
    ruler.forget()
    assert ruler.maps == []


def test_what_cannot_be_measured_is_said(scene):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hollow")
    ruler = Ruler()
    ruler.use([empty])
    with pytest.raises(BadInputError, match="hollow"):
        ruler.curves()


def test_the_overlay_shows_what_was_removed_while_it_is_wanted(corrector, scene, soft):
    overlay = DifferenceOverlay(corrector)
    overlay.show(True)
    labels = soft.GetNodeReference(DIFFERENCE_ROLE)
    assert not voxels(labels).any()
    at = dab(corrector)
    overlay.refresh()
    assert voxels(labels)[at] in (1, 2)
    overlay.show(False)
    assert not overlay.shown
    assert labels.GetScene() is None
    overlay.show(True)
    corrector.end()
    assert overlay.why_not() == "Make a segment first."
    overlay.show(True)
    assert not overlay.shown
    assert soft.GetNodeReference(DIFFERENCE_ROLE) is None
