"""Every translator trains, stops, goes on, and becomes a model of the library; what cannot be learned from is said."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from commands import crosscontrast, process

from crosscontrast.errors import BadInputError, CancelledError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image
from crosscontrast.models.find import newest_bundle
from crosscontrast.models.library import ModelLibrary
from crosscontrast.progress import silent
from crosscontrast.synthesis.jobs import TranslateImage
from crosscontrast.synthesis.objectives.base import build_objective
from crosscontrast.synthesis.objectives.catalogue import CATALOGUE, NAMES
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.synthesis.training.export import export
from crosscontrast.synthesis.training.jobs import TrainTranslator
from crosscontrast.synthesis.training.patches import Cutting, Patches, stream
from crosscontrast.synthesis.training.translator import Preparation, train
from crosscontrast.training.log import read_log
from crosscontrast.training.settings import CONFIG, make_config, read_config
from crosscontrast.training.state import CHECKPOINT, read_checkpoint


def weights(folder):
    return read_checkpoint(folder)["objective"]


@pytest.mark.parametrize("network", NAMES)
def test_every_network_trains_and_its_bundle_translates(network, settings, prostates, tmp_path):
    config = settings(network, validation_steps=0)
    state = train(config, tmp_path / "run")
    assert state.step == 2
    written = export(config, state, tmp_path / "run")
    assert ("back" in written) == network.startswith(("cyclegan", "dualgan", "discogan"))
    image = prostates.parent / "sub-002_us.nii.gz"
    result = TranslateImage(image=image, out=tmp_path / "out", model=str(tmp_path / "run")).run(silent)
    translated = read_image(result.images[0])
    assert same_grid(translated, read_image(image))
    assert np.isfinite(sitk.GetArrayFromImage(translated)).all()
    assert "validation/mae" in {row["name"] for row in read_log(tmp_path / "run")}
    assert len(list((tmp_path / "run").glob("pictures_*.png"))) == 1


def test_a_pix2pix_that_need_not_deceive_trains_no_discriminator(settings):
    deceives, regresses = (
        build_objective(Preparation(settings("pix2pix2d", terms=terms)).design) for terms in ({}, {"adversarial": 0})
    )
    assert list(deceives.players) == ["generator", "discriminator"]
    assert list(regresses.players) == ["generator"]
    assert {name.partition(".")[0] for name, _ in regresses.named_parameters()} == {"generator"}
    preparation = Preparation(settings("pix2pix2d"))
    batch = Patches(preparation.train, preparation.cutting, 0, 0)[0]
    assert set(deceives("generator", batch)) == {"l1", "adversarial"}
    assert set(regresses("generator", batch)) == {"l1"}


def test_the_squared_error_of_pix2pix_shows_the_probability_that_l1_rounds_off(settings):
    """A free answer to a target that is bright in 30 % of cases becomes their mean with mse, their median with l1."""
    ones = torch.ones(10, 1, 8, 8)
    batch = {"source": torch.zeros(10, 1, 8, 8), "mask": ones, "measured": ones, "target_measured": ones}
    batch["target"] = torch.where(torch.arange(10).view(-1, 1, 1, 1) < 3, 0.5, -0.5).expand(-1, 1, 8, 8)
    for terms, expected in (({"l1": 1}, -0.5), ({"l1": 0, "mse": 1}, -0.2)):
        design = Preparation(settings("pix2pix2d", terms={"adversarial": 0} | terms)).design
        objective = build_objective(design)
        answer = torch.zeros(1, requires_grad=True)
        objective.generator.mapped = lambda source, answer=answer: answer.expand_as(source)
        optimiser = torch.optim.SGD([answer], 0.02)
        for _ in range(400):
            optimiser.zero_grad()
            sum(objective("generator", batch).values()).backward()
            optimiser.step()
        assert answer.item() == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("network", [name for name in NAMES if CATALOGUE[name].dims == 2])
def test_each_player_only_moves_its_own_networks(network, settings):
    preparation = Preparation(settings(network))
    objective = build_objective(preparation.design)
    batch = Patches(preparation.train, preparation.cutting, 0, 0)[0]
    for player in objective.players:
        objective.zero_grad(set_to_none=True)
        sum(objective(player, batch).values()).backward()
        own = {id(p) for part in objective.parts(player) for p in part.parameters()}
        moved = {id(p) for p in objective.parameters() if p.grad is not None}
        assert moved
        assert moved <= own


def test_a_stopped_training_goes_on_bit_by_bit(settings, tmp_path):
    config = settings("pix2pix2d", steps=5, checkpoint_minutes=0)
    train(config, tmp_path / "whole")

    def stop(done, total, message):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(CancelledError, match="stopped at step 3 of 5"):
        train(config, tmp_path / "parts", progress=stop)
    assert read_checkpoint(tmp_path / "parts")["step"] == 3
    train(config, tmp_path / "parts", resume=True)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    steps = [row["step"] for row in read_log(tmp_path / "parts") if row["name"] == "l1"]
    assert steps == ["1", "2", "3", "4", "5"]


def test_a_diverging_loss_is_said_and_the_checkpoint_before_it_is_kept(settings, tmp_path):
    train(settings("unet3d", checkpoint_minutes=0), tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()
    wild = settings("unet3d", steps=60, learning_rate=1e30, residual=True, checkpoint_minutes=9)
    with pytest.raises(BadInputError, match=r"of the generator were NaN .*, up to step \d+; the last checkpoint"):
        train(wild, tmp_path)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_the_stream_depends_on_seed_and_step_only(settings):
    preparation = Preparation(settings("pix2pix2d", slice_axis="all"))
    patches = Patches(preparation.train, preparation.cutting, 3, 0)
    whole = [batch["source"] for batch in stream(patches, 0, 4, 0)]
    resumed = [batch["source"] for batch in stream(patches, 2, 4, 0)]
    assert torch.equal(torch.stack(whole[2:]), torch.stack(resumed))
    assert not torch.equal(whole[0], whole[1])
    other = Patches(preparation.train, preparation.cutting, 3, 1)[0]["source"]
    assert not torch.equal(other, whole[0])


def test_pairs_stay_pairs_and_the_unpaired_are_drawn_apart(settings):
    """Source and target are made equal; only unpaired patches then differ."""
    preparation = Preparation(settings("pix2pix2d", neighbours=1))
    cases = [type(case)(case.name, case.source, case.source, case.mask) for case in preparation.train]
    for paired in (True, False):
        cutting = Cutting(size=(16, 16), batch=8, slice_axes=(0, 1, 2), neighbours=1, paired=paired)
        batch = Patches(cases, cutting, 0, 0)[0]
        assert batch["source"].shape == (8, 3, 16, 16)
        assert torch.equal(batch["source"][:, 1:2], batch["target"]) == paired


def test_a_residual_network_begins_at_the_best_linear_map(settings):
    preparation = Preparation(settings("unet3d", residual=True, dropout=0))
    objective = build_objective(preparation.design)
    for parameter in objective.generator.network.parameters():
        parameter.data.zero_()
    case = preparation.train[0]
    slope, offset = np.polyfit(
        torch.cat([c.source[c.mask > 0] for c in preparation.train]).double().numpy(),
        torch.cat([c.target[c.mask > 0] for c in preparation.train]).double().numpy(),
        1,
    )
    answer = objective.generator.eval().mapped(case.source[None])[0]
    torch.testing.assert_close(answer, case.source * slope + offset, atol=1e-3, rtol=0)


@pytest.mark.parametrize("network", [name for name in NAMES if not CATALOGUE[name].paired])
def test_a_network_without_pairs_begins_at_the_mean_and_spread_of_the_other_side(network, settings):
    """Where its network says nothing yet, local means have those of the target; the way back undoes the way there."""
    preparation = Preparation(settings(network, dropout=0))
    objective = build_objective(preparation.design)
    sides = [s for s in (objective.generator, objective.back) if s is not None]
    for parameter in [p for side in sides for p in side.network.parameters()]:
        parameter.data.zero_()
    seen = {"answer": [], "target": []}
    for case in preparation.train:
        slices = case.source[None] if CATALOGUE[network].dims == 3 else case.source.transpose(0, 1)
        answer = objective.generator.eval().mapped(slices)
        seen["answer"].append(answer.flatten()[case.mask.flatten() > 0])
        seen["target"].append(case.target[case.mask > 0])
    answer, target = (torch.cat(seen[key]) for key in ("answer", "target"))
    assert abs(answer.mean() - target.mean()) < 0.1
    assert 0.6 < answer.std() / target.std() < 1.4
    if objective.back is not None:
        flat = torch.full((1, 1, *[16] * CATALOGUE[network].dims), 0.3)
        torch.testing.assert_close(objective.back.eval().mapped(objective.generator.mapped(flat)), flat)


def damage(prostates, tmp_path, edit):
    lines = [line.split("\t") for line in prostates.read_text().splitlines()]
    header, rows = lines[0], [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    for row in rows:
        row["image"] = str(prostates.parent / row["image"])
        row["mask"] = row["mask"] and str(prostates.parent / row["mask"])
    rows = edit(rows)
    table = tmp_path / "bad.tsv"
    table.write_text("\n".join("\t".join(cells) for cells in [header, *([r[c] for c in header] for r in rows)]) + "\n")
    return table


def other_grid(rows, folder):
    image = sitk.ReadImage(rows[1]["image"])
    image.SetOrigin((1, 2, 3))
    sitk.WriteImage(image, str(folder / "moved.nii.gz"))
    return [rows[0], rows[1] | {"image": str(folder / "moved.nii.gz")}, *rows[2:]]


BAD = {
    "missing file": (lambda rows, _: [rows[0] | {"image": "/absent.nii.gz"}, *rows[1:]], "does not exist"),
    "unpaired": (lambda rows, _: [rows[0], *rows[2:]], "none of 't2w'"),
    "two splits": (lambda rows, _: [rows[0] | {"split": "test"}, *rows[1:]], "belongs to one split"),
    "other grid": (other_grid, "lie on different grids"),
    "no mask": (lambda rows, _: [row | {"mask": ""} for row in rows], "has no mask"),
    "no training subject": (lambda rows, _: [row | {"split": "test"} for row in rows], "in the split 'train'"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_cohort_that_cannot_be_learned_from_is_one_sentence_and_nothing_is_written(
    what, settings, prostates, tmp_path
):
    edit, words = BAD[what]
    config = settings().model_copy(update={"cohort": damage(prostates, tmp_path, lambda rows: edit(rows, tmp_path))})
    with pytest.raises(BadInputError, match=words):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_targets_on_another_grid_are_resampled_where_that_is_allowed(settings, prostates, tmp_path):
    table = damage(prostates, tmp_path, lambda rows: other_grid(rows, tmp_path))
    preparation = Preparation(settings().model_copy(update={"cohort": table, "resample": True}))
    assert preparation.train[0].target.shape == preparation.train[0].source.shape


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"network": "pix2pix"}, "there is no network 'pix2pix'"),
        ({"network": "cyclegan2d", "radiomics": 1.0}, "radiomics needs pairs"),
        ({"patch": (12, 12, 12)}, "divisible by 8"),
        ({"patch": (16, 16)}, "a patch of 3 numbers"),
        ({"network": "cyclegan2d", "neighbours": 1}, "neighbouring"),
        ({"stepps": 3}, "stepps"),
    ],
)
def test_settings_that_make_no_sense_are_refused(more, words, prostates):
    given = {"cohort": prostates, "source": "us", "target": "t2w", "network": "unet3d"}
    with pytest.raises(BadInputError, match=words):
        make_config(TrainingConfig, given | more)


def test_the_command_trains_resumes_and_fills_the_library(prostates, tmp_path, model_home):
    (tmp_path / "small.json").write_text('{"width": 4, "validation_steps": 0}')
    arguments = ["--cohort", prostates, "--source", "us", "--target", "t2w", "--network", "dualgan2d"]
    arguments += ["--config", tmp_path / "small.json", "--out", tmp_path / "run"]
    run = crosscontrast("synth", "train", *arguments, "--steps", 2, "--name", "us2mri")
    assert run.returncode == 0, run.stderr
    assert "2 steps in" in run.stdout
    assert {e.name for e in ModelLibrary().entries()} >= {"us2mri", "us2mri-back"}
    with pytest.raises(BadInputError, match="There is a training in"):
        TrainTranslator(out=tmp_path / "run", settings=read_config(tmp_path / "run" / CONFIG, TrainingConfig, {})).run(
            silent
        )
    longer = TrainTranslator(out=tmp_path / "run", resume=True, more={"steps": 3}, device="cpu").run(silent)
    assert (longer.step, newest_bundle(tmp_path / "run").name) == (3, "model-000003")
    image = prostates.parent / "sub-001_us.nii.gz"
    done = process("synth", "translate", image, "--model", "us2mri", "--out", tmp_path / "out", "--uncertainty")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    written = ("t2w.nii.gz", "t2w_uncertainty.nii.gz", "cycle.nii.gz", "translation.json", "gate.json")
    assert names == {f"sub-001_us_{name}" for name in written}


@pytest.mark.parametrize(
    ("setting", "other"), [("cohort", "other.tsv"), ("source", "t2w"), ("target", "us"), ("network", "dualgan2d")]
)
def test_a_training_is_not_resumed_as_another_one(setting, other, tmp_path):
    """It was: a translator from us to t2w got into the library as one from t2w to us."""
    given = {"cohort": tmp_path / "cohort.tsv", "source": "us", "target": "t2w", "network": "unet3d"}
    begun, wanted = (make_config(TrainingConfig, settings) for settings in (given, given | {setting: other}))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / CONFIG).write_text(begun.model_dump_json())
    (tmp_path / "run" / CHECKPOINT).touch()
    with pytest.raises(BadInputError, match=f"The training in .*run has {setting} "):
        TrainTranslator(out=tmp_path / "run", settings=wanted, resume=True, device="cpu").run(silent)


def test_a_training_without_settings_says_what_it_needs(tmp_path):
    with pytest.raises(BadInputError, match="needs settings"):
        TrainTranslator(out=tmp_path).run(silent)


@pytest.mark.slow
def test_a_killed_training_is_resumed(prostates, tmp_path):
    settings = '{"width": 4, "validation_steps": 0, "checkpoint_minutes": 0, "steps": 3000}'
    (tmp_path / "small.json").write_text(settings)
    command = [sys.executable, "-m", "crosscontrast.cli", "synth", "train", "--cohort", prostates, "--source", "us"]
    command += [
        "--target",
        "t2w",
        "--network",
        "pix2pix2d",
        "--config",
        tmp_path / "small.json",
        "--out",
        tmp_path / "r",
    ]
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL)
    while not (tmp_path / "r" / CHECKPOINT).exists():
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    reached = read_checkpoint(tmp_path / "r")["step"]
    run = process("synth", "train", "--out", tmp_path / "r", "--resume", "--steps", reached + 2)
    assert run.returncode == 0, run.stderr
    assert read_checkpoint(tmp_path / "r")["step"] == reached + 2


@pytest.mark.slow
def test_two_processes_train_one_network(prostates, tmp_path):
    (tmp_path / "small.json").write_text('{"width": 4, "validation_steps": 0}')
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29517"]
    command += ["-m", "crosscontrast.cli", "synth", "train", "--cohort", prostates, "--source", "us", "--target", "t2w"]
    command += [
        "--network",
        "pix2pix2d",
        "--steps",
        "3",
        "--config",
        tmp_path / "small.json",
        "--out",
        tmp_path / "run",
    ]
    command += ["--device", "cpu"]
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=os.environ)
    assert run.returncode == 0, run.stderr[-3000:]
    assert read_checkpoint(tmp_path / "run")["step"] == 3
    assert newest_bundle(tmp_path / "run")


def test_radiomics_and_outcome_join_a_generator_s_losses(settings):
    preparation = Preparation(settings("pix2pix2d", radiomics=2.0, outcome="outcome"))
    objective = build_objective(preparation.design)
    batch = Patches(preparation.train, preparation.cutting, 0, 0)[0]
    losses = objective("generator", batch)
    assert {"radiomics", "outcome", "l1"} <= set(losses)
    sum(losses.values()).backward()
    assert all(p.grad is not None for p in objective.head.parameters())
    assert objective.head in objective.parts("generator")
    assert not {"radiomics", "outcome"} & set(objective("discriminator", batch))


def test_an_outcome_that_is_no_label_is_refused(settings):
    with pytest.raises(BadInputError, match="a label is 0 or 1"):
        Preparation(settings("pix2pix2d", outcome="volume_ml")).train  # noqa: B018
