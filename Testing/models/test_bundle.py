"""A bundle that is written can be read back, by us and by MONAI, and nothing in it is executed."""

import json
import os
import pickle
from pathlib import Path

import pytest
import torch

from crosscontrast.errors import ModelError, OutputError
from crosscontrast.models.bundle import FINDER, WEIGHTS, load_networks, read_spec, write_bundle
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.load import load_model
from crosscontrast.models.manifest import seal
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import Finder, Localisation
from crosscontrast.models.weights import save


def reseal(folder: Path) -> None:
    seal(folder, format="crosscontrast", task="segmentation", outputs=("cord",), source="test")


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_bundle_comes_back_as_it_was_written(tmp_path, spec, metadata):
    network = build_network(spec.network.name, **spec.network.arguments).eval()
    write_bundle(tmp_path / "tiny", spec, network.state_dict(), metadata, "# A card\n")
    assert read_spec(tmp_path / "tiny") == spec
    again = load_networks(tmp_path / "tiny", spec)[WEIGHTS]
    x = torch.randn(1, 1, 16, 16, 16)
    with torch.inference_mode():
        assert torch.equal(again(x), network(x))
    assert not again.training
    assert (tmp_path / "tiny/docs/README.md").read_text() == "# A card\n"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"], "temporary folders are left"


def test_a_bundle_with_a_finder_keeps_both_networks(tmp_path, spec, metadata):
    finder = Finder(network=spec.network, windowing=spec.windowing)
    spec = spec.model_copy(update={"localisation": Localisation(output="cord", follow=0, finder=finder)})
    torch.manual_seed(3)
    states = [build_network(spec.network.name, **spec.network.arguments).state_dict() for _ in range(2)]
    with pytest.raises(ModelError, match=r"not those of models/model.pt and models/finder.pt"):
        write_bundle(tmp_path / "half", spec, states[0], metadata, "")
    write_bundle(tmp_path / "both", spec, states[0], metadata, "", finder=states[1])
    ModelLibrary().add(tmp_path / "both", "both")
    model = load_model(ModelLibrary().find("both"))
    assert model.spec == spec
    for network, state in ((model.network, states[0]), (model.finder, states[1])):
        assert all(torch.equal(network.state_dict()[name], value) for name, value in state.items())
    (ModelLibrary().find("both").folder / FINDER).write_bytes(b"other")
    with pytest.raises(ModelError, match=r"models/finder.pt"):
        load_model(ModelLibrary().find("both"))


def test_monai_can_build_the_network_from_the_configuration(make_bundle):
    from monai.bundle import ConfigParser

    folder = make_bundle()
    parser = ConfigParser()
    parser.read_config(str(folder / "configs/inference.json"))
    parser.read_meta(str(folder / "configs/metadata.json"))
    network = parser.get_parsed_content("network_def")
    network.load_state_dict(torch.load(folder / "models/model.pt", weights_only=True))
    assert parser["_meta_#network_data_format#outputs#pred#channel_def"] == {"0": "cord", "1": "canal"}


def test_an_existing_folder_is_never_overwritten(make_bundle):
    make_bundle()
    with pytest.raises(OutputError, match="never overwritten"):
        make_bundle(seed=1)


def test_weights_that_do_not_fit_are_refused_before_anything_is_written(tmp_path, spec, metadata):
    state = build_network("CompactUNet", in_channels=1, out_channels=3, channels=[4, 8]).state_dict()
    with pytest.raises(ModelError, match=r"head.weight has shape \(24, 4, 1, 1, 1\), not \(16, 4, 1, 1, 1\)"):
        write_bundle(tmp_path / "tiny", spec, state, metadata, "")
    del state["stem.weight"]
    state = {name: value for name, value in state.items() if "head" not in name} | {"extra": torch.zeros(1)}
    with pytest.raises(ModelError, match=r"lacks stem.weight and 2 more.*does not know extra"):
        write_bundle(tmp_path / "tiny", spec, state, metadata, "")
    assert not list(tmp_path.iterdir())


def test_a_weight_file_with_a_program_in_it_is_refused_and_the_program_does_not_run(make_bundle, tmp_path, spec):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    folder = make_bundle()
    plain_pickle = pickle.dumps({"stem.weight": Payload()}, protocol=2)
    for write in (
        lambda path: torch.save({"stem.weight": Payload()}, path),
        lambda path: path.write_bytes(plain_pickle),
    ):
        write(folder / "models/model.pt")
        reseal(folder)
        with pytest.raises(ModelError, match=r"model.pt"):
            load_networks(folder, spec)
        assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 cut short"])
def test_a_weight_file_that_is_none_is_named(make_bundle, spec, content):
    folder = make_bundle()
    (folder / "models/model.pt").write_bytes(content)
    reseal(folder)
    with pytest.raises(ModelError, match=r"models/model.pt is not a readable weight file"):
        load_networks(folder, spec)


def test_a_weight_file_must_map_names_to_tensors(make_bundle, spec):
    folder = make_bundle()
    torch.save({"state_dict": {}, "epoch": 3}, folder / "models/model.pt")
    reseal(folder)
    with pytest.raises(ModelError, match="'state_dict' is not a tensor"):
        load_networks(folder, spec)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"task": "guessing"}, "task"),
        ({"windows": {}}, "windows"),
        ({"network_def": {"_target_": "os.system", "command": "true"}}, "no network_def"),
    ],
)
def test_a_configuration_that_does_not_describe_a_model_says_why(make_bundle, changes, complaint):
    folder = make_bundle()
    edit(folder / "configs/inference.json", **changes)
    with pytest.raises(ModelError, match=complaint):
        read_spec(folder)


def test_arguments_that_the_network_does_not_take_are_a_model_error(make_bundle):
    folder = make_bundle()
    definition = {"_target_": "crosscontrast.models.networks.build_network", "name": "PlainConvUNet"}
    for arguments in ({"depth": 3}, {"in_channels": 1, "out_channels": 1, "features": [], "strides": []}):
        edit(folder / "configs/inference.json", network_def=definition | arguments)
        reseal(folder)
        with pytest.raises(ModelError, match="PlainConvUNet cannot be built"):
            load_networks(folder, read_spec(folder))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_full_disk_is_an_output_error_with_its_reason():
    with pytest.raises(OutputError, match="No space left on device"):
        save({"weight": torch.zeros(1000)}, Path("/dev/full"))
