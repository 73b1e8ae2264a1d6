"""The examples run as people run them: without arguments, and with paths of one's own.

Some are a process of their own, as for people; the others run in this one, which saves each the seconds of importing
PyTorch. What that could hide, a name of the package that only another import made, is looked for in their text.
"""

import ast
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Run
from support import ROOT

import crosscontrast

EXAMPLES = ROOT / "examples"
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.name != "phantoms.py")
#: What the last lines say where all went well, and what stands in the folder of results then.
EXPECTED = {
    "cluster": ("sub-03_T2w_mask.nii.gz: 9", "sub-03_T2w_mask_csa.csv"),
    "compare_features": ("features preserved in 6 subjects", "report.html"),
    "correct_and_export": ("1 case(s) in", "nnUNet_raw/Dataset701_dataset/labelsTr/*.nii.gz"),
    "csa_of_cohort": ("SD across contrasts", "areas.tsv"),
    "own_model": ("my-cord@1 on what it learnt from", "home/models/my-cord/1/manifest.json"),
    "reader_study": ("16 of 16 readings answered", "results/report.html"),
    "retrain": ("The gate", "retrained/report.html"),
    "segment_folder": ("sub-01_T2w.nii.gz: mean area", "sub-01_T2w_softseg.nii.gz"),
    "soft_ground_truth": ("MToff: mean area", "sub-01_MToff_softseg.nii.gz"),
    "translate": ("mean absolute error", "*_t2w.nii.gz"),
}
#: These train, and take as long as the others together.
SLOW = ("retrain",)
NEEDS = {"compare_features": "radiomics"}
#: Those that start processes, or import more of the package than its public names.
PROCESSES = ("cluster", "own_model", "soft_ground_truth")


def process(script: str, *arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "CROSSCONTRAST_HOME": str(home),
        "PYTHONPATH": str(ROOT / "CrossContrast"),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, EXAMPLES / f"{script}.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture
def here(monkeypatch, capsys):
    """Runs a script in this process, with its folder in front as Python has it."""

    def run(script: str, *arguments: object, home: Path) -> Run:
        monkeypatch.setenv("CROSSCONTRAST_HOME", str(home))
        monkeypatch.syspath_prepend(EXAMPLES)
        monkeypatch.setattr(sys, "argv", [f"{script}.py", *map(str, arguments)])
        code = 0
        try:
            runpy.run_path(str(EXAMPLES / f"{script}.py"), run_name="__main__")
        except SystemExit as ended:
            code = ended.code or 0
        return Run(code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_takes_only_public_names_from_the_package(script):
    """``cc.cord`` is there after some other import, and not for who copies the script."""
    tree = ast.parse((EXAMPLES / f"{script}.py").read_text())
    taken = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_package(node.value)}
    assert taken
    assert taken <= set(crosscontrast.__all__)


def _is_package(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "cc"


def test_every_script_is_described_and_expected_here():
    assert sorted(EXPECTED) == SCRIPTS
    lines = (EXAMPLES / "README.md").read_text().splitlines()
    assert sorted(line.partition("(")[2].partition(".py)")[0] for line in lines if line.startswith("| [")) == SCRIPTS


@pytest.mark.parametrize(
    "script", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in SCRIPTS]
)
def test_a_script_runs_on_phantoms(script, here, tmp_path):
    if script in NEEDS:
        pytest.importorskip(NEEDS[script])
    run = process if script in PROCESSES else here
    done = run(script, "--out", tmp_path / "out", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    said, left = EXPECTED[script]
    assert said in done.stdout
    assert list((tmp_path / "out").glob(left)), f"{left} is not there"


def test_scripts_run_on_files_of_ones_own(here, monkeypatch, tmp_path):
    """Those that are quick: a cohort in, results where they were asked for."""
    monkeypatch.syspath_prepend(EXAMPLES)
    from phantoms import write_cords

    cohort = write_cords(tmp_path / "mine", subjects=2, contrasts=("T1w", "T2w"))
    done = here("soft_ground_truth", cohort, "--subject", "sub-02", "--out", tmp_path / "soft", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "soft").iterdir()) == [
        "sub-02_T1w_softseg.nii.gz",
        "sub-02_T2w_softseg.nii.gz",
    ]
    done = here("translate", tmp_path / "mine" / "sub-01_T2w.nii.gz", home=tmp_path / "home")
    assert done.returncode == 2
    assert "give the model too" in done.stderr
