"""What the story of the loop leaves out: cancelling, doubt, ranges, islands, a finger, DICOM, and pages that fit."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")
pytest.importorskip("playwright", reason="needs Playwright")

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "crosscontrast" / "corrections"))
from driver import CHROMIUM, Page, Server, launch
from playwright.sync_api import sync_playwright
from test_dicom_seg import write_series

from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.ground.images import image_like
from crosscontrast.ground.provenance import ModelRecord

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
    pytest.mark.timeout(1500),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A phantom, and a dataset whose one case came from DICOM and is corrected."""
    made = tmp_path_factory.mktemp("tools")
    body = CordPhantom(size=(64, 64, 16), spacing=(1.25, 1.25, 4.0), origin=(40.0, 40.0, -32.0))
    sitk.WriteImage(body.image("T2w"), str(made / "sub-01_T2w.nii.gz"))
    write_series(made / "sub-9_T2w")
    dataset = CorrectionDataset.create(made / "dataset")
    case = dataset.add(made / "sub-9_T2w").name
    soft = np.zeros(dataset.record(case).grid().GetSize()[::-1], np.float32)
    soft[1:4, 3:8, 2:6] = 0.7
    soft = image_like(soft, dataset.record(case).grid())
    dataset.save(case, soft, soft >= 0.5, author="A", model=ModelRecord(name="softcord", version=2, sha256="ab" * 32))
    return made


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as started:
        made = launch(started)
        yield made
        made.close()


@pytest.fixture(scope="module")
def server(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSCONTRAST_HOME", str(folder / "home"))
        made = Server(folder, folder / "sub-01_T2w.nii.gz", folder / "dataset")
        yield made
        made.stop()


@pytest.fixture(scope="module")
def page(browser, server):
    """A tablet, which has a touch screen."""
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)
    made = Page(browser, server.address, context=context)
    made.until(lambda: made.text(".v-app-bar-title") == "sub-01_T2w", "the image")
    yield made
    assert made.problems == []


def bluish(pixels):
    """The colours of the map of doubt."""
    red, _, blue = np.moveaxis(pixels, -1, 0)
    return int(np.count_nonzero(blue > red + 40))


def changed(page):
    return int(page.text(".changed").split()[0] or 0)


def test_a_run_can_be_cancelled_and_the_doubt_shown_after_the_next(page):
    assert page.page.locator("#cancel").is_disabled()
    page.page.get_by_label("How sure? (six times as long)").click()
    page.click("#run")
    page.until(lambda: page.page.locator("#cancel").is_enabled(), "the run")
    page.click("#cancel")
    page.until(lambda: page.text(".run-message") == "Cancelled.", "the end of the run")
    switch = page.page.get_by_label("Show the doubt instead")
    assert switch.is_disabled()
    page.click("#run")
    page.until(lambda: "Mean area" in page.text(".run-message"), "the map")
    assert bluish(page.settled_pixels()) == 0
    switch.click()
    page.until(lambda: bluish(page.pixels()) > 30, "the doubt")
    assert "doubt" in page.text(".legend")
    switch.click()
    page.until(lambda: bluish(page.pixels()) == 0, "the map again")


def test_a_finger_paints_an_island_and_the_button_takes_it_away(page):
    page.tab("Correct")
    page.click("#make-segment")
    page.until(lambda: page.page.locator("#tool-paint").is_enabled(), "the tools")
    page.click("#tool-paint")
    page.page.wait_for_timeout(500)
    x, y, width, height = page.box("axial")
    touch = page.page.context.new_cdp_session(page.page)
    points = [(x + width * u, y + height * 0.3) for u in (0.4, 0.42, 0.44)]
    for kind, place in (("touchStart", points[0]), ("touchMove", points[1]), ("touchMove", points[2])):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": place[0], "y": place[1]}]})
        page.page.wait_for_timeout(100)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.until(lambda: changed(page) > 5, "the stroke of the finger")
    page.click("#islands")
    page.until(lambda: changed(page) == 0, "the segment without the island")
    page.page.keyboard.press("Control+z")
    page.until(lambda: changed(page) > 5, "the island again")
    page.click("#undo")
    page.until(lambda: changed(page) == 0, "the segment as it was made")
    page.page.keyboard.press("Escape")


def test_what_is_outside_a_range_of_intensities_is_removed(page):
    page.click("#tool-threshold")
    low = page.page.get_by_label("From (intensity)")
    highest = float(low.get_attribute("max"))
    low.fill(str(round(0.9 * highest)))
    low.press("Tab")
    page.click("#range")
    page.until(lambda: changed(page) > 50, "the cut")
    page.click("#undo")
    page.until(lambda: changed(page) == 0, "the segment as it was made")


def test_a_mask_that_looks_wrong_is_asked_about_before_it_is_saved(page, folder):
    low = page.page.get_by_label("From (intensity)")
    low.fill(low.get_attribute("max"))
    low.press("Tab")
    page.click("#range")
    page.until(lambda: changed(page) > 50, "the cut")
    page.page.fill(".author input", "A. Reader")
    page.until(lambda: page.page.locator("#save").is_enabled(), "the button")
    page.click("#save")
    page.until(lambda: "The mask looks wrong: " in page.text(".v-dialog .v-card-text"), "the question")
    page.page.get_by_role("button", name="Back").click()
    page.until(lambda: not page.page.locator("#save-anyway").is_visible(), "the page behind it")
    assert [case.name for case in CorrectionDataset.open(folder / "dataset").cases()] == ["sub-9_T2w"]
    page.click("#undo")
    page.until(lambda: changed(page) == 0, "the segment as it was made")


def test_dicom_segmentations_leave_the_dataset_as_the_validator_wants_them(page, folder):
    page.tab("Model")
    page.page.locator(".export-form").click()
    page.page.get_by_role("option", name="DICOM segmentations").click()
    page.click("#export")
    page.until(lambda: "1 case is ready" in page.text(".run-message"), "the export")
    with page.page.expect_download() as download:
        page.click("#fetch")
    download.value.save_as(folder / "seg.zip")
    with zipfile.ZipFile(folder / "seg.zip") as archive:
        archive.extractall(folder / "seg")
    made = sorted((folder / "seg").glob("**/*.dcm"))
    assert [path.name for path in made] == [f"sub-9_T2w_label-SC_{kind}.dcm" for kind in ("binary", "fractional")]
    if shutil.which("dciodvfy"):
        for path in made:
            told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
            assert "Error" not in told.stdout + told.stderr


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768)])
def test_every_page_fits_and_says_why_a_button_is_off(page, size):
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    for tab in ("Segment", "Correct", "Compare", "Model"):
        page.tab(tab)
        page.page.wait_for_timeout(300)
        assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        cut = page.page.evaluate(
            """() => [...document.querySelectorAll('.panel button, .panel .v-select, .panel .v-slider')]
              .filter((e) => e.offsetParent && (e.getBoundingClientRect().right > 301 || !e.offsetWidth))
              .map((e) => e.innerText || e.className)"""
        )
        assert cut == []
        # A disabled button stands in a span whose tool tip gives the reason.
        mute = page.page.evaluate(
            """() => [...document.querySelectorAll('.panel button[disabled]')]
              .filter((e) => e.offsetParent && e.closest('[title]') && !e.closest('[title]').title)
              .map((e) => e.innerText)"""
        )
        assert mute == []
