"""``synth translate`` asks the quality gate before a translation counts as usable."""

import json

import pytest
import SimpleITK as sitk
from click.testing import CliRunner

from crosscontrast.cli.radiomics import radiomics
from crosscontrast.cli.synth import synth
from crosscontrast.errors import CancelledError
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.models.find import find_model
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.manifest import verify
from crosscontrast.progress import silent
from crosscontrast.synthesis.jobs import TranslateImage
from crosscontrast.synthesis.training.export import export
from crosscontrast.synthesis.training.jobs import TrainTranslator
from crosscontrast.synthesis.training.translator import train


@pytest.fixture(scope="module")
def trained(prostates, tmp_path_factory):
    """A translator trained for two steps on eight phantoms, whose bundle carries the profiles of their images."""
    from crosscontrast.synthesis.training.config import TrainingConfig

    folder = tmp_path_factory.mktemp("trained")
    given = {"cohort": prostates, "source": "us", "target": "t2w", "width": 4, "steps": 2, "log_steps": 1}
    config = TrainingConfig(network="unet3d", **given)
    return export(config, train(config, folder), folder)["model"]


@pytest.fixture
def translate(trained, model_home, tmp_path):
    """Runs the command on an image and returns what it said."""

    def run(image, *options):
        return CliRunner().invoke(
            synth, ["translate", str(image), "--model", str(trained), "--out", str(tmp_path / "out"), *options]
        )

    return run


def checks_of(document):
    return {check["name"]: check["decision"] for check in document["verdict"]["checks"]}


def test_an_image_like_those_of_training_is_no_stop_and_the_verdict_lies_beside(translate, prostates, tmp_path):
    done = translate(prostates.with_name("sub-005_us.nii.gz"), "--json")
    assert done.exit_code == 0, done.output
    (document,) = json.loads(done.stdout)
    assert document["verdict"]["decision"] in ("go", "caution")
    assert checks_of(document)["voxel size"] == "go"
    assert "translated intensities" in checks_of(document)
    kept = json.loads((tmp_path / "out" / "sub-005_us_gate.json").read_text())
    assert kept["measures"] == document["verdict"]
    assert len(kept["inputs"]) == 4


def test_an_image_in_another_unit_is_stopped_with_the_reason_and_an_exit_code(translate, prostates, tmp_path):
    image = read_image(prostates.with_name("sub-005_us.nii.gz"))
    write_image(sitk.Cast(image, sitk.sitkFloat32) * 50, tmp_path / "other.nii.gz")
    done = translate(tmp_path / "other.nii.gz")
    assert done.exit_code == 3
    assert "quality gate: stop" in done.stdout
    assert "training ranges beyond those of training" in done.stdout
    assert (
        "warning: other.nii.gz: other_t2w.nii.gz is not usable, the quality gate says stop: values from" in done.stderr
    )


def test_the_spread_of_repeated_answers_is_judged_where_it_is_asked_for(translate, prostates):
    done = translate(prostates.with_name("sub-005_us.nii.gz"), "--uncertainty", "--samples", "2", "--json")
    (document,) = json.loads(done.stdout)
    assert "ensemble spread" in checks_of(document)


def test_without_the_gate_nothing_is_judged_and_an_old_verdict_does_not_stay(translate, prostates, tmp_path):
    image = prostates.with_name("sub-005_us.nii.gz")
    translate(image)
    done = translate(image, "--no-gate")
    assert "quality gate" not in done.stdout
    assert not (tmp_path / "out" / "sub-005_us_gate.json").exists()


def test_where_the_gate_cannot_answer_the_translation_stays_and_that_is_said(trained, prostates, tmp_path):
    image, mask = prostates.with_name("sub-005_us.nii.gz"), tmp_path / "missing.nii.gz"
    done = TranslateImage(image=image, model=str(trained), out=tmp_path / "out", mask=mask).run(silent)
    assert done.images[0].exists()
    assert (done.verdict, done.gate) == (None, None)
    assert "sub-005_us_t2w.nii.gz was not judged by the quality gate: " in done.warnings[0]


def test_work_that_is_stopped_while_the_gate_looks_is_stopped(trained, prostates, tmp_path):
    def stop(done, total, message):
        if message == "reading sub-005_us.nii.gz":
            raise CancelledError("The work was cancelled.")

    image = prostates.with_name("sub-005_us.nii.gz")
    with pytest.raises(CancelledError):
        TranslateImage(image=image, model=str(trained), out=tmp_path / "out").run(stop)


def test_a_profile_travels_with_the_model_into_the_library(translate, trained, prostates, tmp_path):
    from crosscontrast.cli.radiomics import radiomics

    ModelLibrary().add(trained, "us-t2w")
    image = prostates.with_name("sub-006_us.nii.gz")
    done = CliRunner().invoke(radiomics, ["gate", str(image), "--model", "us-t2w", "--json"])
    assert {check["name"] for check in json.loads(done.stdout)["checks"]} >= {"voxel size", "distance from training"}
    nothing = CliRunner().invoke(radiomics, ["gate", str(image), "--model", str(tmp_path)])
    assert nothing.exit_code == 2
    assert "holds no model" in nothing.stderr


def test_radiomics_gate_takes_what_translate_takes_and_a_profile_made_later_wins(trained, prostates, model_home):
    def run(*arguments):
        return CliRunner().invoke(radiomics, list(map(str, arguments)))

    image = prostates.with_name("sub-005_us.nii.gz")
    verdicts = []
    for model in (trained, trained.parent):  # the bundle, the training
        done = run("gate", image, "--model", model, "--json")
        assert done.exit_code == 0, done.output
        verdicts.append(json.loads(done.stdout))
        assert {check["name"] for check in verdicts[-1]["checks"]} >= {"voxel size", "intensity range"}
    assert verdicts[0] == verdicts[1]
    assert "There is no folder" in run("gate", image, "--model", trained.parent / "model-000009").stderr
    # The bundle is sealed, so that the profile lies beside the library.
    table = prostates.read_text().replace("\ttest\n", "\ttrain\n")
    (prostates.parent / "other.tsv").write_text(table)
    done = run("gate-profile", "--cohort", prostates.parent / "other.tsv", "--role", "t2w", "--model", trained)
    assert done.exit_code == 0, done.output
    later = json.loads(run("gate", image, "--model", trained, "--json").stdout)
    assert later["decision"] == "stop", "an ultrasound image is not like T2w ones"
    assert run("gate", image, "--model", trained.parent, "--json").exit_code == 3
    assert find_model(str(trained)).folder.joinpath("manifest.json").is_file()
    verify(trained)


def test_a_training_of_few_pairs_says_that_the_gate_has_no_yardstick(settings, prostates, tmp_path):
    lines = prostates.read_text().splitlines()
    few = [line for line in lines if not any(f"sub-00{n}" in line or line.startswith(f"00{n}") for n in range(5, 10))]
    table = prostates.parent / "few.tsv"
    table.write_text("\n".join(few) + "\n")
    config = settings("unet3d", cohort=table, validation_steps=0)
    done = TrainTranslator(out=tmp_path / "run", settings=config, device="cpu").run(silent)
    assert done.warnings == [
        f"With fewer than 8 training pairs there is no yardstick for the quality gate in {done.model}."
    ]
