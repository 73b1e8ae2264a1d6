import pytest
import torch

from crosscontrast.errors import BadInputError
from crosscontrast.ground.device import DeviceWarning, choose_device, describe_device
from crosscontrast.ground.provenance import FileRecord, Provenance


def test_auto_takes_a_device_that_works():
    device = choose_device("auto")
    assert torch.ones(2, device=device).sum().item() == 2
    assert describe_device(device).startswith(device.type)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "CPU", "mps:0"])
def test_a_name_that_means_nothing_is_refused(name):
    with pytest.raises(BadInputError, match="no device called"):
        choose_device(name)


def test_a_missing_device_falls_back_to_the_cpu_and_says_so():
    with pytest.warns(DeviceWarning, match="cuda:63 cannot be used .*; computing on the CPU"):
        assert choose_device("cuda:63") == torch.device("cpu")


def test_a_sidecar_tells_when_a_result_was_changed(tmp_path):
    result = tmp_path / "soft.nii.gz"
    result.write_bytes(b"as made")
    sidecar = tmp_path / "soft.json"
    Provenance(job="cord.segment", outputs=[FileRecord.of(result, relative=True)]).write(sidecar)
    assert Provenance.read(sidecar).changed_since(tmp_path) == []
    result.write_bytes(b"corrected by hand")
    assert Provenance.read(sidecar).changed_since(tmp_path) == ["soft.nii.gz"]


def test_a_foreign_json_is_no_sidecar(tmp_path):
    (tmp_path / "a.json").write_text('{"EchoTime": 0.1}')
    assert Provenance.read(tmp_path / "a.json") is None
    assert Provenance.read(tmp_path / "missing.json") is None
