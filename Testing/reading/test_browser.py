"""One reader's whole session in a real browser, by clicks and keys."""

import os
import shutil
from pathlib import Path

import pytest
from small_studies import QUESTIONS, phantom, write_study

pytest.importorskip("slicer", reason="needs the slicer-core wheel")
pytest.importorskip("playwright", reason="needs playwright")
from playwright.sync_api import sync_playwright
from reading_server import ReadingServer, eventually

from crosscontrast.progress import silent
from crosscontrast.reading.folder import open_study
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.study import read_study

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
ALL_KINDS = [
    *QUESTIONS[:3],
    {"id": "sharp", "kind": "yes-no", "text": "Is it sharp?"},
    {"id": "cause", "kind": "choice", "text": "What is it?", "options": ["tumour", "scar", "none"], "required": False},
    {"id": "size", "kind": "number", "text": "Size", "unit": "mm", "maximum": 99, "required": False},
    {"id": "place", "kind": "point", "text": "Mark the lesion"},
    QUESTIONS[3],
]  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    changes = {"subjects": 2, "readers": ["anna"], "questions": ALL_KINDS, "washout_days": 0, "training": ["sub-01"]}
    changes["truth"] = {"column": "lesion", "positive": "0"}  # what the one case that counts has
    path = write_study(folder, **changes, image=lambda n, arm: phantom(n, arm, size=(40, 36, 24)))
    plan = prepare_study(read_study(path), folder / "out", silent)
    server = ReadingServer(folder / "out")
    yield folder / "out", plan, server
    server.stop()


@pytest.fixture
def page():
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        made = browser.new_page(viewport={"width": 1300, "height": 850})
        made.faults = []
        made.on("console", lambda message: made.faults.append(message.text) if message.type == "error" else None)
        made.on("pageerror", lambda error: made.faults.append(str(error)))
        made.set_default_timeout(60_000)
        yield made
        browser.close()


def wait_drawn(page, before):
    page.wait_for_function("n => Number(document.getElementById('views').dataset.drawn || 0) > n", arg=before)


def drawn(page):
    return int(page.evaluate("document.getElementById('views').dataset.drawn || 0"))


def after(page, act):
    """Do something and wait until the server has drawn what it changes."""
    before = drawn(page)
    act()
    wait_drawn(page, before)


def reading(page):
    return page.evaluate("document.body.dataset.reading")


def stored(folder):
    _, store = open_study(folder)
    answers, events = store.all_answers(), store.events()
    store.close()
    return answers, events


def brightness(page, view):
    return page.evaluate(
        """view => { const c = document.querySelector(`[data-view=${view}] canvas`);
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let sum = 0; for (let i = 0; i < d.length; i += 4) sum += d[i]; return sum / (d.length / 4); }""",
        view,
    )


def go_next(page):
    before = reading(page)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "before => document.body.dataset.reading !== before || !document.getElementById('cover').hidden", arg=before
    )


def test_a_whole_session_by_clicks_and_keys(served, page):
    folder, plan, server = served
    page.goto(server.links["anna"])
    wait_drawn(page, 0)
    page.wait_for_selector("[data-view=axial][data-slice]")
    assert "training, not counted" in page.inner_text("#progress")
    assert page.is_disabled("#next")
    look_around(page)
    # First image: everything by keys.
    page.click("#question-quality legend")
    page.keyboard.press("4")  # quality, and on to the next question
    page.keyboard.press("2")  # synthetic
    page.keyboard.press("ArrowRight")  # confidence from 50 to 51
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")  # sharp: yes
    page.keyboard.press("3")  # none of them
    page.keyboard.press("1")
    page.keyboard.type("2.5")  # typed into the number's box behind the 1: 12.5
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    box = page.locator("[data-view=axial] canvas").bounding_box()
    after(page, lambda: page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    page.wait_for_selector("[data-view=axial][data-marks='1']")
    page.fill("#question-remark textarea", "<img src=x onerror=alert(1)> & so on\nsecond line")
    page.keyboard.press("Escape")
    page.screenshot(path=str(Path(os.environ.get("READER_PICTURES", folder)) / "reading.png"))
    go_next(page)
    (first,), _ = stored(folder)
    assert {k: v for k, v in first.values.items() if k not in ("place", "remark")} == {
        "quality": 4, "origin": "synthetic", "lesion": 51, "sharp": "yes", "cause": "none", "size": 12.5,
    }  # fmt: skip
    assert first.values["remark"].startswith("<img src=x")
    # The middle of the phantom of the training case, from the geometry of its file.
    assert first.values["place"] == pytest.approx([-20.25, -26, 43], abs=2.5)
    pause_and_go_on(page, folder)
    reload_keeps_the_place(page)
    while page.evaluate("document.getElementById('cover').hidden"):
        answer_by_clicks(page)
        go_next(page)
    assert "read everything" in page.inner_text("#coverText")
    answers, events = stored(folder)
    assert len(answers) == len(plan.readings)
    assert [a.values["sharp"] for a in answers] == ["yes"] + ["no"] * (len(answers) - 1)
    assert all(a.active_seconds > 0 for a in answers)
    assert not [event for event in events if event["event"].startswith("refused")]
    assert page.faults == []


def look_around(page):
    """Scroll, window, zoom, link and reset, and see it in the pixels."""
    axial = page.locator("[data-view=axial]")
    number = int(axial.get_attribute("data-slice"))
    axial.hover()
    after(page, lambda: page.mouse.wheel(0, -100))
    page.wait_for_selector(f"[data-view=axial][data-slice='{number + 1}']")
    after(page, lambda: page.keyboard.press("PageDown"))
    page.wait_for_selector(f"[data-view=axial][data-slice='{number}']")
    page.wait_for_timeout(200)
    whole = brightness(page, "axial")
    assert whole > 5
    box = axial.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    after(page, lambda: page.mouse.move(x, y - 100, steps=4))  # a lower level is brighter
    page.mouse.up()
    eventually(lambda: page.wait_for_timeout(100) or brightness(page, "axial") > 1.05 * whole)
    sagittal = brightness(page, "sagittal")
    page.keyboard.down("Control")
    after(page, lambda: page.mouse.wheel(0, -300))
    page.keyboard.up("Control")
    eventually(lambda: page.wait_for_timeout(100) or brightness(page, "sagittal") != sagittal)
    slices = page.locator("[data-view=sagittal]").get_attribute("data-slice")
    after(page, lambda: page.mouse.dblclick(x + 60, y + 20))
    eventually(
        lambda: page.wait_for_timeout(50) or page.locator("[data-view=sagittal]").get_attribute("data-slice") != slices
    )
    after(page, lambda: page.keyboard.press("r"))
    eventually(lambda: page.wait_for_timeout(100) or brightness(page, "axial") == pytest.approx(whole, rel=0.02))


def pause_and_go_on(page, folder):
    page.keyboard.press("p")
    assert "Pause" in page.inner_text("#coverText")
    page.wait_for_timeout(300)
    page.click("#resume")
    assert page.is_hidden("#cover")
    eventually(lambda: [e["event"] for e in stored(folder)[1]].count("resumed") == 1)


def reload_keeps_the_place(page):
    """A browser that is closed and opened again goes on with the same image; nothing of it was saved."""
    before = reading(page)
    page.click("#question-quality button >> nth=0")
    page.reload()
    page.wait_for_function("before => document.body.dataset.reading === before", arg=before)
    wait_drawn(page, 0)
    assert page.is_disabled("#next")


def answer_by_clicks(page):
    page.click("#question-quality button >> nth=2")
    page.click("#question-origin button >> nth=0")
    page.click("#question-lesion input")
    page.click("#question-sharp button >> nth=1")
    page.wait_for_function("!document.getElementById('next').disabled")
