"""The loop that all trainings share: it goes on bit by bit, loses no work, and says what went wrong."""

import os
import resource
import signal

import pytest
import torch

from crosscontrast.errors import BadInputError, CancelledError, OutputError
from crosscontrast.training import loop
from crosscontrast.training.log import read_log
from crosscontrast.training.state import CHECKPOINT, read_checkpoint

PLAYERS = [("network",), ("network", "adversary")]


def same(one, other):
    """Whether two states have the same weights, averages and optimisers."""
    pairs = [
        (one.learner.state_dict(), other.learner.state_dict()),
        (one.average.state_dict(), other.average.state_dict()),
    ]
    for mine, theirs in one.optimisers.items():
        slots = zip(
            theirs.state_dict()["state"].values(), other.optimisers[mine].state_dict()["state"].values(), strict=True
        )
        pairs += list(slots)
    return all(torch.equal(a[name], b[name]) for a, b in pairs for name in b)


def stopping_at(step, error=KeyboardInterrupt):
    def progress(done, total, message):
        if done == step:
            raise error

    return progress


@pytest.mark.parametrize("players", PLAYERS)
@pytest.mark.parametrize("step", [1, 7, 12])
def test_a_training_stopped_and_resumed_ends_as_an_uninterrupted_one(players, step, fit, tmp_path):
    whole = fit("whole", players=players)
    with pytest.raises(CancelledError, match=rf"stopped at step {step} of 12; .*parts keeps it, and it can be resumed"):
        fit("parts", players=players, progress=stopping_at(step))
    resumed = fit("parts", players=players, resume=True)
    assert resumed.step == whole.step == 12
    assert same(resumed, whole)
    rows = [int(row["step"]) for row in read_log(tmp_path / "parts") if row["name"] == "mse"]
    assert rows == list(range(1, 13))


def test_what_is_not_resumed_differs_with_the_seed(fit):
    assert not same(fit("one"), fit("other", seed=1))


def test_the_time_limit_stops_before_a_step_and_what_follows_is_the_same(fit):
    whole = fit("whole")
    assert fit("parts", max_minutes=0).step == 0
    assert same(fit("parts", resume=True, max_minutes=60), whole)


def test_a_job_that_is_cancelled_keeps_a_checkpoint(fit, tmp_path):
    with pytest.raises(CancelledError, match="stopped at step 5"):
        fit(progress=stopping_at(5, CancelledError("No more.")))
    assert read_checkpoint(tmp_path / "run")["step"] == 5


def test_ctrl_c_lets_a_step_be_finished_and_keeps_it(fit, tmp_path):
    whole, before = fit("whole"), signal.getsignal(signal.SIGINT)
    finished = []

    def press(number):
        if number == 4:
            os.kill(os.getpid(), signal.SIGINT)
            finished.append(number)

    with pytest.raises(CancelledError, match="stopped at step 5"):
        fit("parts", before=press)
    assert finished == [4]
    assert read_checkpoint(tmp_path / "parts")["step"] == 5
    assert signal.getsignal(signal.SIGINT) is before
    assert same(fit("parts", resume=True), whole)
    rows = [int(row["step"]) for row in read_log(tmp_path / "parts") if row["name"] == "mse"]
    assert rows == list(range(1, 13))


def test_ctrl_c_pressed_twice_does_not_wait_and_keeps_no_half_step(fit, tmp_path):
    def press(number):
        if number == 4:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(before=press, checkpoint_minutes=0)
    assert read_checkpoint(tmp_path / "run")["step"] == 4


@pytest.mark.parametrize("players", PLAYERS)
def test_a_step_whose_gradients_are_nan_teaches_nothing_and_destroys_nothing(players, fit, tmp_path):
    state = fit(players=players, lost=lambda player, number: player == "network" and number == 3)
    steps = {player: optimiser.state_dict()["state"][0]["step"] for player, optimiser in state.optimisers.items()}
    assert steps == {player: 11 if player == "network" else 12 for player in players}
    assert all(torch.isfinite(value).all() for value in state.average.state_dict().values())
    rows = [(row["step"], row["value"]) for row in read_log(tmp_path / "run") if row["name"] == "skipped"]
    assert rows == [("4", "1")]
    assert "nan" not in {row["value"] for row in read_log(tmp_path / "run")}


def test_a_training_without_usable_gradients_says_so_and_keeps_its_last_checkpoint(fit, tmp_path):
    fit(steps=6)
    before = (tmp_path / "run" / CHECKPOINT).read_bytes()
    with pytest.raises(BadInputError, match="network were NaN or infinite for 50 steps in a row, up to step 56"):
        fit(steps=100, resume=True, checkpoint_minutes=0, lost=lambda player, number: True)
    assert (tmp_path / "run" / CHECKPOINT).read_bytes() == before


def test_a_full_disk_is_said_and_the_checkpoint_before_it_is_kept(fit, tmp_path):
    """A limit on the size of files stands for the full disk: writing fails in the same way."""
    fit(steps=6)
    path = tmp_path / "run" / CHECKPOINT
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(OutputError, match="Cannot write"):
            fit(resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".part-*"))


def test_what_is_learnt_is_measured_by_steps_by_minutes_and_at_the_end(fit, tmp_path):
    def measured(name):
        return [int(row["step"]) for row in read_log(tmp_path / name) if row["name"] == "validation/bias"]

    fit("steps", validation_steps=5)
    fit("exactly", validation_steps=6)
    fit("minutes", validation_minutes=1e-9)
    fit("never")
    assert measured("steps") == [5, 10, 12]
    assert measured("exactly") == [6, 12]
    assert measured("minutes") == list(range(1, 13))
    assert measured("never") == [12]


def test_the_log_goes_back_with_the_training_and_names_what_it_counts(fit, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(checkpoint_minutes=0, before=lambda number: number == 9 and (_ for _ in ()).throw(KeyboardInterrupt))
    with (tmp_path / "run" / "log.csv").open("a") as log:
        log.write("11,0.1,mse,1\n")
    fit(resume=True)
    rows = read_log(tmp_path / "run")
    assert [int(row["step"]) for row in rows if row["name"] == "mse"] == list(range(1, 13))
    assert {row["name"] for row in rows} == {"mse", "waiting_s", "learning_s", "learning_rate", "validation/bias"}


def test_the_average_lies_between_first_and_last_weights_and_is_not_trained(fit):
    state = fit(ema=0.9)
    assert not any(value.requires_grad for value in state.average.parameters())
    network = state.learner.network.state_dict()
    assert any(not torch.equal(value, network[name]) for name, value in state.average["network"].state_dict().items())
    followed = fit("follow", ema=0.0)
    network = followed.learner.network.state_dict()
    assert all(torch.equal(value, network[name]) for name, value in followed.average["network"].state_dict().items())


def test_players_learn_at_their_own_rates_of_one_schedule(fit):
    state = fit(players=("network", "adversary"), steps=4)
    assert {group["betas"] for o in state.optimisers.values() for group in o.param_groups} == {(0.5, 0.999)}
    assert {group["betas"] for o in fit("alone").optimisers.values() for group in o.param_groups} == {(0.9, 0.999)}


def test_fp16_s_scale_falls_where_gradients_overflow_and_is_kept(fit, monkeypatch, tmp_path):
    """PyTorch has the arithmetic on the CPU too, where no training would ask for it."""
    monkeypatch.setattr(loop, "half_precision", lambda precision, device: torch.float16)
    lost = {"lost": lambda player, number: number == 2 and player == "network", "players": PLAYERS[1]}
    whole = fit("whole", **lost)
    assert 1 < whole.scaler.get_scale() < 2**16
    assert whole.learner.network[0].weight.dtype == torch.float32
    with pytest.raises(CancelledError):
        fit("parts", progress=stopping_at(5), **lost)
    assert read_checkpoint(tmp_path / "parts")["scaler"]["scale"] < 2**16
    resumed = fit("parts", resume=True, **lost)
    assert resumed.scaler.get_scale() == whole.scaler.get_scale()
    assert same(resumed, whole)
