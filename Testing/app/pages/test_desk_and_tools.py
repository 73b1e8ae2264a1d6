"""The logic behind the page, on a real scene and without a browser."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")

from trame_slicer.core import SlicerApp
from trame_slicer.segmentation import SegmentationEffectScissors
from trame_slicer.views import DirectViewFactory, ViewLayoutDefinition
from vtkmodules.vtkCommonCore import vtkPoints

from crosscontrast.app.pages.desk import Desk, MapFiles
from crosscontrast.app.pages.segment_tools import SegmentTools
from crosscontrast.errors import BadInputError
from crosscontrast.scene.images import grid_of, image_of, put_on, voxels
from crosscontrast.scene.segments import segment_voxels, set_segment


@pytest.fixture(scope="module")
def application():
    made = SlicerApp()
    made.view_manager.register_factory(DirectViewFactory(do_render_offscreen=True))
    view = made.view_manager.create_view(ViewLayoutDefinition.axial_view())
    view.update_size(200, 200)
    return made


@pytest.fixture
def case(tmp_path):
    """A left-handed image of 40 x 40 x 20 mm with an upright cord, and its soft map, as files."""
    k, j, i = np.indices((20, 40, 40))
    soft = np.clip(6.5 - np.hypot(i - 22, j - 18), 0, 1).astype(np.float32) + 0 * k
    for name, values in (("image", 100 + 400 * soft + i), ("soft", soft)):
        image = sitk.GetImageFromArray(values.astype(np.float32))
        image.SetDirection((1, 0, 0, 0, -1, 0, 0, 0, 1))
        image.SetOrigin((-20, 20, 5))
        sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
    return tmp_path


@pytest.fixture
def desk(application, case):
    made = Desk(application, case)
    made.open("case", case / "image.nii.gz")
    made.take_soft(MapFiles(case / "soft.nii.gz"))
    made.start_correction(0.5)
    yield made
    made.clear()


@pytest.fixture
def tools(desk):
    made = SegmentTools(desk.application, lambda: None)
    made.edit(desk.correction.segmentation, desk.case.image)
    yield made
    made.let_go()


def inside(desk):
    return segment_voxels(desk.correction.segmentation, desk.soft)


def test_an_image_that_cannot_be_used_leaves_the_desk_as_it_is(desk, case):
    before = desk.case
    image = sitk.GetImageFromArray(np.zeros((3, 4, 5, 6), np.int16), isVector=False)
    sitk.WriteImage(image, str(case / "bold.nii.gz"))
    with pytest.raises(BadInputError, match="4-D image"):
        desk.open("other", case / "bold.nii.gz")
    assert desk.case is before
    assert desk.soft is not None


def test_opening_another_image_leaves_nothing_of_the_first_in_the_scene(desk, case):
    def count():
        return desk.scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode")

    for _ in range(2):
        desk.open("case", case / "image.nii.gz")
        assert (count(), desk.soft, desk.correction) == (1, None, None)
        desk.take_soft(MapFiles(case / "soft.nii.gz"))
        desk.start_correction(0.5)
    desk.clear()
    assert count() == 0
    assert desk.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_a_map_that_comes_back_remembers_what_was_predicted(desk, case):
    half = sitk.ReadImage(str(case / "soft.nii.gz")) * 0.5
    sitk.WriteImage(half, str(case / "corrected.nrrd"))
    desk.take_soft(MapFiles(case / "corrected.nrrd", predicted=case / "soft.nii.gz", case="sub-01_T2w", base=3))
    desk.start_correction(0.3)
    grid = grid_of(desk.case.image)
    for node, expected in ((desk.soft, half), (desk.correction.predicted, half * 2)):
        on_grid = put_on(image_of(node), grid)
        np.testing.assert_allclose(sitk.GetArrayFromImage(on_grid), sitk.GetArrayFromImage(expected))


def test_the_largest_part_stays(desk, tools):
    cord = inside(desk)
    tools.remove(np.zeros_like(cord))
    values = cord.copy()
    values[2:5, 2:5, 2:5] = True
    set_segment(desk.correction.segmentation, desk.soft, values)
    tools.keep_largest()
    np.testing.assert_array_equal(inside(desk), cord)


def test_smoothing_removes_a_spike(desk, tools):
    cord = inside(desk)
    spiked = cord.copy()
    spiked[10, 18, :] |= np.arange(40) > 10
    set_segment(desk.correction.segmentation, desk.soft, spiked)
    tools.smooth(3.0)
    smoothed = inside(desk)
    assert not smoothed[10, 18, 35]
    assert np.count_nonzero(smoothed) == pytest.approx(np.count_nonzero(cord), rel=0.15)


def test_voxels_out_of_a_range_are_removed(desk, tools):
    image, cord = voxels(desk.case.image), inside(desk)
    tools.remove(image < 510)
    np.testing.assert_array_equal(inside(desk), cord & (image >= 510))


@pytest.mark.parametrize("all_slices", [False, True])
def test_scissors_cut_the_slice_that_is_shown_or_all(desk, tools, all_slices):
    cord = inside(desk)
    tools.use("scissors", diameter=6, sphere=False, all_slices=all_slices, intensities=(0, 1))
    (view,) = desk.application.view_manager.get_slice_views()
    view.fit_view_to_content()
    points = vtkPoints()
    for x, y in ((0, 0), (199, 0), (199, 199), (0, 199)):
        points.InsertNextPoint(x, y, 0)
    desk.application.segmentation_editor.get_effect(SegmentationEffectScissors).apply_points_display_coordinates(
        points, view
    )
    left = inside(desk)
    assert np.count_nonzero(cord.any(axis=(1, 2))) == 20
    assert np.count_nonzero(left.any(axis=(1, 2))) == (0 if all_slices else 19)
