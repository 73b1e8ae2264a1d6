"""Networks that OpenVINO runs: their answers are PyTorch's, they are kept on disk, and what cannot be is said."""

import warnings

import pytest
import torch
from torch import nn

from crosscontrast.errors import BadInputError, MissingPackageError
from crosscontrast.inference import compiled, load_predictor
from crosscontrast.inference.compiled import CompiledNetwork, accelerated, engine_of
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.load import load_model
from crosscontrast.models.networks import build_network

TRANSLATOR = {
    "network": "ResidualTranslator",
    "arguments": {"spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": [8, 16], "blocks": 1},
    "source_range": (-2.0, 3.0),
    "target_range": (0.0, 1.0),
    "activation": "tanh",
}
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSCONTRAST_ENGINE", "auto")
    monkeypatch.setattr(compiled, "_cache_folder", lambda: tmp_path / "networks")
    return tmp_path / "networks"


def answers(network, batch):
    with torch.inference_mode():
        return network(batch)


@pytest.fixture
def small():
    pytest.importorskip("openvino")
    torch.manual_seed(2)
    return build_network("CompactUNet", in_channels=2, out_channels=2, channels=[8, 16], fine=4).eval()


@pytest.mark.parametrize(
    ("name", "shape", "arguments"),
    [
        ("CompactUNet", (2, 16, 16, 16), {"in_channels": 2, "out_channels": 2, "channels": [8, 16], "fine": 4}),
        ("SkipNet", (1, 32, 32), {"spatial_dims": 2, "in_channels": 1, "out_channels": 3, "vertical": True}),
        ("Translator", (1, 32, 32), TRANSLATOR),
        ("ResidualTranslator", (1, 16, 16, 16), {"spatial_dims": 3, "in_channels": 1, "out_channels": 1, "blocks": 1}),
    ],
)
def test_our_networks_answer_as_in_pytorch(name, shape, arguments):
    pytest.importorskip("openvino")
    torch.manual_seed(0)
    plain = build_network(name, **arguments).eval()
    fast, batch = CompiledNetwork(plain, name), torch.randn(3, *shape)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = answers(fast, batch)
    assert fast.engine.startswith("OpenVINO 20")
    assert found.dtype == torch.float32
    assert (found - answers(plain, batch)).abs().max() < 1e-4


def test_the_second_process_finds_the_form_on_disk(small, cache, monkeypatch):
    batch = torch.randn(1, 2, 16, 16, 16)
    first = answers(CompiledNetwork(small, "weights"), batch)
    (kept,) = cache.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(compiled, "_converted", None)  # what must not be needed again
        assert torch.equal(answers(CompiledNetwork(small, "weights"), batch), first)
    kept.write_bytes(b"damaged")
    assert torch.allclose(answers(CompiledNetwork(small, "weights"), batch), first, atol=1e-5)
    assert kept.stat().st_size > 100


def test_other_weights_are_another_form(small):
    batch = torch.randn(1, 2, 16, 16, 16)
    torch.manual_seed(3)
    other = build_network("CompactUNet", in_channels=2, out_channels=2, channels=[8, 16], fine=4).eval()
    answers(CompiledNetwork(small, "one"), batch)
    assert torch.allclose(answers(CompiledNetwork(other, "two"), batch), answers(other, batch), atol=1e-4)


def test_dropout_that_is_to_act_acts():
    pytest.importorskip("openvino")
    plain = nn.Sequential(nn.Conv3d(1, 8, 3, padding=1), nn.Dropout3d(0.5)).eval()
    network, batch = CompiledNetwork(plain, "dropout"), torch.randn(2, 1, 8, 8, 8)
    assert torch.equal(answers(network, batch), answers(network, batch))
    plain[1].train()
    assert not torch.equal(answers(network, batch), answers(network, batch))


class Undecided(nn.Module):
    """Does one thing or another by what it sees, which no tracing can follow."""

    def forward(self, x):
        return x * 2 if x.sum() == 0 else x * 3


def test_a_network_with_another_answer_is_left_to_pytorch_and_that_is_said():
    pytest.importorskip("openvino")
    network, batch = CompiledNetwork(Undecided().eval(), "undecided"), torch.randn(2, 1, 8, 8, 8)
    with pytest.warns(compiled.EngineWarning, match="OpenVINO cannot run this network here .its answers differ"):
        assert torch.equal(answers(network, batch), batch * 3)
    assert network.engine == ""
    assert engine_of(network).startswith("PyTorch")


def test_the_user_chooses(monkeypatch):
    entry = ModelLibrary().find("softcord@3")
    model = load_model(entry)
    assert accelerated(model, entry, torch.device("cuda")) is model
    monkeypatch.setenv("CROSSCONTRAST_ENGINE", "torch")
    assert accelerated(model, entry, CPU) is model
    monkeypatch.setenv("CROSSCONTRAST_ENGINE", "fast")
    with pytest.raises(BadInputError, match="CROSSCONTRAST_ENGINE is 'fast'"):
        load_predictor(entry, CPU)
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    monkeypatch.setenv("CROSSCONTRAST_ENGINE", "openvino")
    with pytest.raises(MissingPackageError, match="not installed"):
        accelerated(model, entry, CPU)
    monkeypatch.setenv("CROSSCONTRAST_ENGINE", "auto")
    assert accelerated(model, entry, CPU) is model
