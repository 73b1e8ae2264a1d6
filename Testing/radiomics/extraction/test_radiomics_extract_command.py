"""``radiomics extract`` on small textures, good and bad."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from radiomic_phantoms import blob, texture, write_case

from crosscontrast.cli.radiomics import radiomics
from crosscontrast.errors import BadInputError
from crosscontrast.radiomics.extraction.read_table import read_features
from crosscontrast.radiomics.extraction.table import FeatureRow, FeatureTable, write_features


def extract(*arguments: object) -> Result:
    return CliRunner().invoke(radiomics, ["extract", *map(str, arguments)])


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.fixture
def study(tmp_path) -> Path:
    """Two good cases of two roles (the second role without masks of its own) and six that cannot be used."""
    ball, lines = blob(), []

    def add(subject, role, values, mask, written=True):
        image, path = write_case(tmp_path, f"{subject}-{role}", values, mask)
        lines.append(f"{subject}\t{role}\t{image.name}\t{path.name if written else ''}")

    add("good1", "mri", texture(1), ball)
    add("good1", "synthetic", texture(1) + 5, ball, written=False)
    add("good2", "mri", texture(2), ball * 2)
    add("empty", "mri", texture(3), ball * 0)
    add("voxel", "mri", texture(4), np.eye(1, ball.size, 1500, dtype=np.uint8).reshape(ball.shape))
    add("grid", "mri", texture(5), blob(16))
    add("nan", "mri", np.where(ball, np.nan, texture(6)), ball)
    add("constant", "mri", texture(7) * 0 + 3, ball)
    add("labels", "mri", texture(8), ball + (np.indices(ball.shape)[0] > 9) * ball)
    add("nomask", "mri", texture(9), ball, written=False)
    (tmp_path / "cohort.tsv").write_text("\n".join(["subject\trole\timage\tmask", *lines]) + "\n")
    return tmp_path


def test_bad_cases_are_lines_with_their_reason_and_the_others_are_done(study):
    run = extract("--cohort", study / "cohort.tsv", "--out", study / "out")
    assert run.exit_code == 2, run.output
    assert "7 of 10 images failed" in run.stderr
    rows = {(row["subject"], row["role"]): row for row in read(study / "out" / "features.tsv")}
    for subject, reason in {
        "empty": "The mask is empty",
        "voxel": "single voxel",
        "grid": "grid",
        "nan": "NaN",
        "constant": "every voxel has the value 3",
        "labels": "labels 1, 2",
        "nomask": "no mask",
    }.items():
        row = rows[subject, "mri"]
        assert (row["status"], row["original_statistics_mean"]) == ("failed", "n/a")
        assert reason in row["reason"]
        assert f"{subject}-mri_image.nii.gz" in row["reason"]
    one, shifted = (float(rows["good1", role]["original_statistics_mean"]) for role in ("mri", "synthetic"))
    assert shifted == pytest.approx(one + 5, rel=1e-6)


def test_a_label_map_works_with_its_label_and_only_the_roles_asked_for_are_read(study):
    run = extract("--cohort", study / "cohort.tsv", "--out", study / "out", "--role", "mri", "--label", 2, "--json")
    result = json.loads(run.stdout)
    assert (result["images"], result["failed"]) == (9, 7)
    done = [row["subject"] for row in read(study / "out" / "features.tsv") if row["status"] == "done"]
    assert done == ["good2", "labels"]


def test_a_second_run_recalls_everything_and_a_changed_image_or_setting_is_computed_anew(study):
    arguments = ["--cohort", study / "cohort.tsv", "--out", study / "out", "--json"]
    assert json.loads(extract(*arguments).stdout)["reused"] == 0
    before = (study / "out" / "features.tsv").read_bytes()
    assert json.loads(extract(*arguments).stdout)["reused"] == 3
    assert (study / "out" / "features.tsv").read_bytes() == before
    write_case(study, "good2-mri", texture(22), blob())
    assert json.loads(extract(*arguments).stdout)["reused"] == 2
    (study / "s.yaml").write_text("extraction:\n  bin_width: 5\n  classes: [glcm]\n")
    changed = json.loads(extract(*arguments, "--settings", study / "s.yaml").stdout)
    assert (changed["reused"], changed["features"]) == (0, 50)


def test_a_damaged_cache_file_costs_time_only(study):
    arguments = ["--cohort", study / "cohort.tsv", "--out", study / "out", "--json"]
    extract(*arguments)
    kept = sorted((study / "out" / "cache").iterdir())
    kept[0].write_text('{"a": [')
    kept[1].write_text("[1, 2]")
    assert json.loads(extract(*arguments).stdout)["reused"] == 1


def test_two_workers_find_what_one_finds(study):
    for out, workers in (("one", 1), ("two", 2)):
        extract("--cohort", study / "cohort.tsv", "--out", study / out, "--workers", workers)
    assert (study / "one" / "features.tsv").read_text() == (study / "two" / "features.tsv").read_text()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("extraction: {bin_count: 8, bin_width: 3}", "not both"),
        ("extraction: {classes: [gldm]}", "ibsi has no class gldm"),
        ("extraction: {binwidth: 3}", "binwidth"),
        ("extraction: {backend: mirp, filters: {LoG: {}}}", "for the back-ends ibsi and pyradiomics"),
        ("extraction: {filters: {Sobel: {}}}", "no filter Sobel"),
        ("extraction: [", "is not YAML"),
        ("extracting: {label: 1}", "section extracting; there are"),
        ("[1]", "holds no settings"),
    ],
)
def test_settings_that_do_not_fit_are_told_before_anything_is_read(study, text, reason):
    (study / "s.yaml").write_text(text)
    run = extract("--cohort", study / "cohort.tsv", "--out", study / "new", "--settings", study / "s.yaml")
    assert run.exit_code == 2
    assert reason in run.stderr
    assert not (study / "new").exists()


def test_an_unknown_role_is_told_with_those_there_are(study):
    run = extract("--cohort", study / "cohort.tsv", "--out", study / "new", "--role", "ct")
    assert "no image of role ct, only mri, synthetic" in run.stderr
    assert not (study / "new").exists()


def test_a_table_comes_back_as_it_was_written(tmp_path):
    rows = (
        FeatureRow("a", "1", "mri", {"x": 1 / 3, "y": float("nan")}),
        FeatureRow("a", "2", "mri", reason="The mask is empty."),
    )
    write_features(FeatureTable(rows), tmp_path / "f.tsv")
    table = read_features(tmp_path / "f.tsv")
    assert table.rows[0].features["x"] == 1 / 3
    assert np.isnan(table.rows[0].features["y"])
    assert table.rows[1] == rows[1]
    for text, reason in (
        ("subject\tx\n", "lacks the column"),
        ("subject\trole\tx\na\tm\tbig\n", "'x' holds 'big'"),
        ("subject\trole\tx\na\tm\n", "number of columns"),
        ("subject\trole\tx\na\tm\t1\na\tm\t2\n", "two lines for a m"),
    ):
        (tmp_path / "bad.tsv").write_text(text)
        with pytest.raises(BadInputError, match=reason):
            read_features(tmp_path / "bad.tsv")
