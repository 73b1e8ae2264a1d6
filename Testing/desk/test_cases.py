"""The worklist, what is left out of it and the export, without a front end: real datasets and real jobs."""

import pytest
import SimpleITK as sitk
from desk.conftest import tube

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.desk.cases import Exporter, Worklist
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import write_image


@pytest.fixture
def dataset(tmp_path, awkward_image):
    """Two images that wait, each with a prediction."""
    made = CorrectionDataset.create(tmp_path / "data")
    for number in (1, 2):
        path = tmp_path / f"sub-0{number}_T2w.nii.gz"
        sitk.WriteImage(awkward_image + float(number), str(path))
        folder = made.layout.prediction(made.add(path).name)
        folder.mkdir(parents=True, exist_ok=True)
        write_image(tube(awkward_image), folder / f"sub-0{number}_T2w_softseg.nii.gz")
    return made


@pytest.fixture
def opened():
    return []


@pytest.fixture
def worklist(runner, dataset, opened):
    made = Worklist(runner, opened.append, lambda: opened[-1].case if opened else "")
    made.dataset = dataset.folder
    made.read()
    return made


def test_it_says_in_turn_what_is_lacking(runner, tmp_path):
    worklist = Worklist(runner, None, lambda: "")
    assert worklist.why_not() == worklist.why_not_next() == "Choose the folder of the dataset."
    worklist.dataset = tmp_path
    worklist.read()
    assert worklist.why_not() == "There is no dataset in this folder yet: save a correction to it."
    CorrectionDataset.create(tmp_path / "data")
    worklist.dataset = tmp_path / "data"
    worklist.read()
    assert worklist.why_not_open() == ""
    assert worklist.why_not_next() == "No other case waits to be corrected."
    worklist.open()
    assert runner.jobs == []


def test_a_folder_that_cannot_be_read_says_so(runner, dataset):
    dataset.layout.settings.write_text("{")
    worklist = Worklist(runner, None, lambda: "")
    worklist.dataset = dataset.folder
    worklist.read()
    assert str(dataset.layout.settings) in worklist.why_not_next()
    assert not worklist.known


def test_a_person_under_two_subjects_is_told_when_the_folder_is_read(worklist, dataset, tmp_path):
    """As earlier versions named the subjects."""
    for number, contrast in enumerate(("T1w", "T2w")):
        sitk.WriteImage(sitk.Image([9, 8, 7], sitk.sitkInt16) + number, str(tmp_path / f"pat7_{contrast}.nii.gz"))
        dataset.add(tmp_path / f"pat7_{contrast}.nii.gz", subject=f"pat7{contrast}")
    worklist.read()
    (remark,) = worklist.remarks
    assert "sub-pat7T1w and sub-pat7T2w are one person" in remark
    assert worklist.known


def test_the_next_case_is_another_one_and_a_named_one_that_one(worklist, runner, opened):
    worklist.open()
    assert runner.said == "sub-01_T2w: in the order of the list; 1 other case waits."
    worklist.open()
    assert opened[-1].case == "sub-02_T2w"
    worklist.open("sub-02_T2w")
    assert [result.case for result in opened] == ["sub-01_T2w", "sub-02_T2w", "sub-02_T2w"]
    runner.busy = True
    assert worklist.why_not_open() == worklist.why_not_next() == "Wait until the work under way is done."


def test_a_case_is_excluded_with_a_reason_and_included_again(worklist, dataset):
    assert worklist.why_not_exclude(None, "") == "Select a case in the table."
    first = worklist.cases[0]
    assert worklist.why_not_exclude(first, " ") == "Say why it shall be excluded."
    with pytest.raises(BadInputError, match="Say why"):
        worklist.exclude_or_include(first, " ", "A. Reader")
    worklist.exclude_or_include(first, "metal", "A. Reader")
    excluded = worklist.cases[0]
    assert excluded.state == "excluded"
    assert excluded.reason.startswith("metal (A. Reader, ")
    assert worklist.why_not_exclude(excluded, "") == ""
    worklist.exclude_or_include(excluded, "", "")
    assert dataset.case(first.name).state == "pending"


def test_corrections_are_exported_into_a_new_folder_that_says_what_it_is(runner, dataset, awkward_image, tmp_path):
    exporter = Exporter(runner)
    assert exporter.why_not() == "Choose the folder of the dataset."
    soft = tube(awkward_image)
    mask = sitk.Cast(soft >= 0.5, sitk.sitkUInt8)
    dataset.save("sub-01_T2w", soft, mask, author="A. Reader", seconds=1, before=mask)
    exporter.dataset = dataset.folder
    exporter.run(tmp_path)
    assert runner.said.split(".")[0] == f"Exported 1 case to {tmp_path / 'data-bids'}"
    assert list((tmp_path / "data-bids").rglob("*_seg.nii.gz"))
    exporter.form, exporter.exported = "nnunet", lambda result: result.folder.name
    exporter.run(tmp_path / "raw")
    assert runner.said.startswith("Dataset701_")
