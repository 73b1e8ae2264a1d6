"""How images are named."""

from pathlib import Path

import pytest

from crosscontrast.corrections.bids import CaseName
from crosscontrast.errors import BadInputError


@pytest.mark.parametrize(
    ("file", "name", "folder"),
    [
        ("sub-01_T2w.nii.gz", "sub-01_T2w", "sub-01/anat"),
        ("sub-01_ses-a_acq-MTon_MTS.nii", "sub-01_ses-a_mt-on_MTR", "sub-01/ses-a/anat"),
        ("sub-01_acq-T1w_MTS.nii", "sub-01_acq-MTS_T1w", "sub-01/anat"),
        ("sub-01_flip-1_mt-on_MTS.nii", "sub-01_flip-1_mt-on_MTS", "sub-01/anat"),
        ("pat01_sag_STIR.nii.gz", "sub-pat01sag_acq-STIR_T2w", "sub-pat01sag/anat"),
        ("sub-01_psir.nii.gz", "sub-01_acq-PSIR_T1w", "sub-01/anat"),
        ("sub-01_rec-average_dwi.nii.gz", "sub-01_rec-average_dwi", "sub-01/dwi"),
        ("t2_ms.nii.gz", "sub-ms_T2w", "sub-ms/anat"),
        ("mt0.nii.gz", "sub-mt0_mt-off_MTR", "sub-mt0/anat"),
        ("Patient 7.nrrd", "sub-Patient7_acq-unknown_T2w", "sub-Patient7/anat"),
        ("sub-01_T2w_reg.nii.gz", "sub-01_acq-reg_T2w", "sub-01/anat"),
        ("pat01_T1w.nii.gz", "sub-pat01_T1w", "sub-pat01/anat"),
        ("sub-01_ses-b_acq-sag_T2w_x.nii.gz", "sub-01_ses-b_acq-sagx_T2w", "sub-01/ses-b/anat"),
    ],
)
def test_a_case_is_called_as_its_file_is_or_else_something_that_bids_allows(file, name, folder):
    found = CaseName.of_file(Path(file))
    assert str(found) == name
    assert found.folder == Path(folder)
    assert CaseName.parse(str(found)) == found


def test_what_the_user_says_counts_more_than_the_file():
    path = Path("sub-01_ses-x_acq-sag_T2w.nii.gz")
    assert str(CaseName.of_file(path, subject="7", session="ses-2")) == "sub-7_ses-2_acq-sag_T2w"
    assert str(CaseName.of_file(path, contrast="mt-on_MTR")) == "sub-01_ses-x_mt-on_MTR"
    assert str(CaseName.of_file(Path("a.nii"), subject="sub-9", contrast="mt1")) == "sub-9_mt-on_MTR"
    assert CaseName.of_file(path).contrast == "acq-sag_T2w"


@pytest.mark.parametrize(
    "name", ["", "T2w", "sub-01", "sub-01_T2w/../x", "../sub-01_T2w", "sub-0 1_T2w", "sub-1_acq-_T2w"]
)
def test_other_names_are_refused_so_that_none_leads_out_of_the_dataset(name):
    with pytest.raises(BadInputError, match="is not the BIDS name"):
        CaseName.parse(name)


@pytest.mark.parametrize(
    "words", [{"subject": "--"}, {"session": "ses-"}, {"contrast": "T2/w"}, {"contrast": "acq-_T2w"}]
)
def test_words_that_cannot_be_labels_are_refused(words):
    with pytest.raises(BadInputError, match="cannot name"):
        CaseName.of_file(Path("scan.nii"), **words)
    with pytest.raises(BadInputError, match="no letter or digit"):
        CaseName.of_file(Path("脊髄.nii.gz"))
