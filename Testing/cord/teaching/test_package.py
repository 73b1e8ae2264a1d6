"""A finished training becomes a model that the library takes and the engine runs."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from commands import process

from crosscontrast.cord.generator.appearance import Sample
from crosscontrast.cord.teaching.config import TrainingConfig
from crosscontrast.cord.teaching.evaluate import measure
from crosscontrast.cord.teaching.package import package_training
from crosscontrast.cord.teaching.train import train
from crosscontrast.errors import BadInputError
from crosscontrast.inference import load_predictor
from crosscontrast.models.bundle import read_spec
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.load import load_model
from crosscontrast.models.spec import Localisation, NetworkSpec

TINY = TrainingConfig(
    network=NetworkSpec(name="CompactUNet", arguments={"in_channels": 1, "out_channels": 2, "channels": [4, 8]}),
    patches=((16, 16, 16),),
    geometries=2,
    appearances=1,
    steps=2,
    validation_samples=4,
)


def test_a_training_becomes_a_model_that_segments(tmp_path, model_home):
    state = train(TINY, tmp_path / "run")
    package_training(tmp_path / "run", tmp_path / "tiny-cord", name="tiny-cord")
    entry = ModelLibrary().add(tmp_path / "tiny-cord", "tiny-cord")
    model = load_model(entry)
    kept, trained = model.network.state_dict(), state.average["network"].state_dict()
    assert all(torch.equal(kept[k], v.half().float()) for k, v in trained.items())
    patch = torch.rand(1, 1, 16, 16, 16, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        difference = torch.sigmoid(model.network(patch)) - torch.sigmoid(state.average["network"](patch))
    assert float(difference.abs().max()) < 0.003
    weights = entry.folder / "models/model.pt"
    assert weights.stat().st_size < 2 * sum(v.numel() for v in trained.values()) + 10_000
    image = sitk.GetImageFromArray(np.random.default_rng(1).normal(100, 20, (20, 24, 28)).astype(np.float32))
    maps = load_predictor(entry, torch.device("cpu")).predict([image])
    assert set(maps) == {"cord", "canal"}
    card = (entry.folder / "docs/README.md").read_text()
    assert "Expected calibration error" in card
    assert "generated images that it never" in card
    assert (entry.folder / "docs/calibration.png").read_bytes()[1:4] == b"PNG"


def test_the_settings_of_the_training_are_kept_with_the_model_but_no_path_of_the_machine(tmp_path):
    train(TINY, tmp_path / "first")
    again = TINY.model_copy(update={"initial_weights": tmp_path / "first" / "checkpoint.pt", "seed": 77})
    train(again, tmp_path / "run")
    package_training(tmp_path / "run", tmp_path / "model", name="model")
    text = (tmp_path / "model/configs/training.json").read_text()
    settings = json.loads(text)
    assert settings["seed"] == 77
    assert settings["initial_weights"].endswith("first/checkpoint.pt")
    assert str(tmp_path) not in text
    kept = TrainingConfig.model_validate(settings)
    assert kept.model_copy(update={"initial_weights": again.initial_weights}) == again


def test_a_network_that_follows_the_cord_takes_its_finder_along(tmp_path, model_home):
    train(TINY, tmp_path / "coarse")
    package_training(tmp_path / "coarse", tmp_path / "finder", name="finder")
    finder = ModelLibrary().add(tmp_path / "finder", "finder")
    centred = TINY.model_copy(update={"centred": True, "seed": 5})
    train(centred, tmp_path / "run")
    with pytest.raises(BadInputError, match="finds the cord"):
        package_training(tmp_path / "run", tmp_path / "alone", name="alone")
    package_training(tmp_path / "run", tmp_path / "pair", name="pair", finder=finder, evidence=0.52)
    localisation = read_spec(tmp_path / "pair").localisation
    assert localisation.follow == 0
    pair = load_model(ModelLibrary().add(tmp_path / "pair", "pair"))
    first = load_model(finder).network.state_dict()
    assert all(torch.equal(pair.finder.state_dict()[k], v) for k, v in first.items())
    # A finder that itself has one passes that on, and how much must speak for a cord.
    train(centred.model_copy(update={"seed": 6}), tmp_path / "next")
    package_training(
        tmp_path / "next",
        tmp_path / "third",
        name="third",
        finder=ModelLibrary().find("pair"),
        card="Mine {calibration}",
    )
    third = load_model(ModelLibrary().add(tmp_path / "third", "third"))
    assert all(torch.equal(third.finder.state_dict()[k], v) for k, v in first.items())
    assert read_spec(tmp_path / "third").localisation.evidence == 0.52
    assert (tmp_path / "third/docs/README.md").read_text().startswith("Mine | mean soft value |")


def test_a_network_with_a_relative_channel_is_run_with_it_and_only_where_it_follows(tmp_path, model_home):
    train(TINY, tmp_path / "coarse")
    package_training(tmp_path / "coarse", tmp_path / "finder", name="finder")
    finder = ModelLibrary().add(tmp_path / "finder", "finder")
    two = TINY.network.model_copy(update={"arguments": TINY.network.arguments | {"in_channels": 2}})
    relative = TINY.model_copy(update={"network": two, "centred": True, "relative": True, "reaches": (5.0, 2.0)})
    train(relative, tmp_path / "run")
    package_training(tmp_path / "run", tmp_path / "model", name="model", finder=finder)
    entry = ModelLibrary().add(tmp_path / "model", "model")
    assert read_spec(entry.folder).localisation.relative == ("cord", "canal")
    assert read_spec(entry.folder).localisation.reaches == (5.0, 2.0)
    assert read_spec(entry.folder).localisation.evidence == Localisation(output="cord").evidence
    image = sitk.GetImageFromArray(np.random.default_rng(1).normal(100, 20, (20, 24, 28)).astype(np.float32))
    maps = load_predictor(entry, torch.device("cpu")).predict([image])
    assert sitk.GetArrayFromImage(maps["cord"]).shape == (20, 24, 28)
    (tmp_path / "run" / "config.json").write_text(relative.model_copy(update={"centred": False}).model_dump_json())
    with pytest.raises(BadInputError, match="relative channel needs centred patches"):
        package_training(tmp_path / "run", tmp_path / "wrong", name="wrong", finder=finder)


def test_the_command_names_what_is_wrong_with_a_training(tmp_path):
    done = process("cord", "package", tmp_path / "none", "--out", tmp_path / "model")
    assert done.returncode == 2
    assert "none" in done.stderr
    assert not (tmp_path / "model").exists()


class Says(torch.nn.Module):
    """A network that answers every voxel with the same fraction of cord."""

    def __init__(self, fraction: float) -> None:
        super().__init__()
        self.logit = torch.logit(torch.tensor(fraction))

    def forward(self, x):
        return self.logit.expand(len(x), 2, *x.shape[2:])


def sample(cord: torch.Tensor) -> Sample:
    target = torch.stack([cord, cord])
    return Sample(torch.zeros(1, *cord.shape), target, torch.ones_like(target))


def test_a_network_that_says_how_often_it_is_right_is_calibrated_and_a_bold_one_is_not():
    half = (torch.arange(16**3).view(16, 16, 16) % 2).float()
    scores, curve = measure(Says(0.5), [sample(half), sample(half)])
    assert scores["ece"] == pytest.approx(0, abs=1e-6)
    assert curve.count.sum() == 2 * 16**3
    assert measure(Says(0.9), [sample(half)])[0]["ece"] == pytest.approx(0.4, abs=1e-6)


def test_voxels_that_are_almost_surely_no_cord_do_not_flatter_the_calibration():
    scores, curve = measure(Says(0.005), [sample(torch.ones(16, 16, 16))])
    assert curve.count.sum() == 0
    assert np.isnan(scores["ece"])
