"""``cord evaluate`` on two small phantoms in two contrasts, with the shipped model."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result

from crosscontrast.cli.cord import cord
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.ground.images import image_like, write_image

CONTRASTS = ("T1w", "T2w")
COLUMNS = ("subject", "session", "role", "image", "mask", "discs")


def evaluate(*arguments: object) -> Result:
    """Run the command in this process, which saves the seconds of the imports."""
    return CliRunner().invoke(cord, ["evaluate", "--device", "cpu", *map(str, arguments)])


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def write_cohort(path: Path, rows: list[tuple[str, ...]]) -> Path:
    path.write_text("\n".join("\t".join(row) for row in [COLUMNS, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images, soft masks and discs, and the table ``cohort.tsv``; the mask of one image is missing."""
    folder = tmp_path_factory.mktemp("cohort")
    rows = []
    for number, semi_axes in enumerate([(6.5, 4.2), (5.5, 4.8)], 1):
        body = CordPhantom(size=(48, 48, 32), origin=(-24.0, 24.0, -16.0), semi_axes=semi_axes, bend=1.0, seed=number)
        truth = body.soft_truth()
        write_image(truth, folder / f"sub-{number}_mask.nii.gz")
        discs = np.zeros((32, 48, 48), np.uint8)
        discs[[26, 16, 6], 24, 24] = [3, 4, 5]
        write_image(image_like(discs, truth), folder / f"sub-{number}_discs.nii.gz")
        for contrast in CONTRASTS:
            write_image(body.image(contrast), folder / f"sub-{number}_{contrast}.nii.gz")
            mask = "" if (number, contrast) == (2, "T1w") else f"sub-{number}_mask.nii.gz"
            image = f"sub-{number}_{contrast}.nii.gz"
            rows.append((f"sub-{number}", "", contrast, image, mask, f"sub-{number}_discs.nii.gz"))
    write_cohort(folder / "cohort.tsv", rows)
    return folder


@pytest.fixture(scope="module")
def done(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The command as a user runs it, with its output folder."""
    out = tmp_path_factory.mktemp("evaluation") / "out"
    words = ["evaluate", "--cohort", cohort / "cohort.tsv", "--out", out, "--levels", "3-4", "--reference-mask"]
    run = subprocess.run(
        [sys.executable, "-m", "crosscontrast.cli", "cord", *map(str, words), "--device", "cpu", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    return out, run


def test_the_command_measures_every_case_and_says_where_the_results_are(done):
    run = done[1]
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert (result["cases"], result["reused"], result["failed"]) == (4 + 3, 0, 0)
    assert all(Path(result[name]).exists() for name in ("report", "cases_table", "subjects_table", "summary"))


def test_areas_of_the_masks_are_those_of_the_phantom_and_agreement_is_measured_where_there_is_a_mask(done):
    cases = read(done[0] / "cases.tsv")
    by_key = {(c["method"], c["subject"], c["contrast"]): c for c in cases}
    for subject, semi_axes in (("sub-1", (6.5, 4.2)), ("sub-2", (5.5, 4.8))):
        reference = by_key["reference mask", subject, "T2w"]
        assert float(reference["csa_mm2"]) == pytest.approx(np.pi * np.prod(semi_axes), rel=0.01)
        assert int(reference["slices"]) == 20
        segmented = by_key["softcord@10", subject, "T2w"]
        assert float(segmented["dice"]) > 0.8
        error = abs(float(segmented["csa_mm2"]) - float(segmented["reference_csa_mm2"]))
        assert float(segmented["csa_error_mm2"]) == pytest.approx(error, abs=1e-4)
        assert 0 <= float(segmented["hausdorff95_mm"]) < 5
    without_mask = by_key["softcord@10", "sub-2", "T1w"]
    assert (without_mask["status"], without_mask["dice"], without_mask["csa_error_mm2"]) == ("done", "n/a", "n/a")
    assert ("reference mask", "sub-2", "T1w") not in by_key


def test_the_spread_of_a_subject_is_that_of_its_contrasts(done):
    areas = [
        float(c["csa_mm2"])
        for c in read(done[0] / "cases.tsv")
        if (c["method"], c["subject"]) == ("softcord@10", "sub-1")
    ]
    subjects = {(s["method"], s["subject"]): s for s in read(done[0] / "subjects.tsv")}
    assert float(subjects["softcord@10", "sub-1"]["csa_sd_mm2"]) == pytest.approx(np.std(areas, ddof=1), abs=1e-4)
    assert float(subjects["softcord@10", "sub-1"]["csa_mean_mm2"]) == pytest.approx(np.mean(areas), abs=1e-4)
    assert subjects["reference mask", "sub-2"]["csa_sd_mm2"] == "n/a"
    assert float(subjects["reference mask", "sub-1"]["csa_sd_mm2"]) == pytest.approx(0, abs=1e-6)


def test_the_summary_has_means_tests_and_remarks(done):
    summary = json.loads((done[0] / "summary.json").read_text())
    mean = summary["measures"]["methods"]["softcord@10"]["csa_sd_mm2"]
    assert mean["low"] <= mean["mean"] <= mean["high"]
    assert mean["subjects"] == 2
    (test,) = summary["measures"]["comparisons"]["csa_sd_mm2"]
    assert test["pairs"] == 1
    assert test["p"] == 1
    assert any("cannot show a difference" in remark for remark in summary["warnings"])
    assert any("1 of 4 lines of subjects lack a CSA SD" in remark for remark in summary["warnings"])


def test_the_report_stands_alone_and_shows_every_segmentation(done):
    report = (done[0] / "report.html").read_text(encoding="utf-8")
    assert "http" not in report
    assert report.count("data:image/jpeg;base64,") == 4
    assert "level C3–C4" in report
    assert "sub-1_T2w, softcord@10" in report


def test_a_second_run_takes_over_every_segmentation_and_says_the_same(cohort, done):
    out = done[0]
    maps = sorted(out.glob("segmentations/*/*_softseg.nii.gz"))
    before = [(path.stat().st_mtime_ns, path.stat().st_ino) for path in maps]
    cases = [{**c, "reused": ""} for c in read(out / "cases.tsv")]
    again = evaluate("--cohort", cohort / "cohort.tsv", "--out", out, "--levels", "3-4", "--reference-mask", "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["reused"] == len(maps) == 4
    assert [(path.stat().st_mtime_ns, path.stat().st_ino) for path in maps] == before
    assert [{**c, "reused": ""} for c in read(out / "cases.tsv")] == cases


@pytest.fixture
def study(cohort, done, tmp_path) -> Path:
    """Copies of the cohort and of the finished evaluation (``out``), to spoil."""
    shutil.copytree(cohort, tmp_path, dirs_exist_ok=True)
    shutil.copytree(done[0], tmp_path / "out")
    return tmp_path


def test_only_the_image_that_changed_is_segmented_again_and_its_oddities_are_told(study):
    image = sitk.ReadImage(str(study / "sub-1_T1w.nii.gz"))
    image[3, 3, 3] = float("nan")
    write_image(image, study / "sub-1_T1w.nii.gz")
    run = evaluate("--cohort", study / "cohort.tsv", "--out", study / "out", "--json")
    assert json.loads(run.stdout)["reused"] == 3
    assert run.stderr.count("1 voxels are NaN or infinite") == 1
    assert [case["reused"] for case in read(study / "out" / "cases.tsv")] == ["false", "true", "true", "true"]


def test_a_case_that_fails_is_marked_with_its_reason_and_the_others_are_done(study):
    whole = (study / "sub-1_T1w.nii.gz").read_bytes()
    (study / "sub-1_T1w.nii.gz").write_bytes(whole[: len(whole) // 2])
    edited = study / "out" / "segmentations" / "softcord@10" / "sub-2_T1w_softseg.nii.gz"
    sitk.WriteImage(sitk.ReadImage(str(edited)) * 0.5, str(edited))
    shifted = sitk.ReadImage(str(study / "sub-2_mask.nii.gz"))
    shifted.SetOrigin((0, 0, 0))
    write_image(shifted, study / "sub-2_mask.nii.gz")
    run = evaluate("--cohort", study / "cohort.tsv", "--out", study / "out")
    assert run.exit_code == 2
    assert "2 of 4 cases failed" in run.stderr
    broken, good, changed, misplaced = read(study / "out" / "cases.tsv")
    assert broken["status"] == changed["status"] == "failed"
    assert "sub-1_T1w.nii.gz" in broken["reason"]
    assert "was changed by someone" in changed["reason"]
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(edited))).max() <= 0.5
    assert good["status"] == misplaced["status"] == "done"
    assert float(good["dice"]) > 0.8
    assert (misplaced["dice"], misplaced["csa_error_mm2"]) == ("n/a", "n/a")
    assert "different grids" in misplaced["reason"]
    assert float(misplaced["csa_mm2"]) > 40
    assert [subject["csa_sd_mm2"] for subject in read(study / "out" / "subjects.tsv")] == ["n/a", "n/a"]
    assert (study / "out" / "report.html").read_text().count("class=marked") == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model", "softcord,softcord@10"], "given twice"),
        (["--model", "nobody"], "no model called 'nobody'"),
        (["--levels", "C2"], "not a range"),
        (["--levels", "4-3"], "not a range"),
        (["--levels", "2-3", "--slices", "1-9"], "not by both"),
        (["--device", "abacus"], "abacus"),
        (["--cohort", "missing.tsv"], "missing.tsv"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_would_fail_for_every_image_is_said_before_the_first_one(cohort, tmp_path, arguments, reason):
    run = evaluate("--cohort", cohort / "cohort.tsv", "--out", tmp_path / "out", *arguments)
    assert run.exit_code == 2
    assert reason in run.stderr
    assert not (tmp_path / "out").exists()


def test_levels_need_a_column_and_reference_masks_a_mask(cohort, tmp_path):
    image = os.path.relpath(cohort / "sub-1_T2w.nii.gz", tmp_path)
    table = write_cohort(tmp_path / "t.tsv", [("sub-1", "", "T2w", image, "", "")])
    assert "names no vertebral levels" in evaluate("--cohort", table, "--out", tmp_path, "--levels", "3").stderr
    assert "has no mask" in evaluate("--cohort", table, "--out", tmp_path, "--reference-mask").stderr
