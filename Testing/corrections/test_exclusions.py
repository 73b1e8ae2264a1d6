"""The list that people edit by hand and the program too."""

import pytest

from crosscontrast.corrections.exclusions import add_exclusion, read_exclusions, remove_exclusion, why_excluded
from crosscontrast.errors import BadInputError

BY_HAND = """# decided on 3 March
- sub-03          # metal in the field of view

- sub-07_ses-2
- sub-08_T2w.nii.gz  # motion
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "exclude.yml").write_text(BY_HAND)
    return tmp_path / "exclude.yml"


def test_subjects_sessions_and_images_are_excluded_with_their_reason(path):
    exclusions = read_exclusions(path)
    assert why_excluded("sub-03_ses-1_T1w", exclusions) == "metal in the field of view"
    assert why_excluded("sub-07_ses-2_T1w", exclusions) == "no reason given"
    assert why_excluded("sub-08_T2w", exclusions) == "motion"
    assert [why_excluded(name, exclusions) for name in ("sub-08_T1w", "sub-07_ses-1_T1w", "sub-033_T1w")] == [""] * 3


def test_lines_of_other_people_stay_as_they_are(path):
    add_exclusion(path, "sub-09_T2w", "half the\ncord: missing #2")
    assert path.read_text() == BY_HAND + "- sub-09_T2w.nii.gz  # half the cord: missing #2\n"
    assert read_exclusions(path)["sub-09_T2w.nii.gz"] == "half the cord: missing #2"
    add_exclusion(path, "sub-09_T2w", "empty")
    remove_exclusion(path, "sub-08_T2w")
    assert list(read_exclusions(path)) == ["sub-03", "sub-07_ses-2", "sub-09_T2w.nii.gz"]
    assert path.read_text().startswith("# decided on 3 March\n- sub-03          # metal")


def test_a_file_with_a_list_per_contrast_is_read_and_written_too(path):
    path.write_text("T1w:\n  - sub-01_T1w.nii.gz  # blurred\nT2w:\n  - sub-02_T2w.nii.gz\n")
    add_exclusion(path, "sub-05_T2w", "tumour")
    found = read_exclusions(path)
    assert found == {
        "sub-01_T1w.nii.gz": "blurred",
        "sub-02_T2w.nii.gz": "no reason given",
        "sub-05_T2w.nii.gz": "tumour",
    }
    remove_exclusion(path, "sub-02_T2w")
    assert "sub-02_T2w.nii.gz" not in read_exclusions(path)


def test_a_case_excluded_with_its_whole_subject_is_not_included_again_silently(path):
    with pytest.raises(BadInputError, match="with its whole subject or session"):
        remove_exclusion(path, "sub-03_T2w")
    assert path.read_text() == BY_HAND


@pytest.mark.parametrize("text", ["- a: 1\n", "just words\n", "- [1, 2\n", "[sub-01, sub-02]\n"])
def test_a_file_that_is_no_such_list_or_takes_no_line_is_never_written_to(path, text):
    path.write_text(text)
    with pytest.raises(BadInputError, match=r"exclude\.yml"):
        add_exclusion(path, "sub-01_T2w", "x")
    assert path.read_text() == text
