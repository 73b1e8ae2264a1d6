"""Synthesis as a new user finds it: nothing trained, the sample, Translate, and what is seen and said on the way."""

import pytest

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import pump, start
from qt_harness.fixtures import _in_place, _opened, _scene  # noqa: F401 - fixtures

slicer = start()
#: What a panel may take on the screen, and what the tabs stand in, in pixels.
WIDTH, MARGINS = 420, 50


@pytest.fixture
def shipped(model_home, tmp_path, monkeypatch):
    """The software comes with two translators with random weights, one of them for demonstration; caches are empty."""
    from tools.random_translator import write_random_translator

    from crosscontrast.models import library

    cord = {"expects": "MRI of the spine, any contrast", "produces": "T2w and T1w", "sample": "cord"}
    prostate = {"expects": "ultrasound of the generated prostate", "produces": "T2w", "sample": "prostate"}
    for name, outputs, words in (("cords", ("T2w", "T1w"), cord), ("demo-us", ("t2w",), prostate)):
        place = tmp_path / "shipped" / name / "1"
        place.parent.mkdir(parents=True)
        write_random_translator(place, outputs, **words, demonstration=name == "demo-us")
    monkeypatch.setattr(library, "shipped_models_folder", lambda: tmp_path / "shipped")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _, appauthor: tmp_path / "cache")


@pytest.fixture
def panel(shipped, in_place, opened):
    return opened("SynthSeg")


def run(panel):
    panel.ui.runButton.click()
    assert pump(lambda: not panel.widget.controls.busy, 120)
    assert panel.ui.statusLabel.text.startswith("Done."), panel.ui.statusLabel.text


def in_views(count):
    views = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[:count]
    return [slicer.mrmlScene.GetNodeByID(view.GetBackgroundVolumeID()).GetName() for view in views]


def test_sample_translate_result_gate_and_error_map(panel, tmp_path):
    ui, page = panel.ui, panel.widget.pages[0]
    # An empty scene: a model is chosen, and each grey button says why.
    assert (ui.tabWidget.currentIndex, ui.modelComboBox.currentText) == (0, "cords@1 (current)")
    assert ui.reasonLabel.text == "Choose a source volume, or load the sample."
    assert ui.compareReasonLabel.text == ui.reasonLabel.text
    grey = (ui.runButton, ui.sideBySideButton, ui.overlayButton, ui.blinkButton, ui.errorMapButton)
    assert not any(button.enabled for button in grey)
    panel.grab(tmp_path / "empty.png", WIDTH)

    ui.sampleButton.click()
    assert ui.inputSelector.currentNode().GetName() == "phantom_T1w"
    assert ui.targetSelector.currentNode().GetName() == "phantom_T2w"
    assert ui.outputComboBox.currentText == "T2w"  # T1w is there already
    assert (ui.doubtLabel.text, ui.reasonLabel.text) == ("", "")
    assert "any contrast → T2w and T1w" in ui.aboutModelLabel.text
    assert ui.compareReasonLabel.text == "Translate the image first."

    run(panel)
    output = ui.outputSelector.currentNode()
    assert output.GetName() == "phantom_T1w_T2w SYNTHETIC"
    assert in_views(2) == ["phantom_T1w", output.GetName()]
    assert page.words.words["Green"] == "SYNTHETIC T2w"
    assert page.words.words["Red"] == ""
    assert page.gate.label.text.startswith("<b>")
    assert ui.compareReasonLabel.text == ""
    ui.blinkButton.checked = True
    assert pump(lambda: page.words.words["Red"] == "SYNTHETIC T2w", 5)
    assert pump(lambda: page.words.words["Red"] == "", 5)
    ui.blinkButton.checked = False

    ui.errorMapButton.click()
    assert pump(lambda: not panel.widget.controls.busy, 60)
    assert "Mean absolute error" in ui.errorLabel.text
    assert in_views(3) == [output.GetName(), "phantom_T2w", f"{output.GetName()} error"]
    ui.errorMapButton.click()
    assert pump(lambda: not panel.widget.controls.busy, 60)
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 4  # the map is brought up to date
    panel.grab(tmp_path / "translated.png", WIDTH)
    assert ui.translateTab.minimumSizeHint().width() <= WIDTH - MARGINS


def test_what_does_not_suit_the_model_is_said_before_and_can_be_done(panel):
    import numpy as np

    ui = panel.ui
    ct = slicer.util.addVolumeFromArray(np.ones((16, 20, 24), np.float32), name="head CT")
    ui.inputSelector.setCurrentNode(ct)
    expected = "This model expects MRI of the spine, any contrast; the name says CT."
    assert ui.doubtLabel.text == expected
    assert ui.outputComboBox.currentText == "all of them"
    assert ui.runButton.enabled
    ui.modelComboBox.setCurrentIndex(ui.modelComboBox.findData("demo-us"))
    assert "expects ultrasound of the generated prostate; the name says CT." in ui.doubtLabel.text
    assert "A demonstration model" in ui.doubtLabel.text
    assert panel.widget.logic.getParameterNode().model == "demo-us"


def test_a_translation_does_not_overwrite_that_of_another_image(panel):
    import numpy as np

    values = np.random.default_rng(3).normal(100, 20, (16, 20, 24)).astype(np.float32)
    first, second = (slicer.util.addVolumeFromArray(values * k, name=f"sub-0{k}_T1w") for k in (1, 2))
    ui = panel.ui
    ui.inputSelector.setCurrentNode(first)
    run(panel)
    made = ui.outputSelector.currentNode()
    ui.inputSelector.setCurrentNode(second)
    assert ui.compareReasonLabel.text == "Translate the image first."
    assert not ui.sideBySideButton.enabled
    run(panel)
    assert ui.outputSelector.currentNode() is not made
    assert (made.GetName(), ui.outputSelector.currentNode().GetName()) == (
        "sub-01_T1w_T2w SYNTHETIC",
        "sub-02_T1w_T2w SYNTHETIC",
    )
    slicer.mrmlScene.Clear(0)
    assert ui.reasonLabel.text == "Choose a source volume, or load the sample."
