"""Subjects that lack a contrast get a translated one, and the table says which those are."""

import pytest
import SimpleITK as sitk
from tools.random_translator import write_random_translator

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.ground.cohort import read_cohort
from CrossContrastLib.progress import silent
from SynthSegLib.fill import fill_cohort
from SynthSegLib.translate import Request


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
    request = Request((str(tmp_path / "model"),), "cpu")
    table, count = fill_cohort(lacking, "T2w", "T1w", tmp_path / "out", request, silent)
    assert count == 1
    cohort = read_cohort(table)
    pairs = {source.subject: target for source, target in cohort.pairs("T2w", "T1w")}
    assert pairs["a"].image.samefile(tmp_path / "a_T1w.nii.gz")
    assert pairs["b"].image.name == "b_T2w_T1w.nii.gz"
    assert pairs["b"].mask is None
    assert (pairs["b"].split, pairs["b"].outcomes) == ("test", {"age": "50", "synthetic": "1"})
    assert pairs["a"].outcomes["synthetic"] == "0"
    with pytest.raises(BadInputError, match="has one of role 'T1w' already"):
        fill_cohort(table, "T2w", "T1w", tmp_path / "again", request, silent)
    assert not (tmp_path / "again").exists()
