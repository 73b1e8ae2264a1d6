"""``crosscontrast app``: what it says before a server is up."""

import socket

import numpy as np
import pytest
from click.testing import CliRunner

from crosscontrast.cli.main import main
from crosscontrast.corrections.dataset import CorrectionDataset


@pytest.fixture
def say(monkeypatch):
    """Run the command in place; returns exit code and what it said."""

    def run(*arguments):
        result = CliRunner().invoke(main, ["app", "--no-open", *map(str, arguments)])
        return result.exit_code, result.output

    return run


def test_without_the_extra_it_names_the_package_and_how_to_get_it(say, monkeypatch):
    from crosscontrast.app.server import needed

    monkeypatch.setattr(needed, "find_spec", lambda name: None if name == "trame_slicer" else object())
    code, said = say()
    assert code == 2
    assert "needs the package trame-slicer, which is not installed" in said
    assert "pip install 'crosscontrast[browser]'" in said


def test_inputs_that_are_not_there_or_too_many_are_named_before_anything_starts(say, tmp_path):
    code, said = say(tmp_path / "absent.nii.gz")
    assert (code, "absent.nii.gz does not exist." in said) == (2, True)
    datasets = [CorrectionDataset.create(tmp_path / name).folder for name in "ab"]
    code, said = say(*datasets)
    assert (code, "Only one correction dataset can be open at a time." in said) == (2, True)
    (tmp_path / "empty").mkdir()
    code, said = say(tmp_path / "empty")
    assert (code, "holds no image" in said) == (2, True)


def test_a_port_that_is_taken_is_named(say, tmp_path):
    pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = say("--port", port, "--keep", tmp_path / "keep")
    assert code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "choose another --port" in said


def test_areas_become_a_line_that_slices_without_cord_interrupt():
    pytest.importorskip("trame_slicer", reason="needs the extra 'browser'")
    from crosscontrast.app.pages.measuring import path_of
    from crosscontrast.cord.csa.contrasts import CsaCurve

    heights = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    areas = np.array([50.0, 100.0, np.nan, 0.0, 75.0])
    curve = CsaCurve(np.arange(5), heights, heights, areas, np.zeros(5, bool))
    assert path_of(curve, 0.0, 4.0, 100.0) == "M0.0 50.0L250.0 0.0M750.0 100.0L1000.0 25.0"
