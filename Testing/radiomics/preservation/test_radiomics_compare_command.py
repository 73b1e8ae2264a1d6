"""``radiomics compare`` from images and from a table."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result
from scipy import ndimage
from simulated_features import simulated

from crosscontrast.cli.radiomics import radiomics
from crosscontrast.radiomics.extraction.table import write_features

SUBJECTS = 8
#: Form, statistics, co-occurrences averaged and merged, and zones.
FEATURES = 25 + 18 + 2 * 25 + 16
#: Features of form that weigh voxels by their intensity.
WEIGHED = ("com", "integ_int", "moran_i", "geary_c")


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(radiomics, ["compare", *map(str, arguments)])


def choices(cohort: Path, out: Path) -> list[object]:
    """What the tests of this file ask for, with fewer draws than a study needs."""
    quick = cohort.with_name("quick.yaml")
    quick.write_text(
        "extraction: {classes: [shape, statistics, glcm, glszm]}\n"
        "preservation: {resamples: 200, shuffles: 2, perturbations: 2}\n"
    )
    return ["--cohort", cohort, "--reference", "real", "--test", "good,blur", "--out", out, "--settings", quick]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    """Eight subjects with a real image, one translated faithfully and one that is a blur; the last mask is empty."""
    folder = tmp_path_factory.mktemp("radiomics")
    rng = np.random.default_rng(11)
    grid = np.indices((14, 14, 14)) - 6.5
    lines = ["subject\trole\timage\tmask"]
    for number in range(SUBJECTS):
        ball = ((grid**2).sum(0) <= (4 + 0.3 * number) ** 2).astype(np.uint8)
        if number == SUBJECTS - 1:
            ball *= 0
        field = ndimage.gaussian_filter(rng.standard_normal((14, 14, 14)), 0.5 + 0.2 * number)
        real = 100 + 3 * number + (5 + 2 * number) * field / field.std()
        images = {"real": real, "good": real + rng.normal(0, 0.2, real.shape), "blur": ndimage.gaussian_filter(real, 3)}
        sitk.WriteImage(sitk.GetImageFromArray(ball), str(folder / f"s{number}_mask.nii.gz"))
        for role, values in images.items():
            sitk.WriteImage(sitk.GetImageFromArray(values.astype(np.float32)), str(folder / f"s{number}_{role}.nii.gz"))
            mask = f"s{number}_mask.nii.gz" if role == "real" else ""
            lines.append(f"s{number}\t{role}\ts{number}_{role}.nii.gz\t{mask}")
    (folder / "cohort.tsv").write_text("\n".join(lines) + "\n")
    return folder / "cohort.tsv"


@pytest.fixture(scope="module")
def done(cohort, tmp_path_factory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("compare") / "out"
    return out, compare(*choices(cohort, out))


def test_one_command_goes_from_images_to_the_report(done):
    out, run = done
    assert run.exit_code == 2, run.output
    assert "3 of 24 images failed" in run.stderr
    assert "A feature is preserved where the lower end of its 95% interval has ICC(A,1) ≥ 0.75" in run.stdout
    rows = read(out / "preservation.tsv")
    assert len(rows) == 2 * FEATURES
    kept = {role: sum(r["preserved"] == "true" for r in rows if r["role"] == role) for role in ("good", "blur")}
    assert kept["good"] > kept["blur"] + 20
    # Form depends on the mask alone, which all roles share.
    form = [r for r in rows if r["family"] == "shape" and not r["feature"].endswith(WEIGHED)]
    assert len(form) == 2 * 21
    # Where all balls have one value, as in elongation, there is nothing to agree on.
    assert {r["icc"] for r in form} == {"1", "n/a"}
    assert {r["subjects"] for r in rows} == {str(SUBJECTS - 1)}


def test_the_report_stands_alone_and_tells_rule_counts_chance_and_failures(done):
    text = (done[0] / "report.html").read_text(encoding="utf-8")
    assert "http" not in text
    for words in ("Rule, written before the run", "preserved by chance", "The mask is empty", "statistics", "ceiling"):
        assert words in text, words
    assert text.count("data:image/png;base64,") == 1 + 1 + 2 * 2
    assert "7 subjects of role good: the intervals are wide." in text


def test_the_ceiling_is_below_one_for_features_that_hang_on_the_contour(done):
    rows = {r["feature"]: r for r in read(done[0] / "preservation.tsv") if r["role"] == "good"}
    assert 0 < float(rows["original_shape_volume"]["ceiling_icc"]) < 1
    iccs = [float(r["ceiling_icc"]) for r in rows.values() if r["ceiling_icc"] != "n/a"]
    assert len(iccs) == FEATURES
    assert min(iccs) < 0.9


def test_the_summary_keeps_rule_inputs_and_chance(done):
    summary = json.loads((done[0] / "preservation.json").read_text())
    assert summary["parameters"]["settings"]["rule"]["limits"] == {"icc": 0.75, "spearman": 0.75}
    assert set(summary["measures"]["chance"]) == {"good", "blur"}
    assert {record["path"] for record in summary["outputs"]} == {
        *("features.tsv", "preservation.tsv", "report.html", "checklists.tsv")
    }


def test_items_of_checklists_that_the_run_can_answer_are_answered(done):
    rows = {(r["checklist"], r["number"]): r["answer"] for r in read(done[0] / "checklists.tsv")}
    assert rows["CLEAR", "23"] == "Grey levels in 32 bins; textures in the volume."
    assert rows["CLEAR", "27"] == f"{FEATURES} per image."
    assert "crosscontrast-ibsi" in rows["METRICS", "12"]
    assert "2 times" in rows["RQS", "2"]
    assert len(rows) == len(read(done[0] / "checklists.tsv"))
    assert "of 58 items of CLEAR" in (done[0] / "report.html").read_text()


def test_a_second_run_computes_no_feature_again_and_says_the_same(cohort, done):
    before = (done[0] / "preservation.tsv").read_text()
    again = compare(*choices(cohort, done[0]), "--json")
    assert json.loads(again.stdout)["reused"] == 21
    assert (done[0] / "preservation.tsv").read_text() == before


def test_a_table_of_another_program_is_compared_with_the_rule_of_the_file(tmp_path):
    write_features(simulated(12, 3, seed=12), tmp_path / "f.tsv")
    (tmp_path / "s.yaml").write_text(
        "preservation:\n  rule: {limits: {ccc: 0.8}, fdr: null}\n  shuffles: 0\n  resamples: 300\n"
    )
    words = ["--features", tmp_path / "f.tsv", "--reference", "real", "--test", "fake", "--out", tmp_path / "out"]
    run = compare(*words, "--settings", tmp_path / "s.yaml")
    assert run.exit_code == 0, run.output
    assert "has CCC ≥ 0.8." in run.stdout
    assert "3 of 15 features preserved in 12 subjects (by rho alone: " in run.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--reference", "real", "--test", "real"], "must be different"),
        (["--reference", "real", "--test", "fake,fake"], "must be different"),
        (["--reference", "real", "--test", "ct"], "no image of role ct, only real, fake"),
        (["--reference", "real", "--test", "fake", "--ceiling", "1"], "needs the images"),
        (["--reference", "real", "--test", "fake", "--cohort", "c.tsv"], "one of them"),
        (["--reference", "real", "--test", "fake", "--settings", "none.yaml"], "none.yaml cannot be read"),
    ],
)
def test_a_choice_that_makes_no_sense_is_told_at_once(tmp_path, words, reason):
    write_features(simulated(4, 1, seed=13), tmp_path / "f.tsv")
    run = compare("--features", tmp_path / "f.tsv", "--out", tmp_path / "out", *words)
    assert run.exit_code == 2
    assert reason in run.stderr
    assert not (tmp_path / "out").exists()


def test_the_default_settings_can_be_printed_changed_and_read(tmp_path):
    text = CliRunner().invoke(radiomics, ["settings"]).stdout
    assert "rule:" in text
    write_features(simulated(8, 1, seed=14), tmp_path / "f.tsv")
    (tmp_path / "s.yaml").write_text(
        text.replace("shuffles: 20", "shuffles: 0").replace("resamples: 2000", "resamples: 200")
    )
    words = ["--features", tmp_path / "f.tsv", "--reference", "real", "--test", "fake", "--out", tmp_path / "out"]
    assert compare(*words, "--settings", tmp_path / "s.yaml").exit_code == 0
