import pytest

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import read_cohort


@pytest.fixture
def table(tmp_path):
    for name in ("a1.nii.gz", "a2.nii.gz", "b1.nii.gz", "m.nii.gz"):
        (tmp_path / name).touch()

    def write(*lines, header="subject session role image mask split grade"):
        path = tmp_path / "cohort.tsv"
        path.write_text("\n".join("\t".join(line.split(" ")) for line in (header, *lines)) + "\n")
        return path

    return write


def test_rows_keep_paths_relative_to_the_table_and_further_columns_as_outcomes(table, tmp_path):
    cohort = read_cohort(table("a 1 T1w a1.nii.gz m.nii.gz train 2", "a 1 T2w a2.nii.gz  train 2"))
    first, second = cohort.rows
    assert first.image == tmp_path / "a1.nii.gz"
    assert first.mask == tmp_path / "m.nii.gz"
    assert second.mask is None
    assert first.outcomes == {"grade": "2"}
    assert cohort.subjects("train") == ["a"]
    assert list(cohort.pairs("T1w", "T2w")) == [(first, second)]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["a 1 T1w none.nii.gz  train 2"], r"line 2: .*none\.nii\.gz does not exist"),
        (["a 1 T1w a1.nii.gz  train 2", "a 1 T1w a2.nii.gz  train 2"], "line 3: a 1 T1w stands already in line 2"),
        (["a 1 T1w a1.nii.gz  train 2", "a 2 T1w a2.nii.gz  test 2"], "subject a is in split 'train'.*'test'"),
        (["a 1 T1w a1.nii.gz  trian 2"], "line 2: column 'split'"),
        ([" 1 T1w a1.nii.gz  train 2"], "line 2: column 'subject'"),
        (["a 1 T1w a1.nii.gz"], "line 2: the number of columns"),
        ([], "no rows"),
    ],
)
def test_an_inconsistent_table_is_refused_with_line_and_reason(table, lines, reason):
    with pytest.raises(BadInputError, match=reason):
        read_cohort(table(*lines))


def test_missing_columns_are_named(table):
    with pytest.raises(BadInputError, match="lacks the column"):
        read_cohort(table("a a1.nii.gz", header="subject file"))


def test_a_table_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "cohort.tsv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadInputError, match=r"cohort\.tsv is not a tab-separated"):
        read_cohort(tmp_path / "cohort.tsv")


def test_an_image_without_its_partner_is_named(table):
    cohort = read_cohort(table("a 1 T1w a1.nii.gz  train 2", "b 1 T2w b1.nii.gz  train 2"))
    with pytest.raises(BadInputError, match="a 1 has an image of role 'T1w' but none of 'T2w'"):
        list(cohort.pairs("T1w", "T2w"))
