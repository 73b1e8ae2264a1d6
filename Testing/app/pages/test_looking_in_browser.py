"""Looking around in a real browser: brightness, zoom by fingers, the plot as a way to a slice, the 3-D view."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")
pytest.importorskip("playwright", reason="needs Playwright")

from driver import CHROMIUM, Page, Server, launch
from playwright.sync_api import sync_playwright

from crosscontrast.cord.phantom import CordPhantom

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
    pytest.mark.timeout(1500),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A phantom and a copy of it that lies elsewhere, on a tablet."""
    folder = tmp_path_factory.mktemp("looking")
    image = CordPhantom(size=(64, 64, 24), spacing=(1.25, 1.25, 3.0)).image("T2w")
    sitk.WriteImage(image, str(folder / "a.nii.gz"))
    image.SetOrigin((0.0, 0.0, 900.0))
    sitk.WriteImage(image, str(folder / "leg.nii.gz"))
    with sync_playwright() as started:
        server, browser = Server(folder, *sorted(folder.glob("*.nii.gz"))), launch(started)
        try:
            context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)
            made = Page(browser, server.address, context=context)
            made.until(lambda: made.text(".v-app-bar-title") == "a", "the image")
            made.until(lambda: made.pixels().max() > 150, "its picture")
            yield made
            assert made.problems == []
        finally:
            browser.close()
            server.stop()


def inner(page, pane="axial"):
    """The grey of the middle of a view, which neither label nor slider touches."""
    pixels = page.settled_pixels(pane).mean(axis=2)
    return pixels[40:-40]


def body(page):
    """Width and middle (column, row) of what the axial view shows, in pixels."""
    rows, columns = (inner(page) > 25).nonzero()
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2 + [0, 40]
    return np.ptp(columns) + 1, middle


def axial(page):
    return float(page.page.locator(".slice-axial [role=slider]").get_attribute("aria-valuenow"))


def green(page):
    """Where the 3-D view shows the surface of the segment."""
    red, other, blue = np.moveaxis(page.pixels("3d"), -1, 0)
    return (other > 1.5 * red) & (other > 1.5 * blue)


def finger_stroke(page, points):
    """Draw with one finger through points given as shares of the axial view."""
    x, y, width, height = page.box("axial")
    touch = page.context.new_cdp_session(page.page)
    for number, (u, v) in enumerate(points):
        places = [{"x": x + width * u, "y": y + height * v}]
        kind = "touchMove" if number else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
        page.page.wait_for_timeout(120)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_the_image_can_be_made_darker_and_as_it_was(page):
    before = inner(page)
    handle = page.page.locator(".brightness [role=slider]").last
    found = float(handle.get_attribute("aria-valuenow"))
    handle.focus()
    page.page.keyboard.press("Home")  # as low as the other handle, at which it stops
    for _ in range(3):
        page.page.keyboard.press("PageUp")
    page.until(lambda: float(handle.get_attribute("aria-valuenow")) < 0.9 * found, "the lower white")
    assert inner(page).mean() > before.mean() + 5
    page.click("#auto-brightness")
    page.until(lambda: float(handle.get_attribute("aria-valuenow")) == pytest.approx(found), "the white that was found")
    np.testing.assert_allclose(inner(page).mean(), before.mean(), atol=1)


def test_two_fingers_zoom_by_as_much_as_they_move_apart_and_fit_brings_all_back(page):
    before, middle = body(page)
    x, y, width, height = page.box("axial")
    about = np.array([0.6 * width, 0.4 * height])
    touch = page.context.new_cdp_session(page.page)

    def fingers(kind, *places):
        points = [{"x": x + about[0] + place, "y": y + about[1]} for place in places]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.page.wait_for_timeout(120)

    page.slide("slice-axial", "ArrowRight")
    place = axial(page)
    fingers("touchStart", -100, 100)
    for apart in (90, 75, 60, 50):
        fingers("touchMove", -apart, apart)
    fingers("touchEnd")
    page.until(lambda: body(page)[0] < 0.6 * before, "the smaller image")
    now, moved = body(page)
    assert now / before == pytest.approx(0.5, abs=0.04)
    np.testing.assert_allclose(moved, about + (middle - about) * now / before, atol=8)  # the fingers' middle stays
    page.click("#fit")
    page.until(lambda: abs(body(page)[0] - before) < 4, "the image as it was")
    assert axial(page) == place


def test_the_plot_shows_the_slice_and_leads_to_it(page):
    assert page.text(".hint-3d") == "Segment the image first."
    page.click("#run")
    page.until(lambda: page.page.locator(".area-now").count() == 1, "the plot")
    low, high = (float(text.split()[0]) for text in page.text(".area-plot").split("\n")[-2:])
    box = page.page.locator(".area-picture").bounding_box()
    x, y, width = box["x"], box["y"] + box["height"] / 2, box["width"]
    page.page.mouse.click(x + 0.25 * width, y)
    page.until(lambda: abs(axial(page) - (low + 0.25 * (high - low))) <= 3.0, "the slice at a quarter")
    line = page.page.locator(".area-at")
    page.until(lambda: abs(float(line.get_attribute("x1")) - 250) < 45, "the line at a quarter")
    page.page.mouse.down()
    page.page.mouse.move(x + 0.75 * width, y, steps=6)
    page.page.mouse.up()
    page.until(lambda: abs(axial(page) - (low + 0.75 * (high - low))) <= 3.0, "the slice at three quarters")
    page.slide("slice-axial", "ArrowLeft", 3)
    page.until(lambda: float(line.get_attribute("x1")) < 700, "the line of another slice")


def test_the_surface_follows_an_edit_and_the_camera_stays(page):
    assert page.text(".hint-3d") == "Make a segment first."
    page.tab("Correct")
    page.click("#make-segment")
    page.until(lambda: green(page).sum() > 100, "the surface")
    assert page.page.locator(".hint-3d").count() == 0
    page.stroke([(0.5, 0.5), (0.65, 0.55)], "3d")  # turns it
    page.settled_pixels("3d")
    turned = green(page)
    page.click("#tool-paint")
    finger_stroke(page, [(0.5, 0.4), (0.5, 0.35), (0.5, 0.3)])
    page.until(lambda: not page.text(".changed").startswith("0 "), "the stroke")
    page.until(lambda: (green(page) & ~turned).sum() > 20, "the stroke in space")
    page.click("#undo")
    page.until(lambda: page.text(".changed").startswith("0 "), "undo")
    page.page.keyboard.press("Escape")  # the brush is seen in space too, while it is in hand
    page.until(lambda: (green(page) ^ turned).sum() < 0.05 * turned.sum(), "the old surface, seen as before")


def test_an_image_of_another_part_of_the_body_is_told_and_not_just_black(page):
    page.tab("Compare")
    page.page.locator(".beside").click()
    page.page.get_by_role("option", name="leg").click()
    page.until(lambda: "leg shows another part of the body than a." in page.text(".notice"), "the sentence")
    page.page.keyboard.press("Escape")  # the list
    page.page.get_by_role("button", name="Close").first.click()


def test_the_keys_and_the_mouse_are_explained(page):
    page.click("#keys")
    page.until(lambda: "two fingers do it too" in page.page.inner_text(".v-dialog"), "the table")
    page.page.get_by_role("dialog").get_by_role("button", name="Close").click()


def test_a_stranger_is_asked_for_the_token_by_a_form_that_lets_in(page, tmp_path):
    """Browsers tell the origin of a form or not, as the page's headers say; without it the form was refused."""
    server = Server(tmp_path, "--token", "open sesame")
    try:
        form = page.context.browser.new_context().new_page()
        form.goto(server.address.partition("?")[0])
        for token, expected in (("wrong", "This is not the token"), ("open sesame", "")):
            form.fill("input[name=token]", token)
            form.get_by_role("button", name="Come in").click()
            form.wait_for_load_state()
            assert expected in form.inner_text("body")
        form.wait_for_selector("#run", state="attached", timeout=120_000)
        assert "Drop an image or a DICOM folder here" in form.inner_text(".empty")
        assert "Open an image first." in form.inner_text(".v-navigation-drawer")
    finally:
        server.stop()
