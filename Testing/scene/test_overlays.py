"""What the clinician sees over the image, proved by the pixels of a slice view."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from crosscontrast.scene.difference import difference_labels, hide_difference, show_difference
from crosscontrast.scene.images import add_volume, voxels
from crosscontrast.scene.layers import set_layer_opacity, shown_layers
from crosscontrast.scene.roles import DIFFERENCE_ROLE
from crosscontrast.scene.soft_map import set_threshold, show_soft_map, show_soft_maps


def volume(scene, values, name):
    return add_volume(scene, sitk.GetImageFromArray(values.astype(np.float32)), name)


@pytest.fixture
def image(scene, slice_view):
    """A grey image of 100 x 100 x 5 mm."""
    node = volume(scene, np.random.default_rng(1).uniform(0.3, 1, (5, 100, 100)), "T2w")
    node.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    return node


def blob(columns):
    values = np.zeros((5, 100, 100), np.float32)
    values[:, :, columns] = 1
    return values


@pytest.fixture
def three_maps(scene, image):
    """Three soft maps that fill the left, middle and right quarter of their image; the fourth stays empty."""
    return [volume(scene, blob(slice(25 * n, 25 * n + 25)), f"map {n}") for n in range(3)]


def regions(pixels, lively):
    """Share of colourful pixels and mean colour in each quarter of the image, from the side of its first columns."""
    rows, columns = np.nonzero(pixels.max(axis=2) > 0)
    inside = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    # LPS columns grow to the patient's left, which an axial view shows on the right
    quarters = np.array_split(inside, 4, axis=1)
    return [lively(quarter).mean() for quarter in quarters], [quarter.mean(axis=(0, 1)) for quarter in quarters]


def test_several_maps_are_shown_at_once_each_in_its_own_colour(scene, slice_view, image, three_maps, lively):
    assert show_soft_maps(scene, three_maps, image, 0.5, 1.0) == three_maps
    coloured, hues = regions(slice_view(), lively)
    assert min(coloured[:3]) > 0.9
    assert coloured[3] < 0.1
    assert min(np.abs(hues[a] - hues[b]).max() for a, b in ((0, 1), (1, 2), (0, 2))) > 25
    set_layer_opacity(scene, three_maps[1], 0.0)
    coloured, _ = regions(slice_view(), lively)
    assert coloured[0] > 0.9
    assert coloured[2] > 0.9
    assert coloured[1] < 0.1


def test_going_back_to_one_map_leaves_nothing_of_the_others(scene, slice_view, image, three_maps, lively):
    show_soft_maps(scene, three_maps, image, 0.5, 1.0)
    show_soft_map(scene, three_maps[1], image, 0.5, 1.0)
    coloured, _ = regions(slice_view(), lively)
    assert [share > 0.5 for share in coloured] == [False, True, False, False]
    show_soft_maps(scene, [], None, 0.5, 1.0)
    assert not lively(slice_view()).any()


def test_where_views_have_no_further_layers_the_last_map_is_shown(scene, slice_view, image, three_maps, monkeypatch):
    from crosscontrast.scene import layers

    class Older:
        """A slice view of a Slicer before 2025."""

        def __init__(self, view):
            self.SetBackgroundVolumeID, self.SetForegroundVolumeID, self.GetScene = (
                view.SetBackgroundVolumeID,
                view.SetForegroundVolumeID,
                view.GetScene,
            )
            self.GetForegroundVolumeID, self.SetForegroundOpacity = (
                view.GetForegroundVolumeID,
                view.SetForegroundOpacity,
            )

    view = slice_view.logic.GetSliceCompositeNode()
    monkeypatch.setattr(layers, "slice_views", lambda scene: [Older(view)])
    assert layers.show_layers(scene, image, three_maps, 0.7) == three_maps[2:]
    layers.set_layer_opacity(scene, three_maps[2], 0.4)
    assert shown_layers(view) == three_maps[2:]
    assert view.GetForegroundOpacity() == pytest.approx(0.4)


@pytest.fixture
def drawn_legends(scene, slice_view):
    """What Slicer's own manager of legends draws in the slice view: a function that returns the titles."""
    import slicer
    import vtk

    application, node = slice_view.logic.GetMRMLApplicationLogic(), slice_view.logic.GetSliceNode()
    logics = vtk.vtkCollection()
    logics.AddItem(slice_view.logic)
    application.SetSliceLogics(logics)
    factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
    name = "vtkMRMLColorLegendDisplayableManager"
    if not factory.IsDisplayableManagerRegistered(name):
        factory.RegisterDisplayableManager(name)
    factory.SetMRMLApplicationLogic(application)
    window, renderer, group = vtk.vtkRenderWindow(), vtk.vtkRenderer(), slicer.vtkMRMLDisplayableManagerGroup()
    window.SetOffScreenRendering(True)
    window.AddRenderer(renderer)
    interactor = vtk.vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    group.Initialize(factory, renderer)
    group.SetMRMLDisplayableNode(node)
    manager = group.GetDisplayableManagerByClassName(name)

    def titles():
        found = set()
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLColorLegendDisplayNode")):
            actor = manager.GetColorLegendActor(scene.GetNthNodeByClass(index, "vtkMRMLColorLegendDisplayNode"))
            if actor is not None and actor.GetVisibility():
                found.add(actor.GetTitle())
        return found

    def sizes(width, height):
        window.SetSize(width, height)
        window.Render()
        legends = (scene.GetNthNodeByClass(n, "vtkMRMLColorLegendDisplayNode") for n in range(_count(scene)))
        actors = (manager.GetColorLegendActor(legend) for legend in legends)
        return [actor.GetTitleTextProperty().GetFontSize() for actor in actors if actor and actor.GetVisibility()]

    titles.sizes = sizes
    yield titles
    group.SetMRMLDisplayableNode(None)
    factory.SetMRMLApplicationLogic(None)
    application.SetSliceLogics(None)


def _count(scene):
    return scene.GetNumberOfNodesByClass("vtkMRMLColorLegendDisplayNode")


def test_the_letters_of_a_legend_do_not_cover_a_large_view(scene, image, three_maps, drawn_legends):
    show_soft_map(scene, three_maps[0], image, 0.5, 1.0)
    (large,) = drawn_legends.sizes(740, 900)
    assert 10 <= large <= 18, large
    (small,) = drawn_legends.sizes(480, 400)
    assert 8 <= small <= 14, small


def test_slicer_draws_a_legend_for_each_map_that_is_shown_and_for_no_other(scene, image, three_maps, drawn_legends):
    from crosscontrast.scene.legend import _stand_ins, legend_of

    show_soft_map(scene, three_maps[0], image, 0.5, 1.0)
    assert drawn_legends() == {"cord share"}
    show_soft_maps(scene, three_maps, image, 0.5, 1.0)
    assert drawn_legends() == {"map 0", "map 1", "map 2"}
    show_soft_maps(scene, three_maps[1:], image, 0.5, 1.0)
    assert drawn_legends() == {"map 1", "map 2"}
    assert not legend_of(three_maps[0]).GetVisibility()
    legends = [scene.GetNthNodeByClass(n, "vtkMRMLColorLegendDisplayNode") for n in range(3)]
    shown = [legend for legend in legends if legend is not None and legend.GetVisibility()]
    assert len({legend.GetPosition() for legend in shown}) == 2
    scene.RemoveNode(three_maps[2])
    show_soft_map(scene, three_maps[1], image, 0.5, 1.0)
    assert drawn_legends() == {"cord share"}
    assert list(_stand_ins(scene)) == []


def test_the_legend_of_a_map_has_the_maps_own_colours_in_any_layer(scene, image, three_maps):
    from crosscontrast.scene.legend import _stand_ins, legend_of

    show_soft_maps(scene, three_maps, image, 0.5, 1.0)
    assert legend_of(three_maps[0]).GetVisibility()
    of = {volume: model for model, volume in _stand_ins(scene)}
    assert set(of) == set(three_maps[1:])
    for volume, model in of.items():
        assert model.GetDisplayNode().GetColorNode() is volume.GetDisplayNode().GetColorNode()
        assert model.GetDisplayNode().GetScalarRange() == (0.0, 1.0)
        assert not model.GetSaveWithScene()
        assert model.GetHideFromEditors()
        assert not model.GetDisplayNode().GetVisibility3D()


def test_in_a_scene_without_the_module_colors_a_map_is_shown_without_a_legend():
    import slicer

    scene = slicer.vtkMRMLScene()
    node = volume(scene, blob(slice(0, 10)), "map")
    show_soft_map(scene, node, None, 0.5, 1.0)
    assert node.GetNumberOfDisplayNodes() == 1


def test_the_difference_shows_what_was_added_and_removed_in_two_colours(scene, slice_view, image, lively):
    before, after = blob(slice(0, 50)), blob(slice(25, 75))
    predicted, corrected = volume(scene, before, "predicted"), volume(scene, after, "corrected")
    show_soft_map(scene, corrected, image, 0.5, 0.0)  # invisible, so that what is seen is the difference
    node = show_difference(scene, predicted, corrected, opacity=1.0)
    coloured, (removed, _, added, _) = regions(slice_view(), lively)
    assert [share > 0.5 for share in coloured] == [True, False, True, False]
    assert removed[2] > removed[0] + 50  # blue
    assert added[0] > added[2] + 50  # orange
    voxels(corrected)[:] = before
    assert show_difference(scene, predicted, corrected) is node
    assert not lively(slice_view()).any()
    count = scene.GetNumberOfNodesByClass("vtkMRMLLabelMapVolumeNode")
    hide_difference(scene, corrected)
    assert scene.GetNumberOfNodesByClass("vtkMRMLLabelMapVolumeNode") == count - 1
    assert corrected.GetNodeReference(DIFFERENCE_ROLE) is None
    assert slice_view.logic.GetSliceCompositeNode().GetLabelVolumeID() is None


def test_small_and_large_changes_differ_and_noise_is_none():
    predicted = np.array([0.5, 0.9, 0.9, 0.2, 0.2, 0.3])
    corrected = np.array([0.51, 0.1, 0.8, 0.3, 0.9, 0.3])
    assert difference_labels(predicted, corrected).tolist() == [0, 1, 2, 3, 4, 0]


@pytest.mark.parametrize("threshold", [0.25, 0.75])
def test_the_threshold_hides_what_lies_below_it(scene, slice_view, image, lively, threshold):
    ramp = np.broadcast_to(np.linspace(0, 1, 100, dtype=np.float32), (5, 100, 100))
    soft = volume(scene, ramp, "soft")
    show_soft_map(scene, soft, image, 0.5, 1.0)
    set_threshold(soft, threshold)
    pixels = slice_view()
    assert lively(pixels).sum() / (pixels.max(axis=2) > 0).sum() == pytest.approx(1 - threshold, abs=0.03)


def test_a_stroke_of_the_soft_brush_is_seen_while_it_is_drawn(scene, slice_view, image, lively):
    from crosscontrast.scene.correction import Correction
    from crosscontrast.scene.images import ijk_to_ras

    soft = volume(scene, blob(slice(0, 50)), "soft")
    show_soft_map(scene, soft, image, 0.5, 1.0)
    before = lively(slice_view()).sum()
    correction = Correction(scene, soft, 0.5, "cord")
    correction.start_stroke(12.0, 1.0, True)
    correction.stroke_to(tuple((ijk_to_ras(soft) @ [75, 50, 2, 1])[:3]))
    after = lively(slice_view()).sum()
    # half of the peak is reached at half the radius: a disc of 6 mm, in pixels of about half a millimetre
    pixels_per_mm2 = before / (50 * 100)
    assert (after - before) / pixels_per_mm2 == pytest.approx(np.pi * 6**2, rel=0.15)


@pytest.mark.parametrize("count", [2, 3])
def test_side_by_side_are_the_views_that_the_layout_shows(scene, image, three_maps, count):
    """They were the scene's first two, Red and Green, where Slicer shows Red and Yellow."""
    import slicer

    from crosscontrast.scene.comparison import show_side_by_side

    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    views = {}
    for name in ("Red", "Green", "Yellow"):
        view = slicer.vtkMRMLSliceCompositeNode()
        view.SetSingletonTag(name)
        view.SetLayoutName(name)
        views[name] = scene.AddNode(view)
    volumes = [image, *three_maps][:count]
    show_side_by_side(scene, volumes)
    shown = logic.GetViewNodes()
    names = [shown.GetItemAsObject(number).GetLayoutName() for number in range(shown.GetNumberOfItems())]
    assert len(names) == count
    assert [views[name].GetBackgroundVolumeID() for name in names] == [volume.GetID() for volume in volumes]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("T2w", "T2w"),
        ("sub-01_ses-02_acq-sagittal_T2w soft cord", "T2w"),
        ("peripheral zone", "peripheral …"),
        ("uncertainty", "uncertainty"),
    ],
)
def test_titles_of_legends_are_short(name, title):
    from crosscontrast.scene.legend import short_title

    assert short_title(name) == title


def test_the_uncertainty_has_colours_and_a_range_of_its_own(scene, three_maps):
    from crosscontrast.scene.images import voxels
    from crosscontrast.scene.soft_map import paint_doubt

    spread = three_maps[0]
    voxels(spread)[:] *= 0.15 / voxels(spread).max()
    spread.GetImageData().GetPointData().GetScalars().Modified()
    show_soft_maps(scene, three_maps, None, 0.5, 1.0)
    paint_doubt(spread)
    display = spread.GetDisplayNode()
    assert display.GetWindowLevelMax() == pytest.approx(0.15)
    assert display.GetColorNodeID() not in {soft.GetDisplayNode().GetColorNodeID() for soft in three_maps[1:]}
