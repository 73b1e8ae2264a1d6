"""A TorchScript program runs only when it is trusted, and must say what it expects and returns."""

import json

import pytest
import torch

from crosscontrast.errors import ModelError
from crosscontrast.models.load import load_model

# PyTorch 2.13 calls TorchScript deprecated, yet people have such files.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")

SETTINGS = {"task": "segmentation", "outputs": ["cord"], "windowing": {"size": [16, 16, 16]}}


@pytest.fixture
def program():
    torch.manual_seed(0)
    return torch.jit.trace(torch.nn.Conv3d(1, 1, 3, padding=1).eval(), torch.zeros(1, 1, 8, 8, 8))


@pytest.fixture
def path(tmp_path, program):
    torch.jit.save(program, tmp_path / "net.pt")
    (tmp_path / "net.json").write_text(json.dumps(SETTINGS))
    return tmp_path / "net.pt"


def test_without_trust_it_is_not_even_read(library, path):
    with pytest.raises(ModelError, match=r"net.pt was not added: a TorchScript file is a program.*--trust"):
        library.add(path)


def test_with_trust_it_gives_what_the_program_gives(library, path, program):
    entry = library.add(path, trust=True)
    assert (entry.format, entry.outputs, entry.trusted) == ("torchscript", ("cord",), True)
    model = load_model(entry)
    x = torch.randn(1, 1, 8, 8, 8)
    with torch.inference_mode():
        assert torch.equal(model.network(x), program(x))
    assert model.spec.windowing.size == (16, 16, 16)


def test_it_may_carry_its_description_inside(library, tmp_path, program):
    torch.jit.save(program, tmp_path / "own.ts", _extra_files={"inference.json": json.dumps(SETTINGS)})
    assert load_model(library.add(tmp_path / "own.ts", trust=True)).spec.outputs == ("cord",)


def test_without_a_description_it_says_what_is_needed(library, path):
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"net.pt does not say.*net.json.*task, inputs, outputs"):
        library.add(path, trust=True)


def test_a_description_that_does_not_fit_says_which_field(library, path):
    path.with_suffix(".json").write_text(json.dumps(SETTINGS | {"outputs": []}))
    with pytest.raises(ModelError, match=r"net.json does not describe the model: outputs"):
        library.add(path, trust=True)


def test_trust_taken_back_in_the_manifest_is_respected(library, path):
    entry = library.add(path, trust=True)
    manifest = json.loads((entry.folder / "manifest.json").read_text()) | {"trusted": False}
    (entry.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="--trust"):
        load_model(entry)
