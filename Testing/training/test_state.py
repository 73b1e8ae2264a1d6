"""Checkpoints: those of now, those of before, and files that are none."""

import pytest
import torch

from crosscontrast.errors import BadInputError
from crosscontrast.training.state import CHECKPOINT, read_checkpoint


def as_before(path):
    """Write a checkpoint as trainings of one network did before version 0.2."""
    stored = torch.load(path, weights_only=True)
    for key, old in (("objective", "network"), ("average", "average")):
        stored[old] = {name.removeprefix("network."): value for name, value in stored.pop(key).items()}
    stored["optimiser"] = stored.pop("optimisers")["network"]
    assert stored.keys() == {"config", "network", "average", "optimiser", "scaler", "step", "minutes"}
    torch.save(stored, path)


def test_a_training_of_before_goes_on_bit_by_bit(fit, tmp_path):
    whole = fit("whole")
    with pytest.raises(KeyboardInterrupt):
        fit(
            "parts",
            checkpoint_minutes=0,
            before=lambda number: number == 5 and (_ for _ in ()).throw(KeyboardInterrupt),
        )
    as_before(tmp_path / "parts" / CHECKPOINT)
    resumed = fit("parts", resume=True)
    mine, theirs = resumed.average.state_dict(), whole.average.state_dict()
    assert read_checkpoint(tmp_path / "parts")["step"] == 12
    assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_nothing_to_resume_is_one_sentence(tmp_path):
    with pytest.raises(BadInputError, match=f"no training to resume in {tmp_path}"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_a_damaged_checkpoint_is_one_sentence(content, tmp_path):
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(BadInputError, match="is damaged"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("content", [torch.zeros(2), [1], {"weight": torch.zeros(1)}, {"step": 3}])
def test_what_is_no_checkpoint_is_refused(content, tmp_path):
    torch.save(content, tmp_path / CHECKPOINT)
    with pytest.raises(BadInputError, match="is no checkpoint of a training"):
        read_checkpoint(tmp_path)


def test_a_checkpoint_of_another_learner_is_refused(fit):
    fit()
    with pytest.raises(BadInputError, match="cannot be resumed"):
        fit(resume=True, players=("network", "adversary"))


def test_weights_are_read_without_running_what_a_stranger_put_there(tmp_path):
    ran = tmp_path / "ran"

    class Bad:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    torch.save({"step": Bad()}, tmp_path / CHECKPOINT)
    with pytest.raises(BadInputError, match="is damaged"):
        read_checkpoint(tmp_path)
    assert not ran.exists()
