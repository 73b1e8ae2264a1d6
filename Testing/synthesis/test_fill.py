"""Subjects that lack a contrast get a translated one, and the table says which those are."""

import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from tools.random_translator import write_random_translator

from crosscontrast.cli.synth import synth
from crosscontrast.ground.cohort import read_cohort


def fill(table, out, model):
    words = ["--cohort", table, "--source", "T2w", "--target", "T1w", "--model", model, "--out", out]
    return CliRunner().invoke(synth, ["fill", *map(str, words), "--device", "cpu"])


@pytest.fixture
def lacking(tmp_path, awkward_image):
    """Two subjects, of whom the second has no T1w."""
    for name in ("a_T2w", "a_T1w", "b_T2w"):
        sitk.WriteImage(awkward_image, str(tmp_path / f"{name}.nii.gz"))
    table = tmp_path / "cohort.tsv"
    rows = ["subject\trole\timage\tsplit\tage", "a\tT2w\ta_T2w.nii.gz\ttrain\t40", "a\tT1w\ta_T1w.nii.gz\ttrain\t40"]
    table.write_text("\n".join([*rows, "b\tT2w\tb_T2w.nii.gz\ttest\t50"]) + "\n")
    write_random_translator(tmp_path / "model", outputs=("T1w",))
    return table


def test_only_what_is_missing_is_translated(lacking, tmp_path):
    done = fill(lacking, tmp_path / "out", tmp_path / "model")
    assert done.exit_code == 0, done.stderr
    assert "1 images of T1w filled" in done.stdout
    table = tmp_path / "out" / "cohort.tsv"
    cohort = read_cohort(table)
    pairs = {source.subject: target for source, target in cohort.pairs("T2w", "T1w")}
    assert pairs["a"].image.samefile(tmp_path / "a_T1w.nii.gz")
    assert pairs["b"].image.name == "b_T2w_T1w.nii.gz"
    assert pairs["b"].mask is None
    assert (pairs["b"].split, pairs["b"].outcomes) == ("test", {"age": "50", "synthetic": "1", "gate": "caution"})
    assert pairs["a"].outcomes == {"age": "40", "synthetic": "0", "gate": ""}
    again = fill(table, tmp_path / "again", tmp_path / "model")
    assert again.exit_code == 2
    assert "has one of role 'T1w' already" in again.stderr
    assert not (tmp_path / "again").exists()


def test_images_of_the_same_name_do_not_land_on_each_other(lacking, tmp_path):
    rows = ["subject\trole\timage"]
    for subject in ("c", "d"):
        (tmp_path / subject).mkdir()
        (tmp_path / subject / "T2w.nii.gz").write_bytes((tmp_path / "a_T2w.nii.gz").read_bytes())
        rows.append(f"{subject}\tT2w\t{subject}/T2w.nii.gz")
    lacking.write_text("\n".join(rows) + "\n")
    assert fill(lacking, tmp_path / "out", tmp_path / "model").exit_code == 0
    made = [row.image for row in read_cohort(tmp_path / "out" / "cohort.tsv").select(role="T1w")]
    assert len(set(made)) == 2


def test_of_a_model_with_several_outputs_the_missing_contrast_is_taken(lacking, tmp_path):
    write_random_translator(tmp_path / "both", outputs=("T2w", "T1w"))
    assert fill(lacking, tmp_path / "out", tmp_path / "both").exit_code == 0
    rows = read_cohort(tmp_path / "out" / "cohort.tsv").select(role="T1w")
    assert [row.image.name for row in rows] == ["a_T1w.nii.gz", "b_T2w_T1w.nii.gz"]
    write_random_translator(tmp_path / "others", outputs=("ct", "pet"))
    refused = fill(lacking, tmp_path / "none", tmp_path / "others")
    assert refused.exit_code == 2
    assert "others makes ct and pet, not T1w" in refused.stderr
