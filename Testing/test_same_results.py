"""What Testing/tools/same_results.py calls the same, and what it must notice."""

import hashlib
import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from PIL import Image
from support import ROOT

sys.path.insert(0, str(ROOT / "Testing/tools"))
from same_results import report
from same_results.commands import STEPS, Step, chosen
from same_results.comparing import compare_folders
from same_results.normalising import Words, digests_of
from same_results.running import Checkout, Run

AFFINE = np.diag([1.0, 2.0, 3.0, 1.0])


def write(folder: Path, date: str, package: str, *, voxel=0.0, weight=0.0, pixel=0, area="80.1", origin=0.0) -> None:
    folder.mkdir(parents=True)
    values = np.zeros((3, 4, 5), np.float32)
    values[1, 2, 3] = voxel
    affine = AFFINE.copy()
    affine[0, 3] = origin
    nib.save(nib.Nifti1Image(values, affine), folder / "soft.nii.gz")
    torch.save({"step": 3, "minutes": len(date) * 0.1, "network": torch.full((2,), weight)}, folder / "checkpoint.pt")
    Image.fromarray(np.full((4, 4), pixel, np.uint8)).save(folder / "overlay.png")
    (folder / "csa.csv").write_text(f"Timestamp,MEAN(area),n\n{date},{area},1\n")
    (folder / "log.csv").write_text(f"step,minutes,name,value\n1,{len(date)},l1,2\n1,1,waiting_s,{len(date)}\n")
    table = hashlib.sha256((folder / "csa.csv").read_bytes()).hexdigest()
    record = {"date": date, "outputs": [{"path": "csa.csv", "sha256": table}], "made by": f"{package}.networks.Net"}
    (folder / "record.json").write_text(json.dumps(record))


def compared(tmp_path: Path, **changes) -> dict[str, str]:
    places = []
    write(tmp_path / "old/step", "2026-01-01 10:11:12", "CrossContrastLib.models")
    write(tmp_path / "new/step", "2026-02-02T10:11:12+00:00", "crosscontrast", **changes)
    for name, version in (("old", "0.1.0"), ("new", "0.2.0")):
        checkout = Checkout(tmp_path / f"checkout-{name}", tmp_path / f"checkout-{name}/.venv/bin/python")
        run = Run(name, checkout, version, tmp_path / "run", tmp_path / name)
        (run.folder / "step/text.txt").write_text(f"Version {version} at {checkout.root}/model took 3.2 s: 5 found\n")
        places.append((run.folder / "step", Words(run, digests_of(run.folder), tmp_path / "run/step")))
    (old, old_words), (new, new_words) = places
    count, found = compare_folders(old, new, old_words, new_words)
    assert count == 7
    return {difference.file: difference.what for difference in found}


def test_dates_durations_versions_places_and_modules_may_differ(tmp_path):
    assert compared(tmp_path) == {}


@pytest.mark.parametrize(
    ("change", "file", "words"),
    [
        ({"voxel": 1e-7}, "soft.nii.gz", "voxels: 1 of 60 values, first [1, 2, 3]: 0.0 -> 1"),
        ({"origin": 1e-6}, "soft.nii.gz", "header.qoffset_x: 1 of 1 values"),
        ({"weight": 1e-7}, "checkpoint.pt", "network.values: 2 of 2 values"),
        ({"pixel": 1}, "overlay.png", "values"),
        ({"area": "80.10"}, "csa.csv", "rows[0].MEAN(area): '80.1' -> '80.10'"),
    ],
)
def test_the_smallest_change_is_noticed_and_named(tmp_path, change, file, words):
    found = compared(tmp_path, **change)
    assert found.keys() == {file}
    assert words in found[file]


def test_a_wanted_difference_hides_no_other_one_of_the_same_file(tmp_path, monkeypatch, capsys):
    step = Step("step", ())
    runs = []
    for name, network, warmup in (("old", 1.0, {}), ("new", 2.0, {"warmup": 1})):
        folder = tmp_path / name / "step"
        folder.mkdir(parents=True)
        card = f"# Card\n```json\n{json.dumps({'steps': 3} | warmup, indent=2)}\n```\n"
        (folder / "README.md").write_text(card)
        (folder / "log.csv").write_text("step,minutes,name,value\n" + "".join(f"1,0.1,{key},1\n" for key in warmup))
        torch.save({"network": torch.tensor(network), **warmup}, folder / "checkpoint.pt")
        run = Run(name, Checkout(tmp_path, tmp_path / "python"), "0.1", tmp_path / "run", tmp_path / name)
        run.printed["step"], run.seconds["step"] = ["$ run\nexit code 0\n"], 1.0
        runs.append(run)
    monkeypatch.setattr(report, "EXPECTED", (("step", ".*", r"(.*\.)?(1 )?warmup: only in new", "a new setting"),))
    assert report.compare_runs([step], *runs) == 1
    said = capsys.readouterr().out
    assert "step: checkpoint.pt\n  network.values: 1 of 1 values" in said
    assert "1 differences." in said
    assert "wanted: a new setting: 3 values" in said


def test_a_chosen_step_brings_those_that_it_needs():
    assert [step.name for step in chosen(STEPS, "^cord-package$")] == ["cord-train", "cord-package"]
    assert [step.name for step in chosen(STEPS, "^cord-train-resumed$")] == ["cord-train", "cord-train-resumed"]
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names)
    for step in STEPS:
        assert all(names.index(need) < names.index(step.name) for need in step.needs)
