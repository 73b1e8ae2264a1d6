"""Deciding about a retraining, without a front end: a real dataset, library and finished retraining."""

import shutil

import pytest
import SimpleITK as sitk

from crosscontrast.cord.retrain.figures import Change, Figures
from crosscontrast.cord.retrain.files import Outcome, Plan, RetrainFiles
from crosscontrast.cord.retrain.gate import judge
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.documents import write_document
from crosscontrast.desk.retrain import Retrainer
from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.ground.provenance import ModelRecord
from crosscontrast.models.library import ModelLibrary


@pytest.fixture
def dataset(tmp_path):
    made = CorrectionDataset.create(tmp_path / "data")
    sitk.WriteImage(sitk.Image([9, 8, 7], sitk.sitkInt16), str(tmp_path / "sub-01_T2w.nii.gz"))
    made.add(tmp_path / "sub-01_T2w.nii.gz")
    return made.folder


def correct(dataset, number):
    """Add an image of another subject and correct it."""
    made = CorrectionDataset.open(dataset)
    image, path = sitk.Image([9, 8, 7], sitk.sitkInt16) + number, dataset.with_name(f"sub-0{number}_T2w.nii.gz")
    sitk.WriteImage(image, str(path))
    soft = sitk.Cast(image * 0, sitk.sitkFloat32)
    soft[2:5, 2:5, 2:5] = 1.0
    made.save(made.add(path).name, soft, soft > 0, author="A")


@pytest.fixture
def finished(dataset, model_home):
    """A finished retraining whose candidate the gate refused, and a begun one of 50 steps; returns the first."""
    entry = ModelLibrary().find("softcord")
    record = ModelRecord(name=entry.name, version=entry.version, sha256="0" * 64)
    worse = Change(before=0.9, after=0.8, difference=-0.1, low=-0.2, high=None, subjects=3)
    figures = Figures(changes={"dice": worse, "soft_dice": worse}, areas=[], drift_mm2=1.5)
    files = [RetrainFiles(dataset.with_name(f"data-retrained-{number}")) for number in (1, 2)]
    shutil.copytree(entry.folder, files[0].candidate)
    for each, steps in zip(files, (3000, 50), strict=True):
        settings = RetrainSettings(steps=steps)
        plan = Plan(dataset=dataset, base=record, settings=settings, training=(), test=(), revisions={})
        each.folder.mkdir(exist_ok=True)
        write_document(each.plan, plan)
    write_document(files[0].outcome, Outcome(verdict=judge(figures, RetrainSettings().limits), figures=figures))
    return files[0].folder


@pytest.fixture
def retrainer(runner, dataset, model_home):
    made = Retrainer(runner)
    made.model = "softcord"
    return made


def test_it_says_in_turn_what_is_lacking(retrainer, runner, dataset):
    assert retrainer.why_not() == "Choose the folder of the dataset."
    retrainer.use(dataset)
    assert retrainer.why_not() == (
        "There are corrected images of no subject; two are needed, as one of them is only tested on."
    )
    correct(dataset, 2)
    retrainer.use(dataset)
    assert "of one subject; two are needed" in retrainer.why_not()
    correct(dataset, 3)
    retrainer.use(dataset)
    assert retrainer.why_not() == ""
    CorrectionDataset.open(dataset).freeze_test_subjects(["02", "03"])
    retrainer.use(dataset)
    assert "none to train on" in retrainer.why_not()
    correct(dataset, 4)
    retrainer.use(dataset)
    assert retrainer.why_not() == ""
    retrainer.model = ""
    assert retrainer.why_not() == "There is no model to retrain."
    retrainer.steps = 9
    assert retrainer.why_not() == "Choose 10 to 100000 steps."
    assert retrainer.expected() == ""
    runner.busy = True
    assert retrainer.why_not() == "Wait until the work under way is done."
    assert retrainer.why_not_accept() == retrainer.why_not_keep() == retrainer.why_not_report()
    assert retrainer.why_not_report() == "There is no candidate: retrain first."
    for act in (retrainer.accept, retrainer.keep, retrainer.report):
        with pytest.raises(BadInputError, match="no candidate"):
            act()


def test_the_lot_is_named_before_a_retraining_fixes_it(retrainer, runner, dataset):
    made = CorrectionDataset.open(dataset)
    correct(dataset, 2)
    correct(dataset, 3)
    retrainer.use(dataset)
    question = retrainer.question()
    retrainer.run()
    assert "has no test subjects yet" in runner.refused
    assert made.settings.test_subjects is None
    (drawn,) = {"02", "03"} & set(question.replace("sub-", " ").split())
    made.freeze_test_subjects([drawn])
    assert retrainer.question() == ""


def test_a_server_for_several_people_changes_no_model(runner, dataset, finished):
    shared = Retrainer(runner, forbidden="Not here.")
    shared.model = "softcord"
    shared.use(dataset)
    assert shared.why_not() == shared.why_not_accept() == shared.why_not_roll_back() == "Not here."
    assert shared.why_not_report() == ""
    with pytest.raises(BadInputError, match="Not here"):
        shared.accept(anyway=True)


def test_what_was_begun_goes_on_and_the_newest_figures_are_shown(retrainer, dataset, finished):
    retrainer.use(dataset)
    assert retrainer.steps == 50
    assert retrainer.goes_on()
    assert retrainer.expected().startswith("about ")
    retrainer.steps = 60
    assert not retrainer.goes_on()
    assert retrainer.folder == finished
    first, *_, last = retrainer.rows()
    assert (first.name, first.before, first.after, first.subjects) == ("Dice", "0.900", "0.800", "3")
    assert first.difference == "-0.100 (-0.200 ... –)"
    assert last.difference == "1.50"
    assert retrainer.report() == RetrainFiles(finished).report
    assert retrainer.decision() == ""


def test_a_candidate_is_kept_aside_accepted_against_the_gate_and_rolled_back(retrainer, runner, dataset, finished):
    retrainer.use(dataset)
    before = ModelLibrary().find("softcord").version
    models, states = [], []
    retrainer.models.append(lambda: models.append(ModelLibrary().find("softcord").version))
    retrainer.state.append(lambda: states.append(retrainer.decision()))
    assert retrainer.must_ask()
    with pytest.raises(ModelError, match="The fall of Dice"):
        retrainer.accept()
    assert ModelLibrary().find("softcord").version == before
    retrainer.keep()
    assert retrainer.why_not_keep() == "It is kept aside already."
    runner.busy = True
    with pytest.raises(BadInputError, match="Wait until"):
        retrainer.accept(anyway=True)
    runner.busy = False
    retrainer.accept(anyway=True)
    assert retrainer.why_not_accept() == retrainer.why_not_keep() == f"It is softcord@{before + 1} now."
    assert str(retrainer.before()) == f"softcord@{before}"
    retrainer.roll_back()
    assert models == [before, before, before + 1, before]
    assert states[1:3] == [f"Kept aside in {finished}.", f"Accepted as softcord@{before + 1}."]


def test_a_retraining_that_cannot_be_leaves_the_figures_and_their_folder(retrainer, runner, dataset, finished):
    retrainer.use(dataset)
    retrainer.run()
    assert runner.refused
    assert retrainer.folder == finished
    assert retrainer.outcome is not None
