"""A retraining that is started, stopped, gone on with and decided about in the panel (see qt_harness)."""

import pytest

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from cord_corrections import add_model, copied, spec
from qt_harness.application import pump, start
from qt_harness.cord_panel import ready_to_save
from qt_harness.fixtures import _opened, _scene, table_of  # noqa: F401 - fixtures

from crosscontrast.cord.ablation.cohort import SHAPE
from crosscontrast.cord.retrain.files import RetrainFiles
from crosscontrast.cord.retrain.retrainings import retraining_folder
from crosscontrast.cord.retrain.run import prepare
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.models.library import ModelLibrary

slicer = start()

SMALL = RetrainSettings(
    steps=40, patches=(SHAPE,), geometries=2, appearances=1, validation_samples=1, learning_rate=1e-3
)


@pytest.fixture
def dataset(small_corrections, tmp_path):
    return copied(small_corrections, tmp_path / "data")


@pytest.fixture
def panel(opened, scene, dataset, tmp_path):
    """The panel with this dataset and a model that has learnt nothing, and a retraining of it that was begun."""
    base = add_model(tmp_path, spec((4, 8)))
    prepare(CorrectionDataset.open(dataset.folder), base, SMALL, retraining_folder(dataset.folder))
    made = opened("SoftCordSeg")
    ui = made.ui
    ui.modelComboBox.setCurrentIndex(ui.modelComboBox.findData("cordtest"))
    ready_to_save(made, dataset.folder)
    return made


def busy(panel):
    return panel.widget.retrain.controls.busy


def test_a_retraining_is_stopped_goes_on_and_is_accepted_against_the_gate(panel, dataset, monkeypatch, tmp_path):
    ui, files = panel.ui, RetrainFiles(retraining_folder(dataset.folder))
    assert ui.retrainStepsSpinBox.value == SMALL.steps
    assert ui.retrainTimeLabel.text.startswith("Goes on with what was begun; all 40 steps take about ")
    ui.retrainStepsSpinBox.value = 3000
    assert ui.retrainTimeLabel.text.startswith("3000 steps take about ")
    assert ui.retrainTimeLabel.text.endswith(", by the speed of this machine.")
    ui.retrainStepsSpinBox.value = 1
    assert ui.retrainStepsSpinBox.value == 10, "fewer teach nothing"
    ui.retrainStepsSpinBox.value = SMALL.steps
    told = set()

    def training():
        told.add(ui.retrainStatusLabel.text)
        return ui.retrainProgressBar.value > 1

    ui.retrainButton.click()
    assert not ui.retrainButton.enabled
    assert ui.retrainCancelButton.enabled
    assert pump(training, 120)
    assert busy(panel)
    ui.retrainCancelButton.click()
    assert ui.retrainStatusLabel.text == "Cancelled."
    assert ui.retrainButton.enabled
    assert not files.outcome.exists()
    panel.widget.exit()  # what runs goes on while the user is in another module
    panel.widget.enter()
    ui.retrainButton.click()
    panel.widget.exit()
    assert pump(lambda: not busy(panel), 200)
    panel.widget.enter()
    assert ui.retrainStatusLabel.text.startswith("Done."), ui.retrainStatusLabel.text
    assert files.report.is_file()
    names = [row[0] for row in table_of(ui.retrainTable)]
    assert {"Dice", "soft Dice", "absolute CSA error (mm²)"} <= set(names)
    assert ui.retrainLabel.text.startswith("Against the candidate: The largest mean relative error of the area")
    assert len(told - {"starting"}) > 0
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text: True)
    ui.acceptButton.click()
    assert "Accepted as cordtest@2" in ui.retrainLabel.text
    assert "cordtest@2 (current)" in ui.modelComboBox.currentText
    assert ModelLibrary().find("cordtest").version == 2
    assert ui.retrainStepsSpinBox.enabled
    assert "as the last time" in ui.retrainTimeLabel.text
    panel.grab(tmp_path / "retrained.png", 520)


def test_a_retraining_outlives_the_scene_but_not_the_module(panel):
    ui = panel.ui
    ui.retrainButton.click()
    assert pump(lambda: ui.retrainProgressBar.value > 1, 120)
    slicer.mrmlScene.Clear(0)
    assert busy(panel), "it needs no node of the scene"
    panel.widget.cleanup()
    assert not busy(panel)
    panel.widget.retrain.controls._runner._timer.stop()
