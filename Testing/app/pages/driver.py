"""A server of the application and a browser in front of it, for tests."""

import io
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

CHROMIUM = Path("/usr/bin/chromium")
#: Seconds; a busy computer needs many of them.
PATIENCE = 240
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


class Server:
    """``crosscontrast app`` as a process of its own."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        self.log = folder / "server.log"
        command = [sys.executable, "-m", "crosscontrast.cli", "app", "--no-open"]
        command += ["--keep", folder / "keep", *(arguments if "--port" in arguments else (*arguments, "--port", 0))]
        self._out = self.log.open("w")
        self.process = subprocess.Popen([*map(str, command)], stdout=self._out, stderr=subprocess.STDOUT)
        self.address = self._wait()

    def _wait(self) -> str:
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            found = re.search(r"Open (http://\S+) ", self.log.read_text())
            if found:
                return found[1]
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.terminate()
        self.process.wait(60)
        self._out.close()

    def kill(self) -> None:
        """Without a chance to keep anything."""
        self.process.kill()
        self.process.wait(60)
        self._out.close()


def launch(playwright):
    """Debian's Chromium, without a window."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)


class Page:
    """A page of the application, driven as a person would."""

    def __init__(self, browser, address, size=(1280, 720), context=None):
        width, height = size
        self.context = context or browser.new_context(viewport={"width": width, "height": height})
        self.page = self.context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_selector("#run", state="attached")

    def until(self, condition, what="it"):
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{what} did not come; the page says {self.page.inner_text('body')!r}")

    def tab(self, name):
        self.page.get_by_role("tab", name=name).click()

    def click(self, selector):
        self.page.click(selector)

    def text(self, selector):
        found = self.page.locator(selector)
        return found.first.inner_text() if found.count() else ""

    def box(self, orientation="axial"):
        """Where a slice view lies on the page: x, y, width, height."""
        script = "e => { const r = e.parentElement.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] }"
        return self.page.locator(f".label-{orientation}").evaluate(script)

    def pixels(self, orientation="axial"):
        """The view as RGB (row, column), int."""
        x, y, width, height = self.box(orientation)
        shot = self.page.screenshot(clip={"x": x, "y": y, "width": width, "height": height})
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)

    def settled_pixels(self, orientation="axial"):
        """The view when its picture does not change any more."""
        before = self.pixels(orientation)
        for _ in range(40):
            self.page.wait_for_timeout(500)
            now = self.pixels(orientation)
            if np.array_equal(before, now):
                break
            before = now
        return before

    def stroke(self, points, orientation="axial"):
        """Drag the mouse through points given as shares of the view's width and height."""
        x, y, width, height = self.box(orientation)
        places = [(x + width * u, y + height * v) for u, v in points]
        mouse = self.page.mouse
        mouse.move(*places[0])
        self.page.wait_for_timeout(300)
        mouse.down()
        for place in places:
            mouse.move(*place, steps=3)
            self.page.wait_for_timeout(60)
        mouse.up()

    def slide(self, name, key, times=1):
        """Move a slider by keys."""
        self.page.locator(f".{name} [role=slider]").focus()
        for _ in range(times):
            self.page.keyboard.press(key)
