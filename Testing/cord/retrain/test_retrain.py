"""Retraining from the corrections to the verdict; with a few steps here, for real in the slow test."""

import json
import re

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from click.testing import CliRunner
from cord_corrections import add_model, copied, corrections_of, spec, untaught

from crosscontrast.cli.cord import cord
from crosscontrast.cord.ablation.cohort import SHAPE
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.cord.retrain.canals import with_canals
from crosscontrast.cord.retrain.candidate import check_base, training_config
from crosscontrast.cord.retrain.jobs import RetrainCord
from crosscontrast.cord.retrain.material import collect, drawn_by_lot
from crosscontrast.cord.retrain.retrainings import outcome_of
from crosscontrast.cord.retrain.run import accept, keep_aside
from crosscontrast.cord.retrain.settings import Limits, RetrainSettings, read_settings
from crosscontrast.cord.teaching.real import read_cases
from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.ground.cohort import CohortRow, read_cohort, write_cohort
from crosscontrast.ground.files import make_folder
from crosscontrast.ground.images import write_image
from crosscontrast.inference import load_predictor
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.load import load_model
from crosscontrast.models.spec import Finder, Localisation
from crosscontrast.progress import silent

#: Nothing is learnt in two steps; the limits are wide, so that what follows the gate runs too.
ANY = Limits(
    **{name: 999 for name in Limits.model_fields if not name.startswith(("right", "require"))}, require_gain=False
)
QUICK = RetrainSettings(
    steps=2, patches=(SHAPE,), geometries=2, appearances=1, validation_samples=1, corrected_share=0.5, limits=ANY
)


def test_settings_whose_bodies_do_not_fill_the_batches_are_one_sentence(tmp_path):
    (tmp_path / "s.json").write_text('{"geometries": 3, "batch": 2}')
    with pytest.raises(BadInputError, match=r"s.json are wrong: .*geometries \(3\) must be a multiple of batch \(2\)"):
        read_settings(tmp_path / "s.json")


@pytest.fixture
def dataset(small_corrections, tmp_path):
    return copied(small_corrections, tmp_path / "dataset")


@pytest.fixture
def base(tmp_path, model_home):
    return add_model(tmp_path, spec((4, 8)))


def job(dataset, out, **more):
    return RetrainCord(dataset=dataset.folder, out=out, base="cordtest", device="cpu", **({"settings": QUICK} | more))


def test_frozen_subjects_are_never_among_what_is_trained_on(dataset, tmp_path):
    dataset.exclude(dataset.cases()[2].name, "motion")
    material = collect(dataset, tmp_path)
    training, test = read_cohort(tmp_path / "training.tsv"), read_cohort(tmp_path / "test.tsv")
    assert set(test.subjects()) == set(dataset.settings.test_subjects)
    assert not set(training.subjects()) & set(test.subjects())
    assert len(material.training) == 1
    assert {row.split for row in training.rows} == {"train"}
    assert {row.split for row in test.rows} == {"test"}
    for row in training.rows:
        assert row.mask.parent == dataset.layout.revision(material.training[0], 1)


def test_without_frozen_subjects_none_is_frozen_silently_and_the_lot_only_when_it_may(cohort, tmp_path):
    wanted = {"sub-001": ["T1w"], "sub-002": ["T1w"]}
    dataset = corrections_of(tmp_path / "d", cohort, wanted, ["sub-002"])
    settings = dataset.settings
    dataset.layout.settings.write_text(settings.model_copy(update={"test_subjects": None}).model_dump_json())
    (drawn,) = drawn_by_lot(dataset)
    with pytest.raises(BadInputError, match=f"the lot draws {drawn} to be tested on"):
        collect(dataset, tmp_path)
    assert dataset.settings.test_subjects is None
    collect(dataset, tmp_path, freeze=True)
    assert dataset.settings.test_subjects == (drawn,)
    assert drawn_by_lot(dataset) == ()
    for case in dataset.cases():
        if case.test:
            dataset.exclude(case.name, "motion")
    with pytest.raises(BadInputError, match="no corrected image to test on"):
        collect(dataset, tmp_path)


def test_corrections_of_one_subject_are_too_few_and_nobody_is_frozen(cohort, tmp_path):
    dataset = corrections_of(tmp_path / "d", cohort, {"sub-001": ["T1w"], "sub-002": ["T1w"]}, ["sub-002"])
    dataset.exclude(next(case.name for case in dataset.cases() if case.test), "motion")
    settings = dataset.settings
    dataset.layout.settings.write_text(settings.model_copy(update={"test_subjects": None}).model_dump_json())
    with pytest.raises(BadInputError, match="of one subject; two are needed"):
        collect(dataset, tmp_path)
    assert dataset.settings.test_subjects is None


def test_a_candidate_that_passes_becomes_the_next_version_once(dataset, base, tmp_path):
    out = tmp_path / "run"
    result = job(dataset, out).run(silent)
    assert result.finished
    assert result.passed, result.reasons
    assert result.model == "cordtest@2"
    assert ModelLibrary().find("cordtest").version == 2
    assert "Retrained from cordtest@1" in (ModelLibrary().find("cordtest@2").folder / "docs" / "README.md").read_text()
    learnt = result.figures.learnt
    assert [(image.subject, image.contrast) for image in learnt] == [("002", "T1w"), ("003", "T2w")]
    segmented = sorted((out / "learnt").rglob("*_softseg.nii.gz"))
    assert len(segmented) == 2 * len(learnt), "by the base model and the candidate"
    times = [path.stat().st_mtime_ns for path in segmented]
    again = job(dataset, out).run(silent)
    assert again.model == "cordtest@2"
    assert [path.stat().st_mtime_ns for path in segmented] == times, "what was segmented is taken over"
    assert [entry.version for entry in ModelLibrary().versions("cordtest")] == [1, 2]
    html = result.report.read_text()
    assert "Retraining of cordtest@1: passed" in html
    assert len(re.findall("<img", html)) == 1 + 4
    assert ModelLibrary().rollback("cordtest").version == 1


def test_a_candidate_that_fails_is_kept_aside_with_the_reasons_until_someone_takes_it_anyway(dataset, base, tmp_path):
    strict = QUICK.model_copy(update={"limits": Limits(require_gain=True, dice_fall=0)})
    result = job(dataset, tmp_path / "run", settings=strict.model_copy(update={"learning_rate": 1e-12})).run(silent)
    assert not result.passed
    assert result.model is None
    assert "no gain" in " ".join(result.reasons)
    assert result.candidate.is_dir()
    assert "kept aside" in result.report.read_text()
    with pytest.raises(ModelError, match="is kept aside"):
        accept(tmp_path / "run")
    with pytest.raises(BadInputError, match="no finished retraining"):
        keep_aside(tmp_path / "other")
    keep_aside(tmp_path / "run")
    assert outcome_of(tmp_path / "run").kept_aside
    job(dataset, tmp_path / "run", settings=None).run(silent)
    assert outcome_of(tmp_path / "run").kept_aside, "what a person decided outlives another call"
    assert ModelLibrary().find("cordtest").version == 1
    assert str(accept(tmp_path / "run", anyway=True)) == "cordtest@2"


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(dataset, base, tmp_path):
    """Two calls of which the first has no time, and a correction saved between them, give what one call gives."""
    first = job(dataset, tmp_path / "a", max_minutes=1e-9).run(silent)
    assert not first.finished
    case = dataset.case(dataset.history(next(c.name for c in dataset.cases() if not c.test))[0].case)
    soft = dataset.load(case.name).soft
    dataset.save(case.name, soft * 0, soft * 0, author="Later", force=True)
    resumed = job(dataset, tmp_path / "a", accept=False).run(silent)
    dataset.save(case.name, soft, soft >= 0.5, author="As before")
    whole = job(dataset, tmp_path / "b", accept=False).run(silent)
    one, other = (
        torch.load(result.candidate / "models" / "model.pt", weights_only=True) for result in (resumed, whole)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_model_that_follows_what_another_network_finds_keeps_that_network(cohort, tmp_path, model_home):
    plain = spec((4, 8))
    finder = Finder(network=plain.network, windowing=plain.windowing)
    following = plain.model_copy(update={"localisation": Localisation(output="cord", finder=finder, follow=0)})
    found = untaught(plain, seed=2)
    add_model(tmp_path, following, finder=found)
    dataset = corrections_of(tmp_path / "d", cohort, {"sub-001": ["T1w"], "sub-002": ["T1w"]}, ["sub-001"])
    result = job(dataset, tmp_path / "run").run(silent)
    model = load_model(ModelLibrary().find(result.model))
    assert all(torch.equal(value, found[name]) for name, value in model.finder.state_dict().items())
    assert not torch.equal(model.network.state_dict()["stem.weight"], untaught(plain)["stem.weight"])
    assert json.loads((tmp_path / "run" / "training" / "config.json").read_text())["centred"]


def test_a_model_that_sees_fluid_learns_with_the_canal_that_it_sees_in_the_corrected_images(tmp_path):
    """A cord's mask tells nothing of the fluid, and in use the network will see the fluid by its own canal."""
    phantom = CordPhantom(size=(64, 64, 60), origin=(-32.0, 32.0, -30.0))
    image, mask, table = (tmp_path / name for name in ("a.nii.gz", "a_seg.nii.gz", "training.tsv"))
    write_image(phantom.image("T2w"), image)
    write_image(phantom.soft_truth(), mask)
    write_cohort(table, [CohortRow(subject="a", role="T2w", image=image, mask=mask, split="train")])
    base, folder, cpu = ModelLibrary().find("softcord@3"), make_folder(tmp_path / "training"), torch.device("cpu")
    named = with_canals(base, table, folder, cpu, silent)
    (without,), (case,) = read_cases(table), read_cases(named)
    seen = load_predictor(base, cpu).predict([phantom.image("T2w")])["canal"]
    seen = np.maximum(sitk.GetArrayFromImage(seen), case.cord.numpy())
    assert np.allclose(case.canal[10:50], seen[10:50], atol=1e-3)
    assert not np.allclose(case.canal[10:50], without.canal[10:50], atol=0.5)
    made = named.stat().st_mtime_ns
    assert with_canals(base, table, folder, cpu, silent) == named
    assert named.stat().st_mtime_ns == made, "it is looked for once"


def test_a_model_is_shown_patches_of_the_sizes_that_it_was_trained_on(base, tmp_path):
    """Windows of another size than the follower's own changed its areas by 10 %."""
    models, untouched = ModelLibrary(), RetrainSettings()
    for name, sizes in {"softcord@3": ((48, 32, 32),), str(base): ((24, 40, 40),)}.items():
        entry = models.find(name)
        assert training_config(entry, check_base(entry), tmp_path / "t.tsv", untouched).patches == sizes
    chosen = training_config(entry, check_base(entry), tmp_path / "t.tsv", QUICK)
    assert chosen.patches == QUICK.patches


def test_folders_of_other_retrainings_and_models_that_cannot_be_retrained_are_refused(dataset, base, tmp_path):
    job(dataset, tmp_path / "run", max_minutes=1e-9).run(silent)
    with pytest.raises(BadInputError, match="begun with other settings"):
        job(dataset, tmp_path / "run", settings=RetrainSettings()).run(silent)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    with pytest.raises(BadInputError, match="neither empty nor a retraining"):
        job(dataset, tmp_path / "full").run(silent)
    odd = spec((4, 8)).model_copy(update={"outputs": ("canal", "cord")})
    (tmp_path / "odd").mkdir()
    add_model(tmp_path / "odd", odd)
    with pytest.raises(ModelError, match="does not segment cord and canal"):
        job(dataset, tmp_path / "new").run(silent)
    assert not (tmp_path / "new").exists()


def test_the_command_tells_the_verdict_and_where_the_report_is(dataset, base, tmp_path):
    settings = tmp_path / "settings.json"
    settings.write_text(QUICK.model_dump_json())
    words = ["retrain", "--dataset", dataset.folder, "--base", "cordtest", "--out", tmp_path / "run", "--device", "cpu"]
    run = CliRunner().invoke(cord, [*map(str, words), "--settings", str(settings), "--keep-aside"])
    assert run.exit_code == 0, run.output
    assert "Dice:" in run.stdout
    assert f"Kept aside: {tmp_path / 'run' / 'models' / 'candidate' / '1'}" in run.stdout
    told = json.loads((tmp_path / "run" / "verdict.json").read_text())
    assert told["verdict"]["passed"]
    assert CliRunner().invoke(cord, [*map(str, words[:-4]), "--out", "x", "--base", "nobody"]).exit_code == 2
