"""The whole correction loop by mouse and keys in a real browser, on a left-handed image; the files tell the rest."""

import base64
import zipfile

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")
pytest.importorskip("playwright", reason="needs Playwright")

from driver import CHROMIUM, Page, Server, launch
from playwright.sync_api import sync_playwright

from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.corrections.dataset import CorrectionDataset

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
    pytest.mark.timeout(1500),  # one story; a busy computer is slow at drawing without a graphics card
]

#: Where the mouse goes, in shares of the axial view: to the patient's right (left on the screen) and to the front.
RIGHT_FRONT = [(0.36, 0.36), (0.39, 0.37), (0.42, 0.36)]
CASE = "sub-01_T2w"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as started:
        made = launch(started)
        yield made
        made.close()


@pytest.fixture
def dataset(tmp_path):
    """One case, left-handed, with voxels of different lengths, and its prediction: the truth made a little softer."""
    body = CordPhantom(size=(64, 64, 24), spacing=(1.25, 1.25, 3.0), origin=(-40.0, 40.0, -36.0))
    made = CorrectionDataset.create(tmp_path / "dataset")
    for name, image in (("sub-01_T2w.nii.gz", body.image("T2w")), ("truth.nii.gz", body.soft_truth())):
        # Turning the array round and the axis with it leaves every voxel where it was.
        sitk.WriteImage(sitk.Flip(image, (True, False, False)), str(tmp_path / name))
    assert np.linalg.det(np.reshape(sitk.ReadImage(str(tmp_path / "truth.nii.gz")).GetDirection(), (3, 3))) < 0
    made.add(tmp_path / "sub-01_T2w.nii.gz")
    return made


def place_of(page, points, image):
    """The point (LPS, mm) in the middle of strokes on the axial view, which shows the whole of ``image`` upright."""
    _, _, width, height = page.box("axial")
    corners = [image.TransformIndexToPhysicalPoint(c) for c in ((0, 0, 0), tuple(n - 1 for n in image.GetSize()))]
    centre = np.mean(corners, axis=0)
    extent = np.abs(np.subtract(*corners)) + image.GetSpacing()
    scale = max(extent[0] / width, extent[1] / height)
    u, v = np.mean(points, axis=0)
    # Left on the screen is the patient's right, up is the front.
    return centre[:2] + np.array([u - 0.5, v - 0.5]) * [width * scale, height * scale]


def middle_of(changed, image):
    """Centre (LPS, mm) of the true voxels (k, j, i)."""
    points = [image.TransformIndexToPhysicalPoint(tuple(map(int, index[::-1]))) for index in np.argwhere(changed)]
    return np.mean(points, axis=0)[:2]


def colourful(pixels):
    return int(np.count_nonzero(np.ptp(pixels, axis=2) > 40))


def orange(pixels):
    """The colours of what was added."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    return int(np.count_nonzero((red > 200) & (green > 80) & (green < 200) & (blue < 110)))


def test_load_run_threshold_paint_save_and_export(browser, dataset, tmp_path):
    server = Server(tmp_path, dataset.folder)
    try:
        page = Page(browser, server.address)
        segment_and_look(page)
        start = correct(page, dataset)
        save_and_export(page, dataset, start, tmp_path)
        export_the_dataset(page, dataset, tmp_path)
        assert page.problems == []
        come_back_after_a_kill(browser, page, server, dataset, tmp_path)
    finally:
        server.kill()


def segment_and_look(page):
    """The case without a prediction is segmented when it is opened; the sliders change the picture."""
    page.until(lambda: "waits" in page.text(".run-message") or "wait" in page.text(".run-message"), "the case")
    page.until(lambda: colourful(page.pixels()) > 100, "the map")
    shown = colourful(page.settled_pixels())
    page.slide("threshold", "End")
    page.until(lambda: colourful(page.pixels()) < 0.7 * shown, "the higher threshold")
    page.slide("threshold", "Home")
    page.slide("threshold", "ArrowRight", times=20)
    page.until(lambda: colourful(page.pixels()) > 0.9 * shown, "the lower threshold")
    page.slide("opacity", "Home")
    page.until(lambda: colourful(page.pixels()) == 0, "the map without opacity")
    page.slide("opacity", "End")
    page.until(lambda: colourful(page.pixels()) > 100, "the map again")


def correct(page, dataset):
    """Paint with the mouse, take it back by key, paint again; raise soft values. Returns the mask before."""
    page.tab("Correct")
    assert page.page.locator("#tool-paint").is_disabled()
    assert "Make a segment first." in page.text(".reason:visible")
    page.page.keyboard.press("m")
    page.until(lambda: page.page.locator("#tool-paint").is_enabled(), "the tools")
    page.click("#tool-paint")
    page.stroke(RIGHT_FRONT)
    page.until(lambda: not page.text(".changed").startswith("0 "), "the stroke")
    page.page.keyboard.press("Control+z")
    page.until(lambda: page.text(".changed").startswith("0 "), "undo")
    page.page.keyboard.press("Control+y")
    page.until(lambda: not page.text(".changed").startswith("0 "), "redo")
    assert "predicted" in page.text(".area-summary")
    page.page.keyboard.press("v")  # the map's own colours have orange too
    page.until(lambda: orange(page.pixels()) == 0, "the image without the map")
    page.page.keyboard.press("d")
    page.until(lambda: orange(page.pixels()) > 30, "what was added")
    page.page.keyboard.press("d")
    page.page.keyboard.press("v")
    predicted = dataset.prediction(CASE).soft()
    return sitk.GetArrayFromImage(predicted)


def save_and_export(page, dataset, predicted, tmp_path):
    """The files on disk hold the stroke where the mouse was, on the image's own left-handed grid."""
    assert page.page.locator("#save").is_disabled()
    page.page.fill(".author input", "A. Reader")
    page.until(lambda: page.page.locator("#save").is_enabled(), "saving")
    page.click("#save")
    page.until(lambda: "as revision 1" in page.text(".run-message"), "the revision")
    saved, image = dataset.load(CASE), sitk.ReadImage(str(dataset.case(CASE).image))
    assert saved.record.author == "A. Reader"
    np.testing.assert_allclose(saved.soft.GetDirection(), image.GetDirection(), atol=1e-6)
    soft, mask = sitk.GetArrayFromImage(saved.soft), sitk.GetArrayFromImage(saved.mask)
    added = (mask > 0) & (predicted < 0.5)
    assert 10 < np.count_nonzero(added) < 400
    assert np.count_nonzero(added.any(axis=(1, 2))) == 1  # the slice that was shown
    expected = place_of(page, RIGHT_FRONT, image)
    np.testing.assert_allclose(middle_of(added, image), expected, atol=1.5)
    assert expected[0] < -3  # LPS: the patient's right is negative, so a mirrored file would be far off
    changed = soft != predicted
    assert not (changed & (np.abs(np.arange(soft.shape[0]) - np.argwhere(added)[0][0]) > 2)[:, None, None]).any()
    assert np.count_nonzero(changed & (soft > 0) & (soft < 1)) > 5  # the edit has a soft edge
    with page.page.expect_download() as download:
        page.click("#download")
    download.value.save_as(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.namelist() == [f"{CASE}_softseg.nii.gz", f"{CASE}_seg.nii.gz"]
        archive.extractall(tmp_path / "out")
    exported = sitk.ReadImage(str(tmp_path / "out" / f"{CASE}_seg.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(exported), mask)
    np.testing.assert_allclose(exported.GetDirection(), image.GetDirection(), atol=1e-6)


def export_the_dataset(page, dataset, tmp_path):
    """The corrected cases leave as an archive that another program reads."""
    page.tab("Model")
    assert page.page.locator("#fetch").is_disabled()
    page.click("#export")
    page.until(lambda: "1 case is ready" in page.text(".run-message"), "the export")
    with page.page.expect_download() as download:
        page.click("#fetch")
    download.value.save_as(tmp_path / "bids.zip")
    with zipfile.ZipFile(tmp_path / "bids.zip") as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(f"{CASE}_label-SC_seg.nii.gz")]
        archive.extract(name, tmp_path / "bids")
    exported = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "bids" / name)))
    np.testing.assert_array_equal(exported > 0, sitk.GetArrayFromImage(dataset.load(CASE).mask) > 0)
    page.tab("Correct")


def come_back_after_a_kill(browser, page, server, dataset, tmp_path):
    """An unsaved stroke that was kept is there when the server starts again, and can be saved."""
    before = page.text(".changed")
    page.click("#tool-raise")
    page.stroke([(0.62, 0.6), (0.66, 0.6)])
    page.until(lambda: page.text(".changed") != before, "the soft stroke")
    changed = page.text(".changed")
    page.page.wait_for_timeout(16_000)  # the work is kept every 15 s
    port = server.address.rsplit(":", 1)[1].rstrip("/")
    server.kill()
    again = Server(tmp_path, dataset.folder, "--port", port)
    try:
        back = Page(browser, again.address, context=page.context)
        back.tab("Correct")
        back.until(lambda: back.text(".changed") == changed, "the kept work")
        assert back.page.input_value(".author input") == "A. Reader"
        assert back.text(".unsaved") == "not saved yet"
        back.click("#save")
        back.until(lambda: "as revision 2" in back.text(".run-message"), "the second revision")
        assert [revision.base for revision in dataset.history(CASE)] == [0, 1]
    finally:
        again.stop()


_DROP = """([name, text]) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def test_files_sent_through_the_page_are_refused_in_a_sentence_or_opened_on_a_tablet_too(browser, tmp_path):
    """A bad archive, then a good image dropped on the page; scissors by mouse and key."""
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../evil.nii", b"x")
    sitk.WriteImage(CordPhantom(size=(64, 64, 24), spacing=(1.25, 1.25, 3.0)).image("T1w"), str(tmp_path / "x.nii.gz"))
    server = Server(tmp_path)
    try:
        page = Page(browser, server.address, size=(1024, 768))
        every = page.page.locator("button:not([disabled]):visible").all_inner_texts()
        assert not {"Run", "Next", "Cancel"} & set(every)  # what cannot be done now cannot be pressed
        assert "Open an image first." in page.text(".reason:visible")
        page.page.locator("input.upload").first.set_input_files(tmp_path / "evil.zip")
        page.until(lambda: "leads out of its folder and was refused." in page.text(".notice"), "the refusal")
        page.page.get_by_role("button", name="Close").first.click()
        content = base64.b64encode((tmp_path / "x.nii.gz").read_bytes()).decode()
        page.page.evaluate(_DROP, ["dropped.nii.gz", content])
        page.until(lambda: page.text(".v-app-bar-title") == "dropped", "the image")
        page.until(lambda: page.pixels().max() > 150, "its picture")
        page.click("#run")
        page.until(lambda: "Mean area" in page.text(".run-message"), "the map")
        cut_and_smooth(page)
        assert page.problems == []
    finally:
        server.stop()


def cut_and_smooth(page):
    page.tab("Correct")
    page.page.keyboard.press("m")
    page.until(lambda: page.page.locator("#tool-scissors").is_enabled(), "the tools")
    page.page.keyboard.press("c")
    page.until(lambda: "Through all slices" in page.text(".panel"), "the scissors' settings")
    page.page.wait_for_timeout(1000)
    page.stroke([(0.4, 0.4), (0.6, 0.4), (0.6, 0.65), (0.4, 0.65)])
    page.until(lambda: not page.text(".changed").startswith("0 "), "the cut")
    page.click("#smooth")  # and the scissors are still in hand after it
    page.page.wait_for_timeout(1000)
    assert page.page.locator("#tool-scissors.v-btn--active").count() == 1
    page.click("#undo")
    page.page.keyboard.press("Control+z")
    page.until(lambda: page.text(".changed").startswith("0 "), "the map as it was")
