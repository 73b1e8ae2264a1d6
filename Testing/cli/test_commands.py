"""Every command explains itself quickly; the library and the doctor answer people and programs."""

import json
import subprocess
import sys

import click
import pytest
from commands import crosscontrast, process

from crosscontrast.cli.main import main
from crosscontrast.version import __version__


@pytest.fixture(autouse=True)
def _own_library(model_home):
    pass


def command_paths(command=main, path=()):
    """The words of every group and command below ``crosscontrast``."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from command_paths(command.get_command(context, name), (*path, name))


@pytest.mark.parametrize("path", list(command_paths()), ids=" ".join)
def test_help_has_an_example_that_names_the_command(path):
    run = crosscontrast(*path, "--help")
    assert run.returncode == 0, run.stderr
    assert f"Example: {' '.join(['crosscontrast', *path])}" in " ".join(run.stdout.split())


def test_help_imports_no_heavy_library():
    """What keeps ``--help`` under a second, told by cause rather than by clock."""
    words = [list(path) for path in command_paths()]
    script = f"""
import sys
from crosscontrast.cli.main import main
for path in {words!r}:
    main([*path, "--help"], standalone_mode=False)
heavy = {{"torch", "monai", "SimpleITK", "numpy", "scipy", "dask", "matplotlib"}} & set(sys.modules)
assert not heavy, heavy
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_version_is_the_package_s():
    assert process("--version").stdout.strip() == f"crosscontrast, version {__version__}"


def test_models_are_listed_shown_and_verified():
    listed = json.loads(crosscontrast("models", "list", "--json").stdout)
    assert [m["model"] for m in listed if m["current"] and m["shipped"]] == [
        "cordsynth@1", "demo-head-heavyt2-mra@1", "demo-prostate-us-t2w@1", "softcord@10",
    ]  # fmt: skip
    shown = crosscontrast("models", "show", "softcord").stdout
    assert "softcord@10" in shown
    assert "Limits" in shown
    verified = process("models", "verify")
    assert verified.returncode == 0
    assert "softcord@10: unchanged" in verified.stdout


def test_a_model_can_be_added_and_rolled_back_and_tampering_is_found(model_home):
    source = json.loads(crosscontrast("models", "show", "softcord", "--json").stdout)["folder"]
    added = crosscontrast("models", "add", source, "--name", "softcord")
    assert "Added softcord@11, now the current version" in added.stdout
    assert "softcord now means softcord@10" in crosscontrast("models", "rollback", "softcord").stdout
    weights = model_home / "models" / "softcord" / "11" / "models" / "model.pt"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    verified = crosscontrast("models", "verify", "softcord@11")
    assert verified.returncode == 2
    assert "models/model.pt of softcord@11" in verified.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("models", "show", "nobody"), "no model called 'nobody'"),
        (("models", "add", "nowhere"), "nowhere"),
        (("models", "rollback", "softcord", "--to", "99"), "version"),
        (("models", "verify", "softcord@99"), "no version '99'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(arguments, reason):
    run = crosscontrast(*arguments)
    assert run.returncode == 2
    assert reason in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    problem = json.loads(crosscontrast(*arguments, "--json").stdout)
    assert problem["error"]["message"] in run.stderr


def test_the_doctor_says_what_is_there_and_how_to_get_the_rest():
    run = process("doctor", "--json")
    assert run.returncode == 0, run.stderr
    findings = {finding["name"]: finding for finding in json.loads(run.stdout)}
    assert findings["CrossContrast"]["value"] == __version__
    assert findings["model softcord@10"]["ok"]
    assert findings["torch"]["ok"]
    assert all(finding["hint"] for finding in findings.values() if not finding["ok"])
