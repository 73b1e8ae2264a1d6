import SimpleITK as sitk

from crosscontrast.cord.retrain import pace
from crosscontrast.cord.retrain.figures import Figures
from crosscontrast.cord.retrain.files import Outcome, Plan, RetrainFiles
from crosscontrast.cord.retrain.gate import Verdict
from crosscontrast.cord.retrain.retrainings import (
    begun,
    expected_time,
    last_finished,
    outcome_of,
    retraining_folder,
    trained,
)
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.documents import write_document
from crosscontrast.ground.provenance import ModelRecord


def finish(folder):
    folder.mkdir(exist_ok=True)
    outcome = Outcome(
        verdict=Verdict(passed=False, checks=[], reasons=["worse"]),
        figures=Figures(changes={}, areas=[], drift_mm2=None),
    )
    write_document(RetrainFiles(folder).outcome, outcome)


def test_a_begun_retraining_is_gone_on_with_and_a_finished_one_is_left_alone(tmp_path):
    dataset = tmp_path / "neck (2026)"
    dataset.mkdir()
    (tmp_path / "neck (2026)-retrained-of-someone").mkdir()
    assert retraining_folder(dataset).name == "neck (2026)-retrained-1"
    assert last_finished(dataset) is None
    (tmp_path / "neck (2026)-retrained-1").mkdir()
    assert retraining_folder(dataset).name == "neck (2026)-retrained-1"
    for number in range(2, 11):
        finish(tmp_path / f"neck (2026)-retrained-{number}")
    assert retraining_folder(dataset).name == "neck (2026)-retrained-11"
    (tmp_path / "neck (2026)-retrained-11").mkdir()
    assert last_finished(dataset).name == "neck (2026)-retrained-10"
    assert outcome_of(last_finished(dataset)).verdict.reasons == ["worse"]
    RetrainFiles(tmp_path / "neck (2026)-retrained-10").outcome.write_text("{")
    assert last_finished(dataset).name == "neck (2026)-retrained-9"


def begin(folder, steps):
    folder.mkdir(exist_ok=True)
    base = ModelRecord(name="softcord", version=3, sha256="0" * 64)
    settings = RetrainSettings(steps=steps)
    write_document(
        RetrainFiles(folder).plan,
        Plan(dataset=folder, base=base, settings=settings, training=(), test=(), revisions={}),
    )


def test_what_was_begun_goes_on_only_with_its_model_and_its_steps(tmp_path):
    dataset = tmp_path / "neck"
    dataset.mkdir()
    assert begun(dataset) is None
    begin(tmp_path / "neck-retrained-1", 3000)
    begin(tmp_path / "neck-retrained-2", 50)
    assert begun(dataset).settings.steps == 50
    wanted = {("softcord", 50): 2, ("softcord@3", 3000): 1, ("softcord@2", 50): 3, ("other", 50): 3, ("softcord", 9): 3}
    for (model, steps), number in wanted.items():
        assert retraining_folder(dataset, model, steps).name == f"neck-retrained-{number}"
    finish(tmp_path / "neck-retrained-3")
    assert begun(dataset) is None
    assert retraining_folder(dataset, "softcord", 50).name == "neck-retrained-2"


def test_the_expected_time_counts_start_and_measuring_and_is_that_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSCONTRAST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pace, "_gflops", lambda: 153.0 / 2)
    dataset = CorrectionDataset.create(tmp_path / "neck").folder
    assert expected_time(dataset, 3000) == "about 31 minutes, by the speed of this machine"
    assert expected_time(dataset, 10) == "about 46 seconds, by the speed of this machine"
    image = sitk.Image([9, 8, 7], sitk.sitkInt16)
    sitk.WriteImage(image, str(tmp_path / "sub-01_T2w.nii.gz"))
    made = CorrectionDataset.open(dataset)
    soft = sitk.Cast(image, sitk.sitkFloat32)
    soft[2:5, 2:5, 2:5] = 1.0
    made.save(made.add(tmp_path / "sub-01_T2w.nii.gz").name, soft, soft > 0, author="A")
    assert expected_time(dataset, 10) == "about 1 minute, by the speed of this machine"
    folder = RetrainFiles(tmp_path / "neck-retrained-1").training
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text("step,minutes,name,value\n50,0.50,loss,1\n100,2.00,loss,1\n")
    assert trained(folder.parent) == (120.0, 100)
    assert expected_time(dataset, 1000) == "about 21 minutes, by the speed of this machine"
    pace.remember(pace.Pace(start=40, step=9, image=100))
    assert expected_time(dataset, 1000) == "about 22 minutes, as the last time here"
    (folder / "log.csv").write_text("step,minutes,name,value\n")
    assert expected_time(dataset, 10) == "about 4 minutes, as the last time here"
    (tmp_path / "home" / "retraining_pace.json").write_text("{")
    assert expected_time(dataset, 10).endswith("by the speed of this machine")
