"""How quick the browser application is, and what a session costs. Needs trame-slicer, Playwright and Chromium.

The time of a change is from the key or mouse event to the first new picture that the browser has received and decoded,
measured in the page itself. At last ``--sessions`` browsers are open at once, each with an image.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import SimpleITK as sitk
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crosscontrast.cord" / "browser"))
from driver import Page, Server, launch

from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.ground.images import write_image

#: Watches the picture of the axial view: resolves with the milliseconds from now to the next new picture.
_NEXT_PICTURE = """() => new Promise((done) => {
  const image = document.querySelector('.label-axial').parentElement.querySelector('img');
  const begun = performance.now();
  const look = () => done(performance.now() - begun);
  const watch = new MutationObserver(() => { watch.disconnect(); image.decode().then(look, look); });
  watch.observe(image, { attributes: true, attributeFilter: ['src'] });
  setTimeout(() => done(-1), 20000);
})"""


def next_picture(page: Page, act) -> float:
    """Milliseconds from ``act`` to the picture that shows it."""
    page.page.wait_for_timeout(700)  # the sharper picture that follows the last change must be through
    page.page.evaluate(f"() => {{ window.next = ({_NEXT_PICTURE})(); }}")  # not awaited yet
    act()
    return float(page.page.evaluate("window.next"))


def large_volume(path: Path) -> None:
    """256 x 256 x 192 voxels with a cord, int16."""
    body = CordPhantom().image("T2w")
    grid = sitk.Image([256, 256, 192], sitk.sitkInt16)
    spacing = [n * s / m for n, s, m in zip(body.GetSize(), body.GetSpacing(), grid.GetSize(), strict=True)]
    grid.SetSpacing(spacing)
    grid.SetOrigin(body.GetOrigin())
    grid.SetDirection(body.GetDirection())
    write_image(sitk.Cast(sitk.Resample(body, grid, sitk.Transform(), sitk.sitkLinear), sitk.sitkInt16), path)


def report(name: str, times: list[float]) -> None:
    """Print median and range of some times in ms."""
    found = [time_ for time_ in times if time_ >= 0]
    print(
        f"{name}: median {statistics.median(found):.0f} ms, {min(found):.0f} to {max(found):.0f} ms "
        f"({len(found)} of {len(times)} seen)"
    )


def session_of(server: Server) -> psutil.Process:
    """The process of the first session."""
    keep = str(server.log.parent / "keep")
    children = psutil.Process(server.process.pid).children(recursive=True)
    return next(child for child in children if child.cwd().startswith(keep))


def measure(name: str, page: Page, session: psutil.Process, acts) -> None:
    """Print the times of some acts, and the CPU time that the session took for one (both of its pictures)."""
    begun, found = sum(session.cpu_times()[:2]), []
    for act in acts:
        found.append(next_picture(page, act))
    page.page.wait_for_timeout(700)
    report(name, found)
    print(f"  CPU of the session for each: {1000 * (sum(session.cpu_times()[:2]) - begun) / len(found):.0f} ms")


def memory(server: Server) -> list[int]:
    """MiB of each session's process that it does not share with others (PSS)."""
    found = []
    for process in psutil.Process(server.process.pid).children(recursive=True):
        if process.cwd().startswith(str(server.log.parent / "keep")):
            found.append(process.memory_full_info().pss >> 20)
    return found


def strokes(page: Page, times: int):
    """Give functions that make a dot each, beside the one before; the mouse is there already."""
    x, y, width, height = page.box()
    for number in range(times):
        page.page.mouse.move(x + width * (0.3 + 0.03 * (number % 10)), y + height * 0.3)
        yield lambda: (page.page.mouse.down(), page.page.mouse.up())


def single(browser, server: Server, times: int) -> Page:
    """One user: opening, sliders, painting."""
    page = Page(browser, server.address)
    begun = time.perf_counter()
    page.until(lambda: page.text(".v-app-bar-title") != "CrossContrast", "the image")
    page.settled_pixels()
    print(f"page with the first image after {time.perf_counter() - begun:.1f} s")
    session = session_of(server)
    page.page.locator(".slice-axial [role=slider]").focus()
    keys = [lambda key=("ArrowRight", "ArrowLeft")[n % 2]: page.page.keyboard.press(key) for n in range(times)]
    measure("slice slider to new picture", page, session, keys)
    page.click("#run")
    page.until(lambda: "Mean area" in page.text(".run-message"), "the map")
    page.page.locator(".opacity [role=slider]").focus()
    measure("opacity slider to new picture", page, session, keys)
    page.tab("Correct")
    page.click("#make-segment")
    page.until(lambda: page.page.locator("#tool-paint").is_enabled(), "the tools")
    for tool in ("paint", "raise"):
        page.click(f"#tool-{tool}")
        page.page.wait_for_timeout(1000)
        measure(f"stroke of the tool '{tool}' to new picture", page, session, strokes(page, times))
        page.page.keyboard.press("Escape")
    return page


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--sessions", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as started:
        folder = Path(name)
        small, large = folder / "small_T2w.nii.gz", folder / "large_T2w.nii.gz"
        write_image(CordPhantom().image("T2w"), small)
        large_volume(large)
        server = Server(folder, small, large, "--sessions", options.sessions)
        browser = launch(started)
        try:
            page = single(browser, server, options.times)
            page.tab("Segment")
            session = session_of(server)
            begun, busy = time.perf_counter(), sum(session.cpu_times()[:2])
            page.page.keyboard.press("n")
            page.until(lambda: page.text(".v-app-bar-title") == "large_T2w", "the large volume")
            page.settled_pixels()
            print(f"opening 256 x 256 x 192 voxels: {time.perf_counter() - begun:.1f} s (with 0.5 s to see it settle)")
            print(f"  CPU of the session for it: {sum(session.cpu_times()[:2]) - busy:.1f} s")
            print(f"memory of the session's own: {memory(server)} MiB")
            begun = time.perf_counter()
            pages = [page, *(Page(browser, server.address) for _ in range(options.sessions - 1))]
            taken = time.perf_counter() - begun
            print(f"{len(pages)} sessions at once, the last {len(pages) - 1} opened in {taken:.1f} s")
            for one in pages:
                one.page.locator(".slice-axial [role=slider]").focus()
            lags = [next_picture(one, lambda one=one: one.page.keyboard.press("ArrowRight")) for one in pages]
            report("slice slider to new picture, with all sessions open, one after the other", lags)
            print(f"load of this computer at the end: {psutil.getloadavg()[0]:.1f} on {psutil.cpu_count()} cores")
            own = memory(server)
            print(f"memory of the sessions' own: {sum(own)} MiB, median {np.median(own):.0f}")
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
