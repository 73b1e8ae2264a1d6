from CrossContrastLib.corrections.documents import write_document
from SoftCordSegLib.correcting.retrainings import last_finished, outcome_of, retraining_folder
from SoftCordSegLib.retrain.figures import Figures
from SoftCordSegLib.retrain.files import Outcome, RetrainFiles
from SoftCordSegLib.retrain.gate import Verdict


def finish(folder):
    folder.mkdir()
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
