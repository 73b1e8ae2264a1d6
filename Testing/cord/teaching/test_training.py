import csv
import json
import os
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
import torch
from commands import crosscontrast, process

from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.evaluate import evaluate, held_out
from crosscontrast.cord.teaching.learner import read_weights
from crosscontrast.cord.teaching.stream import generate_group, stream
from crosscontrast.cord.teaching.train import train
from crosscontrast.errors import BadInputError, CancelledError
from crosscontrast.models.spec import NetworkSpec
from crosscontrast.training.settings import read_config
from crosscontrast.training.state import read_checkpoint

TINY = TrainingConfig(
    network=NetworkSpec(name="CompactUNet", arguments={"in_channels": 1, "out_channels": 2, "channels": [4, 8]}),
    patches=((16, 16, 16), (8, 24, 24)),
    geometries=2,
    appearances=2,
    steps=6,
    warmup=2,
    validation_samples=2,
)


def test_the_stream_is_the_same_for_any_number_of_workers_and_from_any_step():
    alone = list(islice(stream(TINY, 0, 0, torch.device("cpu")), 6))
    with_workers = list(islice(stream(TINY.model_copy(update={"workers": 2}), 0, 0, torch.device("cpu")), 6))
    later = list(islice(stream(TINY, 3, 0, torch.device("cpu")), 3))
    for one, other in zip(alone + alone[3:], with_workers + later, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_an_echo_shows_the_same_batches_again_mirrored_and_can_be_resumed_amid_it():
    once = list(islice(stream(TINY, 0, 0, torch.device("cpu")), 4))
    echoed = TINY.model_copy(update={"echoes": 2})
    twice = list(islice(stream(echoed, 0, 0, torch.device("cpu")), 8))
    later = list(islice(stream(echoed, 3, 0, torch.device("cpu")), 5))
    first, second = once[:2], once[2:]
    mirrored = [tuple(part.flip(-1) for part in batch) for batch in once]
    expected = [*first, *mirrored[:2], *second, *mirrored[2:]]
    for one, other in zip(expected + expected[3:], twice + later, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_groups_that_are_kept_are_shown_over_and_over_and_generated_once(tmp_path: Path, monkeypatch):
    config = TINY.model_copy(update={"store": tmp_path, "groups": 2})
    fresh = list(islice(stream(TINY, 0, 0, torch.device("cpu")), 4))
    first = list(islice(stream(config, 0, 0, torch.device("cpu")), 8))
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr("crosscontrast.cord.teaching.stream.generate_group", None)
    again = list(islice(stream(config, 0, 0, torch.device("cpu")), 8))
    for one, other in zip(first, [*again[:4], *first[:4]], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    for one, other in zip(first[:4], fresh, strict=True):
        assert all(torch.allclose(a, b, atol=5e-3) for a, b in zip(one, other, strict=True))


def test_ranks_see_other_bodies_of_the_same_shape():
    for group in range(4):
        first, second = (generate_group(TINY, group, rank) for rank in (0, 1))
        assert first[0][0].shape == second[0][0].shape
        assert not torch.equal(first[0][1], second[0][1])


def test_a_batch_never_shows_one_body_twice():
    for image, target, weight in generate_group(TINY, 0):
        assert image.shape[0] == 2
        assert image.shape[2:] == target.shape[2:] == weight.shape[2:]
        assert not torch.equal(target[0], target[1])


@pytest.mark.parametrize("step", [0, 3])
def test_a_training_stopped_amid_a_group_and_resumed_ends_with_the_very_weights_of_an_uninterrupted_one(
    step: int, tmp_path: Path
):
    whole = train(TINY, tmp_path / "whole")

    def stop(done: float, total: float, message: str) -> None:
        if done == step:
            raise KeyboardInterrupt

    often = TINY.model_copy(update={"log_steps": 1})
    if step:
        with pytest.raises(CancelledError, match="stopped at step 3 of 6"):
            train(often, tmp_path / "parts", progress=stop)
    else:
        train(often, tmp_path / "parts", max_minutes=0)
    assert read_checkpoint(tmp_path / "parts")["step"] == step
    resumed = train(TINY, tmp_path / "parts", resume=True)
    assert resumed.step == whole.step == 6
    for kind in ("learner", "average"):
        mine, theirs = getattr(resumed, kind).state_dict(), getattr(whole, kind).state_dict()
        assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_what_is_left_behind_can_be_read_by_people_and_programs(tmp_path: Path):
    state = train(TINY, tmp_path)
    assert read_config(tmp_path / "config.json", TrainingConfig) == TINY
    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    scores = {row["name"].removeprefix("held_out/") for row in rows if row["name"].startswith("held_out/")}
    assert {"dice", "soft_dice", "area_error", "area_bias", "ece"} <= scores
    assert list(tmp_path.glob("pictures_*.png"))
    weights = read_weights(tmp_path / "checkpoint.pt")
    assert all(torch.equal(weights[name], value) for name, value in state.average["network"].state_dict().items())


def test_training_can_start_from_the_weights_of_another(tmp_path: Path):
    first = train(TINY, tmp_path / "first")
    again = TINY.model_copy(update={"initial_weights": tmp_path / "first" / "checkpoint.pt", "steps": 1})
    second = train(again, tmp_path / "second", max_minutes=0)
    assert all(
        torch.equal(value, second.learner.network.state_dict()[name])
        for name, value in first.average["network"].state_dict().items()
    )


def test_parts_that_the_first_weights_know_nothing_of_begin_as_built_and_change_no_answer(tmp_path: Path):
    first = train(TINY, tmp_path / "first")
    larger = TINY.network.model_copy(update={"arguments": TINY.network.arguments | {"fine": 4}})
    again = TINY.model_copy(update={"network": larger, "initial_weights": tmp_path / "first" / "checkpoint.pt"})
    second = train(again, tmp_path / "second", max_minutes=0)
    image = torch.randn(2, 1, 16, 16, 16)
    with torch.inference_mode():
        assert torch.allclose(second.learner.network.eval()(image), first.average["network"](image), atol=1e-6)


def test_weights_of_a_larger_network_are_refused(tmp_path: Path):
    larger = TINY.network.model_copy(update={"arguments": TINY.network.arguments | {"fine": 4}})
    train(TINY.model_copy(update={"network": larger, "steps": 1}), tmp_path / "first")
    again = TINY.model_copy(update={"initial_weights": tmp_path / "first" / "checkpoint.pt"})
    with pytest.raises(BadInputError, match="border"):
        train(again, tmp_path / "second")


def test_deep_supervision_teaches_the_heads_of_all_levels_and_leaves_one_output_for_use(tmp_path: Path):
    arguments = {"in_channels": 1, "out_channels": 2, "channels": [4, 8, 8, 8], "deep": 2}
    network = TINY.network.model_copy(update={"arguments": arguments})
    config = TINY.model_copy(update={"network": network, "patches": ((16, 16, 32),), "steps": 2})
    before = train(config, tmp_path, max_minutes=0).learner.network
    first = {name: value.clone() for name, value in before.state_dict().items() if name.startswith("deep")}
    after = train(config, tmp_path, resume=True).learner.network
    assert len(first) == 4
    assert all(not torch.equal(after.state_dict()[name], value) for name, value in first.items())
    outputs = after.train()(torch.randn(2, 1, 16, 16, 32))
    assert [tuple(output.shape) for output in outputs] == [(2, 2, 16, 16, 32), (2, 2, 4, 4, 8), (2, 2, 2, 2, 4)]
    assert isinstance(after.eval()(torch.randn(2, 1, 16, 16, 32)), torch.Tensor)


class _Oracle(torch.nn.Module):
    """Answers with the truth of the samples it is given, times a factor."""

    def __init__(self, samples: list, factor: float) -> None:
        super().__init__()
        self.targets, self.factor, self.at = [s.target for s in samples], factor, 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        batch = torch.stack(self.targets[self.at : self.at + len(images)])
        self.at += len(images)
        return torch.logit((batch * self.factor).clamp(1e-6, 1 - 1e-6))


def test_evaluation_praises_the_truth_and_reports_the_size_and_sign_of_an_error():
    samples = held_out(TINY.model_copy(update={"validation_samples": 8}))
    assert sum(float(s.target[0].sum()) > 200 for s in samples) >= 4
    right, small = (evaluate(_Oracle(samples, factor), samples) for factor in (1.0, 0.8))
    assert right["soft_dice"] > 0.999
    assert right["dice"] > 0.999
    assert abs(right["area_bias"]) < 0.1
    assert right["ece"] < 0.01
    assert small["area_bias"] < -3
    assert small["area_error"] == pytest.approx(-small["area_bias"], rel=0.05)
    assert small["ece"] > 0.1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"learning_rat": 1}', "learning_rat"),
        ('{"losses": {"hinge": 1}}', "losses"),
        ('{"losses": {}}', "losses"),
        ('{"batch": 3, "geometries": 4}', "multiple of batch"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, complaint: str):
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(BadInputError, match=complaint) as raised:
        read_config(path, TrainingConfig)
    assert str(path) in str(raised.value)


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "crosscontrast.cli", "cord", "train", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_the_command_trains_refuses_to_overwrite_and_resumes(tmp_path: Path):
    settings, out = tmp_path / "settings.json", tmp_path / "run"
    settings.write_text(TINY.model_dump_json())
    first = process("cord", "train", "--out", out, "--config", settings, "--device", "cpu", "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["step"] == 6
    second = crosscontrast("cord", "train", "--out", out, "--config", settings)
    assert second.returncode == 2
    assert "--resume" in second.stderr
    third = crosscontrast("cord", "train", "--out", out, "--resume", "--device", "cpu", "--json")
    assert json.loads(third.stdout)["step"] == 6


def test_ctrl_c_keeps_what_was_learnt_and_says_so(tmp_path: Path):
    settings, out = tmp_path / "settings.json", tmp_path / "run"
    settings.write_text(TINY.model_copy(update={"steps": 100_000, "log_steps": 1}).model_dump_json())
    training = _start("--out", str(out), "--config", str(settings), "--device", "cpu")
    assert training.stderr is not None
    assert "step 1 of 100000" in training.stderr.readline()
    training.send_signal(signal.SIGINT)
    said = training.communicate(timeout=60)[1].splitlines()[-1]
    step = read_checkpoint(out)["step"]
    assert training.returncode == 130
    assert f"stopped at step {step} of 100000; {out} keeps it, and it can be resumed" in said


def test_a_training_whose_process_is_ended_keeps_what_was_learnt(tmp_path: Path):
    settings, out = tmp_path / "settings.json", tmp_path / "run"
    settings.write_text(TINY.model_copy(update={"steps": 100_000, "log_steps": 1, "workers": 1}).model_dump_json())
    training = _start("--out", str(out), "--config", str(settings), "--device", "cpu")
    assert training.stderr is not None
    assert "step 1 of 100000" in training.stderr.readline()
    training.terminate()
    training.communicate(timeout=60)
    assert training.returncode == -signal.SIGTERM
    assert read_checkpoint(out)["step"] >= 1


def test_resuming_nothing_is_one_sentence(tmp_path: Path):
    done = crosscontrast("cord", "train", "--out", tmp_path / "none", "--resume")
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert str(tmp_path / "none") in done.stderr


@pytest.mark.slow
def test_two_processes_train_one_network(tmp_path: Path):
    settings, out = tmp_path / "settings.json", tmp_path / "run"
    settings.write_text(TINY.model_dump_json())
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    words = ("cord", "train", "--out", out, "--config", settings, "--device", "cpu")
    done = process(*words, launcher=launcher, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    alone = train(TINY, tmp_path / "alone")
    together = read_weights(out / "checkpoint.pt")
    assert any(not torch.equal(together[name], value) for name, value in alone.average["network"].state_dict().items())


@pytest.mark.slow
def test_a_few_hundred_steps_teach_where_the_cord_is(tmp_path: Path):
    settings = {"steps": 300, "patches": ((32, 32, 32),), "validation_samples": 8, "learning_rate": 5e-3}
    config = TINY.model_copy(update=settings | {"losses": {"bce": 10.0, "dice": 1.0}})
    before = evaluate(train(config, tmp_path / "none", max_minutes=0).average["network"], held_out(config))
    after = evaluate(train(config, tmp_path / "run").average["network"], held_out(config))
    assert after["soft_dice"] > before["soft_dice"] + 0.1
