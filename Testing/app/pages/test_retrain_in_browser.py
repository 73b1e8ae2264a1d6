"""A retraining from its first step to the next version of the model and back, by clicks in a real browser."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")
pytest.importorskip("playwright", reason="needs Playwright")

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "retrain"))
from cord_corrections import add_model, spec
from driver import CHROMIUM, Page, Server, launch
from playwright.sync_api import sync_playwright

from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.ground.images import write_image
from crosscontrast.models.library import ModelLibrary

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
    pytest.mark.slow,
    pytest.mark.timeout(1500),
]
#: Long enough to be stopped half way on a fast machine, where this network takes forty steps a second.
STEPS = 1500


@pytest.fixture
def dataset(tmp_path):
    """Three people with a corrected image each, nobody frozen for the test, and one parted in two who waits."""
    made = CorrectionDataset.create(tmp_path / "dataset")
    for number in (1, 2, 3):
        body = CordPhantom(size=(64, 64, 24), spacing=(1.25, 1.25, 3.0), seed=number)
        path = tmp_path / f"sub-0{number}_T2w.nii.gz"
        write_image(body.image("T2w"), path)
        truth = body.soft_truth()
        made.save(made.add(path).name, truth, truth >= 0.5, author="A. Reader")
    for contrast, subject in (("T1w", "pat9T1w"), ("T2w", "pat9")):  # as earlier versions named them
        write_image(body.image(contrast), tmp_path / f"pat9_{contrast}.nii.gz")
        made.add(tmp_path / f"pat9_{contrast}.nii.gz", subject=subject)
    return made


@pytest.fixture
def page(tmp_path, dataset, model_home):
    """The tab of models, in a library with a model that has learnt nothing."""
    add_model(tmp_path, spec((4, 8)))
    with sync_playwright() as started:
        server, browser = Server(tmp_path, dataset.folder), launch(started)
        try:
            made = Page(browser, server.address)
            made.until(lambda: made.text(".v-app-bar-title") == "sub-01_T2w", "the case")
            made.tab("Model")
            yield made
            assert made.problems == []
        finally:
            browser.close()
            server.stop()


def shot(page, name):
    """A picture to look at, where ``CROSSCONTRAST_SHOTS`` names a folder."""
    folder = os.environ.get("CROSSCONTRAST_SHOTS")
    if folder:
        page.page.screenshot(path=Path(folder) / f"retrain-{name}.png")


def step_of(page):
    """The step that the page says the training is at, 0 where it says none."""
    found = re.match(rf"step (\d+) of {STEPS}, loss \d\.\d+, about .* left", page.text(".retrain-message"))
    return int(found[1]) if found else 0


def current():
    return next(str(entry) for entry in ModelLibrary().entries() if entry.name == "cordtest" and entry.current)


def test_a_model_is_retrained_kept_aside_accepted_and_rolled_back(page, tmp_path):
    choose(page)
    stop_and_go_on(page, tmp_path / "dataset-retrained-1")
    look_at_the_figures(page)
    decide(page, tmp_path / "dataset-retrained-1" / "verdict.json")


def choose(page):
    """The base model and the number of steps, with what that costs; what cannot be is said."""
    page.page.locator(".base-model").click()
    page.page.get_by_role("option", name="cordtest@1").click()
    assert page.page.input_value(".steps input") == "3000"
    assert page.text(".expected") == "about 15 minutes on two CPU cores"
    assert page.page.locator("#accept").is_disabled()
    for wrong in ("9", "1.5", ""):
        page.page.fill(".steps input", wrong)
        page.until(lambda: "Choose 10 to 100000 steps." in page.text(".reason:visible"), f"the word on {wrong!r}")
        assert page.page.locator("#retrain").is_disabled()
    page.page.fill(".steps input", str(STEPS))
    page.until(lambda: page.text(".expected") == "about 8 minutes on two CPU cores", "the time")
    shot(page, "chosen")


def stop_and_go_on(page, folder):
    """The lot is asked about; Cancel keeps the last checkpoint, from which the same button goes on."""
    assert "sub-pat9 and sub-pat9T1w are one person" in page.text(".dataset-doubts")
    dataset = CorrectionDataset(folder.with_name("dataset"))
    page.click("#retrain")
    page.until(lambda: "The lot draws sub-0" in page.text(".v-dialog .v-card-text"), "the question")
    page.page.get_by_role("button", name="Back").click()
    page.until(lambda: not page.page.locator("#fix-test-subjects").is_visible(), "the page behind it")
    assert (dataset.settings.test_subjects, folder.exists()) == (None, False)
    page.click("#retrain")
    page.click("#fix-test-subjects")
    page.until(lambda: step_of(page) > 0, "the first steps")
    assert page.page.locator(".steps input").is_disabled()
    assert page.page.locator("#retrain").is_disabled()
    shot(page, "running")
    page.until(lambda: (folder / "training" / "checkpoint.pt").exists(), "the first checkpoint")
    assert step_of(page) < STEPS
    page.click("#cancel-retraining")
    page.until(lambda: page.text(".retrain-message") == "Cancelled.", "the end of the run")
    assert page.text(".goes-on") == "This was begun and goes on where it was stopped."
    assert not (folder / "verdict.json").exists()
    shot(page, "cancelled")
    kept = torch.load(folder / "training" / "checkpoint.pt", weights_only=True)["step"]
    assert kept > 3
    page.click("#retrain")
    page.until(lambda: step_of(page) > 0, "the next steps")
    assert step_of(page) > kept, "it did not begin anew"
    page.until(lambda: step_of(page) > STEPS / 2, "half of the steps")
    page.until(lambda: page.text(".retrain-message") == "Retrained.", "the end")


def look_at_the_figures(page):
    """Before, after, the gate's verdict with its reasons, and the report."""
    names = page.page.locator(".figures tbody td:first-child").all_inner_texts()
    assert {"Dice", "soft Dice", "absolute CSA error (mm²)"} <= set(names)
    assert page.text(".verdict") == "The gate speaks against it:"  # after so few steps it must
    assert page.page.locator(".against").count() > 0
    page.page.locator("#roll-back").scroll_into_view_if_needed()
    shot(page, "verdict")
    with page.context.expect_page() as opened:
        page.click("#report")
    assert "cordtest@1" in opened.value.inner_text("body")
    opened.value.close()


def decide(page, verdict):
    """Each decision is on the page, on disk and in the library."""
    page.click("#keep-aside")
    page.until(lambda: page.text(".decided") == f"Kept aside in {verdict.parent}.", "the decision")
    assert json.loads(verdict.read_text())["kept_aside"]
    assert (verdict.parent / "models" / "candidate" / "1" / "models" / "model.pt").exists()
    assert current() == "cordtest@1"
    shot(page, "kept")
    page.click("#accept")
    page.until(lambda: page.page.locator("#accept-anyway").is_visible(), "the question")
    shot(page, "question")
    page.page.get_by_role("button", name="Back", exact=True).click()
    page.until(lambda: not page.page.locator("#accept-anyway").is_visible(), "the page")
    assert current() == "cordtest@1"
    page.click("#accept")
    page.click("#accept-anyway")
    page.until(lambda: page.text(".decided") == "Accepted as cordtest@2.", "the acceptance")
    assert current() == "cordtest@2"
    assert json.loads(verdict.read_text())["model"] == "cordtest@2"
    assert page.text(".base-model .v-select__selection") == "cordtest@2"
    assert page.page.locator("#accept").is_disabled()
    shot(page, "accepted")
    page.click("#roll-back")
    page.until(lambda: page.text(".base-model .v-select__selection") == "cordtest@1", "the version before")
    assert current() == "cordtest@1"
    assert page.page.locator("#roll-back").is_disabled()
    shot(page, "rolled-back")
