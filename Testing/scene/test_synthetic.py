"""The mark of volumes that no scanner made, and the word in the views that show one."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from crosscontrast.scene.comparison import set_overlay, set_overlay_opacity, show_alone
from crosscontrast.scene.images import add_volume
from crosscontrast.scene.synthetic import (
    SyntheticWords,
    is_made_from,
    mark_synthetic,
    may_be_replaced,
    synthetic_in,
    synthetic_output,
)


@pytest.fixture
def pair(scene):
    """A real volume and its translation."""
    image = sitk.GetImageFromArray(np.ones((3, 4, 5), np.float32))
    real, made = (add_volume(scene, image, name) for name in ("T1w", "T1w_T2w"))
    mark_synthetic(made, "T2w", "cordsynth@1", real)
    return real, made


def test_a_translation_says_so_in_name_and_description_and_knows_its_source(scene, pair):
    real, made = pair
    assert made.GetName() == "T1w_T2w SYNTHETIC"
    assert made.GetDescription() == "SYNTHETIC, not acquired: T2w by cordsynth@1"
    mark_synthetic(made, "T2w", "cordsynth@2", real)
    assert made.GetName() == "T1w_T2w SYNTHETIC"
    assert (synthetic_output(made), synthetic_output(real), synthetic_output(None)) == ("T2w", "", "")
    other = add_volume(scene, sitk.Image((5, 4, 3), sitk.sitkFloat32), "other")
    assert is_made_from(made, real)
    assert not is_made_from(made, other)
    assert may_be_replaced(made, "T2w", real)
    assert not may_be_replaced(made, "T1w", real)
    assert not may_be_replaced(made, "T2w", other)
    assert may_be_replaced(other, "T2w", real)
    scene.RemoveNode(real)
    assert is_made_from(made, other)  # nothing is known any more


def test_views_say_so_while_the_translation_is_seen(scene, slice_view, pair):
    import vtk

    real, made = pair
    view = slice_view.logic.GetSliceCompositeNode()
    words = SyntheticWords()
    words.follow([(view, vtk.vtkGenericRenderWindowInteractor())])
    name = view.GetLayoutName()
    show_alone(scene, real)
    assert words.words == {name: ""}
    set_overlay(scene, real, made, 0.5)
    assert words.words == {name: "SYNTHETIC T2w"}
    set_overlay_opacity(scene, made, 0.0)
    assert words.words == {name: ""}
    show_alone(scene, made)
    assert words.words == {name: "SYNTHETIC T2w"}
    set_overlay(scene, made, real, 1.0)  # covered by a real one
    assert synthetic_in(view) == ""
    words.release()
    show_alone(scene, made)
    assert words.words == {}
