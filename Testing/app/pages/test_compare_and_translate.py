"""Images side by side at the same place in mm, and a translation with the gate's word on it, in a real browser."""

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")
pytest.importorskip("playwright", reason="needs Playwright")

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from driver import CHROMIUM, Page, Server, launch
from playwright.sync_api import sync_playwright
from random_translator import write_random_translator

from crosscontrast.models.library import ModelLibrary

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
    pytest.mark.timeout(1500),
]

#: Where the bright ball lies in both images (LPS, mm), and its radius.
BALL, RADIUS = np.array([-9.0, -6.0, 12.0]), 5.0


def image_with_ball(size, spacing, origin, *, flipped):
    """A grey box with a bright ball; ``flipped`` stores it left-handed, which moves nothing."""
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    k, j, i = np.indices(size[::-1])
    points = np.stack([i, j, k], -1) * spacing + origin
    # A little uneven: a lowest value that is everywhere counts as padding.
    values = np.where(np.linalg.norm(points - BALL, axis=-1) < RADIUS, 1000, 200 + k / 10).astype(np.float32)
    made = sitk.GetImageFromArray(values)
    made.CopyInformation(image)
    return sitk.Flip(made, (True, False, False)) if flipped else made


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Two contrasts of one patient on different grids, the second left-handed, and a translation model."""
    folder = tmp_path_factory.mktemp("compare")
    first = image_with_ball((60, 60, 40), (1.0, 1.0, 1.5), (-30.0, -30.0, -20.0), flipped=False)
    second = image_with_ball((50, 40, 50), (1.3, 1.6, 1.1), (-33.0, -28.0, -16.0), flipped=True)
    sitk.WriteImage(first, str(folder / "sub-01_T1w.nii.gz"))
    sitk.WriteImage(second, str(folder / "sub-01_T2w.nii.gz"))
    sitk.WriteImage(first, str(folder / "sub-02_T1w.nii.gz"))
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as started:
        patch.setenv("CROSSCONTRAST_HOME", str(folder / "home"))
        write_random_translator(folder / "bundle", ("ct",), unsure=True, expects="ultrasound", produces="CT")
        ModelLibrary().add(folder / "bundle", "mr2ct")
        server = Server(folder, *sorted(folder.glob("*.nii.gz")))
        browser = launch(started)
        try:
            made = Page(browser, server.address)
            made.until(lambda: made.text(".v-app-bar-title") == "sub-01_T1w", "the image")
            made.tab("Compare")
            yield made
            assert made.problems == []
        finally:
            browser.close()
            server.stop()


def ball(page, pane):
    """The ball's middle in pixels from the middle of the pane (or nothing), and how many pixels it has."""
    pixels = page.pixels(pane).min(axis=2)
    pixels[:25], pixels[-30:] = 0, 0  # the label and the slider are white too
    bright = np.argwhere(pixels > 230)
    if not len(bright):
        return None
    return bright.mean(axis=0) - np.array(pixels.shape) / 2, len(bright)


def balls(page):
    return [ball(page, pane) for pane in ("besidea", "besideb")]


def alike(page):
    """The ball as the first pane shows it, if the other shows it at the same place and as large, or nothing.

    Voxels of different sizes cut the ball's edge differently.
    """
    one, other = balls(page)
    if one is None or other is None:
        return None
    near = max(4, 0.3 * np.sqrt(one[1] / np.pi))
    return one if np.abs(one[0] - other[0]).max() < near and 0.6 < one[1] / other[1] < 1.6 else None


def centre_slice(page, pane):
    """Bring the row to the slice of the ball by the slider of one pane."""
    slider = page.page.locator(f".slice-{pane} [role=slider]")
    slider.focus()
    page.page.keyboard.press("Home")
    for _ in range(60):
        page.page.keyboard.press("ArrowRight")
        if float(slider.get_attribute("aria-valuenow")) >= BALL[2]:
            return


def test_two_contrasts_of_a_patient_show_the_same_place_side_by_side(page):
    assert page.page.locator("#flip").is_disabled()
    page.click("#same-patient")
    page.until(lambda: page.text(".label-besideb") == "sub-01_T2w", "the row")
    assert page.text(".label-besidea") == "sub-01_T1w"
    assert page.page.locator(".label-besidec").count() == 0  # the other patient is not there
    centre_slice(page, "besidea")
    page.until(lambda: alike(page), "the ball in both")
    page.settled_pixels("besidea")
    offset, _ = ball(page, "besidea")
    # Axial: the patient's right (negative in LPS) is on the left of the screen, the front (negative) above.
    assert offset[1] < -20
    assert offset[0] < -10


def test_slices_zoom_and_pan_of_one_are_those_of_the_other(page):
    centre_slice(page, "besideb")
    page.until(lambda: alike(page), "the ball, from the other slider")
    page.settled_pixels("besideb")
    before = ball(page, "besideb")[1]
    x, y, width, height = page.box("besideb")
    mouse = page.page.mouse
    mouse.move(x + width / 2, y + height / 2)
    mouse.down(button="right")
    mouse.move(x + width / 2, y + height / 2 - 150, steps=8)
    mouse.up(button="right")
    page.until(lambda: (seen := alike(page)) and abs(seen[1] / before - 1) > 0.15, "the zoom in both")
    page.settled_pixels("besidea")
    placed = ball(page, "besidea")[0]
    page.page.keyboard.down("Shift")
    mouse.move(x + width / 2, y + height / 2)
    mouse.down()
    mouse.move(x + width / 2 + 60, y + height / 2 + 20, steps=8)
    mouse.up()
    page.page.keyboard.up("Shift")
    page.until(lambda: (seen := alike(page)) and np.abs(seen[0] - placed).max() > 20, "the pan in both")
    slider = page.page.locator(".slice-besidea [role=slider]")
    slider.focus()
    page.page.keyboard.press("End")
    page.until(lambda: balls(page) == [None, None], "a slice without the ball")


def test_the_row_can_be_turned(page):
    page.page.locator(".row-plane").click()
    page.page.get_by_role("option", name="Sagittal").click()
    page.until(lambda: page.page.locator(".v-overlay--active").count() == 0, "the closed list")
    slider = page.page.locator(".slice-besidea [role=slider]")
    page.until(lambda: slider.get_attribute("aria-valuemin") == "-30", "the slices from right to left")
    slider.focus()
    page.page.keyboard.press("Home")
    for _ in range(80):
        page.page.keyboard.press("ArrowRight")
        if abs(float(slider.get_attribute("aria-valuenow")) - BALL[0]) < 1.0:  # it counts from right to left
            break
    page.until(lambda: alike(page), "the ball in both")


def test_a_swap_shows_the_other_image_in_the_same_place(page):
    page.page.keyboard.press("b")
    page.until(lambda: "sub-01_T2w" in page.text(".in-place"), "the other image")
    assert page.text(".label-besidea") == "sub-01_T2w"
    page.click("#flip")
    page.until(lambda: page.text(".label-besidea") == "sub-01_T1w", "the image")
    page.page.locator(".blink input").click()
    page.until(lambda: page.text(".label-besidea") == "sub-01_T2w", "the first blink")
    page.until(lambda: page.text(".label-besidea") == "sub-01_T1w", "the second blink")
    page.page.locator(".blink input").click()
    page.until(lambda: page.text(".label-besidea") == "sub-01_T1w", "the image at last")


def test_a_translation_can_be_cancelled_and_then_comes_with_its_uncertainty_and_a_verdict(page):
    assert page.page.locator("#cancel-translation").is_disabled()
    page.page.locator(".translators").click()
    page.page.get_by_role("option", name="mr2ct@1").click()
    page.until(lambda: page.text(".about-model") == "ultrasound → CT", "what the model takes and makes")
    assert page.text(".doubt") == "This model expects ultrasound; the name says T1w."
    assert page.page.locator("#error-map").is_disabled()
    page.page.locator(".translate-uncertainty input").click()
    page.click("#translate")
    page.until(lambda: page.page.locator("#cancel-translation").is_enabled(), "the run")
    assert page.page.locator("#translate").is_disabled()
    page.click("#cancel-translation")
    page.until(lambda: page.text(".translate-message") == "Cancelled.", "the end of the run")
    page.click("#translate")
    verdicts = page.page.locator(".gate-go, .gate-caution, .gate-stop")
    page.until(lambda: verdicts.count() == 1, "the verdict")
    assert "not looked at" in page.text(".gate")
    labels = [page.text(f".label-beside{letter}") for letter in "abc"]
    assert labels == ["sub-01_T1w", "sub-01_T1w_ct SYNTHETIC", "sub-01_T1w_ct_uncertainty"]
    # The synthetic image is an image like any other of the list, and the map of uncertainty has colours.
    page.until(lambda: np.ptp(page.pixels("besidec")[40:-40], axis=2).max() > 60, "the map")
    assert np.ptp(page.pixels("besideb")[40:-40], axis=2).max() < 20
    page.page.locator(".real-target").click()
    page.page.get_by_role("option", name="sub-01_T2w").click()
    page.until(lambda: page.page.locator("#error-map").is_enabled(), "a real image")
    page.click("#error-map")
    page.until(lambda: "Mean absolute error" in page.text(".error-figures"), "the error")
    labels = [page.text(f".label-beside{letter}") for letter in "abcd"]
    assert labels == ["sub-01_T1w", "sub-01_T1w_ct SYNTHETIC", "sub-01_T2w", "sub-01_T1w_ct_error"]
    page.tab("Segment")
    page.page.locator(".cases").click()
    page.page.get_by_role("option", name="sub-01_T1w_ct SYNTHETIC", exact=True).click()
    page.until(lambda: page.text(".v-app-bar-title") == "sub-01_T1w_ct SYNTHETIC", "the synthetic image")
    page.tab("Compare")
    page.until(lambda: "is synthetic itself" in page.text(".doubts"), "what speaks against it")
