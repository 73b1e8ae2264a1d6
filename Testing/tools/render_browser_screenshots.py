"""Makes the pictures of the browser application's tour from a phantom. Needs trame-slicer, Playwright and Chromium."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crosscontrast.cord" / "browser"))
from driver import Page, Server, launch

from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.ground.images import write_image

TARGET = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots"


def tour(page: Page) -> None:
    """Walk through the loop and take a picture at each stop."""
    page.until(lambda: page.page.locator(".legend").count() > 0, "the map")
    page.settled_pixels()
    page.page.screenshot(path=TARGET / "Browser-segment.png")
    page.tab("Correct")
    page.page.keyboard.press("m")
    page.until(lambda: page.page.locator("#tool-erase").is_enabled(), "the tools")
    page.click("#tool-paint")
    page.stroke([(0.46, 0.44), (0.48, 0.42), (0.5, 0.42)])
    page.until(lambda: not page.text(".changed").startswith("0 "), "the stroke")
    page.click("#tool-lower")
    page.stroke([(0.54, 0.46), (0.53, 0.5)])
    page.until(lambda: not page.page.locator("#undo").is_disabled(), "the soft stroke")
    before = orange(page.settled_pixels())
    page.page.locator(".difference input").click()
    page.page.fill(".author input", "A. Reader")
    page.page.locator("body").press("Escape")
    page.until(lambda: orange(page.pixels()) > before + 20, "the overlay")
    page.settled_pixels()
    page.page.screenshot(path=TARGET / "Browser-correct.png")


def compare(page: Page) -> None:
    """Put the contrasts of a patient side by side, with the soft map of the first over both."""
    page.page.locator(".difference input").click()
    page.tab("Compare")
    page.click("#same-patient")
    page.until(lambda: page.text(".label-besideb") != "", "the row")
    page.settled_pixels("besideb")
    page.page.screenshot(path=TARGET / "Browser-compare.png")


def orange(pixels: np.ndarray) -> int:
    """Count the pixels in the colours of what was added."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    return int(np.count_nonzero((red > 200) & (green > 80) & (green < 200) & (blue < 110)))


def main() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as started:
        folder = Path(name)
        dataset = CorrectionDataset.create(folder / "dataset")
        for subject, contrast in (("01", "T2w"), ("01", "T1w"), ("02", "T2w")):
            path = folder / f"sub-{subject}_{contrast}.nii.gz"
            write_image(CordPhantom(seed=int(subject)).image(contrast), path)
            dataset.add(path)
        server = Server(folder, dataset.folder)
        browser = launch(started)
        try:
            page = Page(browser, server.address)
            tour(page)
            compare(page)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
