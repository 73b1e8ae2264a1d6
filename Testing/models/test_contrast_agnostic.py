"""The published contrast-agnostic checkpoints are converted without changing what the network computes."""

import argparse
import os
import sys

import pytest
import torch

from crosscontrast.errors import MissingPackageError, ModelError
from crosscontrast.models.foreign.contrast_agnostic import published_spec
from crosscontrast.models.load import load_model

unet = pytest.importorskip("dynamic_network_architectures.architectures.unet", reason="nnU-Net's networks")


def published_network(width):
    """The network as the authors' script builds it for training, with heads for deep supervision."""
    return unet.PlainConvUNet(
        input_channels=1,
        n_stages=6,
        features_per_stage=[32, 64, 128, 256, width, width],
        conv_op=torch.nn.Conv3d,
        kernel_sizes=[[3, 3, 3]] * 6,
        strides=[[1, 1, 1], [2, 2, 2], [2, 2, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2]],
        n_conv_per_stage=[2] * 6,
        num_classes=1,
        n_conv_per_stage_decoder=[2] * 5,
        conv_bias=True,
        norm_op=torch.nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-05, "affine": True},
        nonlin=torch.nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=True,
    ).eval()


def checkpoint(network, **changes):
    """What Lightning writes: weights with a prefix among the records of the training."""
    return {
        "epoch": 12,
        "pytorch-lightning_version": "2.0.0",
        "state_dict": {f"net.{name}": value for name, value in network.state_dict().items()},
        "hyper_parameters": {"args": argparse.Namespace(lr=1e-3), "optimizer_class": torch.optim.Adam},
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.9)}},
    } | changes


@pytest.mark.parametrize(("width", "parameters"), [(320, 30_785_189), (384, 38_839_205)])
def test_both_published_widths_give_the_same_output_as_the_original(library, tmp_path, width, parameters):
    torch.manual_seed(width)
    network = published_network(width)
    assert len(network.state_dict()) == 292
    torch.save(checkpoint(network), tmp_path / "best_model.ckpt")
    entry = library.add(tmp_path / "best_model.ckpt", f"published{width}")
    stored = torch.load(entry.folder / "models/model.pt", weights_only=True)
    assert len(stored) == 108
    assert sum(value.numel() for value in stored.values()) == parameters
    model = load_model(entry)
    x = torch.randn(1, 1, 32, 32, 32)
    with torch.inference_mode():
        assert torch.equal(model.network(x), network(x)[0])


def test_it_is_run_as_its_authors_run_it():
    spec = published_spec(320)
    assert spec.preprocessing.model_dump() == {
        "orientation": "RPI",
        "spacing": (1.0, 1.0, 1.0),
        "axes": "ijk",
        "normalisation": "zscore",
    }
    assert (spec.windowing.size, spec.windowing.overlap, spec.activation) == ((64, 192, 320), 0.5, "relu_max")
    assert spec.outputs == ("cord",)


def test_copies_of_a_layer_that_differ_are_a_damaged_file(library, tmp_path):
    content = checkpoint(published_network(320))
    name = "net.decoder.encoder.stages.0.0.convs.0.all_modules.0.weight"
    content["state_dict"][name] = content["state_dict"][name] + 1
    torch.save(content, tmp_path / "best_model.ckpt")
    with pytest.raises(ModelError, match=rf"best_model.ckpt is damaged.*{name} differs"):
        library.add(tmp_path / "best_model.ckpt")


def test_a_checkpoint_of_another_network_is_named(library, tmp_path):
    torch.save({"state_dict": {"net.conv.weight": torch.zeros(3)}}, tmp_path / "other.ckpt")
    with pytest.raises(ModelError, match=r"other.ckpt is no contrast-agnostic model"):
        library.add(tmp_path / "other.ckpt")
    torch.save({"weights": {}}, tmp_path / "none.ckpt")
    with pytest.raises(ModelError, match="no state_dict"):
        library.add(tmp_path / "none.ckpt")


def test_a_program_among_the_records_is_refused_by_name_and_does_not_run(library, tmp_path):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    content = {"state_dict": {"net.x": torch.zeros(1)}, "hyper_parameters": {"callback": Payload()}}
    torch.save(content, tmp_path / "evil.ckpt")
    with pytest.raises(ModelError, match=r"evil.ckpt holds more than weights \(posix.mkdir\)"):
        library.add(tmp_path / "evil.ckpt", trust=True)
    assert not (tmp_path / "ran").exists()


def test_without_the_package_of_the_network_the_message_says_how_to_get_it(library, tmp_path, monkeypatch):
    torch.save(checkpoint(published_network(320)), tmp_path / "best_model.ckpt")
    monkeypatch.delitem(sys.modules, "crosscontrast.models.networks.plain_conv_unet", raising=False)
    monkeypatch.setitem(sys.modules, "dynamic_network_architectures.architectures.unet", None)
    with pytest.raises(MissingPackageError, match="pip install dynamic_network_architectures"):
        library.add(tmp_path / "best_model.ckpt")
