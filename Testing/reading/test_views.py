import time

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.ground.images import image_like
from crosscontrast.reading.blinding import write_blinded

pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from crosscontrast.reading.scene.views import VIEWS, SliceViews, Window

WINDOW = Window(1000, 500)


@pytest.fixture
def views():
    made = SliceViews()
    yield made
    made.close()


@pytest.fixture
def shown(views, awkward_image, tmp_path):
    """The bright corner block of ``awkward_image`` in blinded grey values."""
    values = np.clip(sitk.GetArrayFromImage(awkward_image), 0, 1000)
    path = tmp_path / "x.nrrd"
    write_blinded(image_like(values.astype(np.int16), awkward_image), path)
    views.show(path, WINDOW)
    return path


def ras_of(image, index):
    x, y, z = image.TransformContinuousIndexToPhysicalPoint([float(i) for i in index])
    return -x, -y, z


def test_the_place_under_every_pixel_is_where_the_image_has_its_value(views, shown, awkward_image):
    image = sitk.ReadImage(str(shown))
    values = sitk.GetArrayFromImage(image)
    views.jump(ras_of(image, (8, 5, 2)))
    checked = 0
    for view in VIEWS:
        picture = views.picture(view)
        for x, y in np.random.default_rng(0).integers(0, 512, (200, 2)):
            right, front, top = views.place(view, x, y)
            index = image.TransformPhysicalPointToContinuousIndex((-right, -front, top))
            near = np.round(index).astype(int)
            # Well inside a voxel whose neighbours are alike, so that interpolation does not blur the comparison.
            if (near < 1).any() or (near > np.array(image.GetSize()) - 2).any():
                continue
            i, j, k = near
            around = values[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2]
            if np.ptp(around) < 120:
                assert picture[y, x] == pytest.approx(values[k, j, i] / 1000 * 255, abs=16)
                checked += 1
    assert checked > 100


def test_a_mark_comes_back_to_its_pixel_and_is_seen_on_its_slice_only(views, shown):
    place = views.place("axial", 200, 300)
    assert views.pixel("axial", place) == pytest.approx((200, 300), abs=1e-3)
    views.scroll("axial", 1)
    assert views.pixel("axial", place) is None
    views.jump(place)
    assert views.pixel("coronal", place) is not None
    x, y = views.pixel("sagittal", place)
    assert views.place("sagittal", x, y) == pytest.approx(place, abs=1.5)


def test_scrolling_goes_through_every_slice_and_stops_at_the_ends(views, shown, awkward_image):
    counts = sorted(views.slice_number(view)[1] for view in VIEWS)
    assert counts == sorted(awkward_image.GetSize())
    for view in VIEWS:
        count = views.slice_number(view)[1]
        views.scroll(view, -1000)
        assert views.slice_number(view)[0] == 1
        numbers = []
        for _ in range(count + 3):
            numbers.append(views.slice_number(view)[0])
            views.scroll(view, 1)
        assert sorted(set(numbers)) == list(range(1, count + 1))


def test_zoom_pan_window_and_reset_do_what_they_say(views, shown):
    whole = views.picture("axial").copy()
    place = views.place("axial", 255.5, 255.5)
    views.zoom(["axial"], 2)
    assert views.place("axial", 255.5, 255.5) == pytest.approx(place, abs=0.1)
    one, two = views.place("axial", 0, 0), views.place("axial", 100, 0)
    views.pan("axial", 100, 0)
    assert views.place("axial", 100, 0) == pytest.approx(one, abs=1e-3)
    assert np.linalg.norm(np.subtract(one, two)) > 0
    views.set_window(Window(100, 2000))
    assert views.picture("axial").max() == 0
    assert views.window == Window(100, 2000)
    views.set_window(WINDOW)
    views.reset()
    assert (views.picture("axial") == whole).all()


def test_another_image_takes_the_place_of_the_first_and_leaves_no_node(views, shown, tmp_path):
    nodes = views.scene.GetNumberOfNodes()
    before = views.picture("axial").copy()
    image = sitk.ReadImage(str(shown))
    write_blinded(1000 - image, tmp_path / "y.nrrd")
    views.show(tmp_path / "y.nrrd", WINDOW)
    assert views.scene.GetNumberOfNodes() == nodes
    assert (views.picture("axial") != before).mean() > 0.2
    names = [views.scene.GetNthNode(n).GetName() for n in range(nodes)]
    assert not [name for name in names if name and ("x.nrrd" in name or name in ("x", "y"))]


def test_the_edges_name_the_sides_of_the_body(views, shown):
    assert views.edges("axial") == "RLAP"  # as radiologists look at it: the patient's right is on the left
    for view in VIEWS:
        left, right, top, bottom = views.edges(view)
        for first, second, x, y in ((left, right, 1, 0), (bottom, top, 0, -1)):
            way = np.subtract(views.place(view, 256 + 200 * x, 256 + 200 * y), views.place(view, 256, 256))
            side = int(np.argmax(np.abs(way)))
            assert (first, second) == tuple(("LR", "PA", "IS")[side][:: 1 if way[side] > 0 else -1])


def test_views_are_quick_enough_to_scroll(views, shown):
    begin = time.process_time()
    for _ in range(20):
        views.scroll("axial", 1)
        views.picture("axial")
    assert (time.process_time() - begin) / 20 < 0.1
