"""Who is who: one person is one subject, however the files are called."""

import json

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from small_corrections import box_mask, box_soft, small_image

from crosscontrast.cli.corrections import corrections
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.documents import write_document
from crosscontrast.errors import BadInputError
from crosscontrast.ground.case import our_warnings
from crosscontrast.ground.images import ImageWarning, write_image


def series(folder, patient, seed):
    """A small DICOM series of one person."""
    folder.mkdir(parents=True)
    uid = pydicom.uid.generate_uid()
    for number in range(4):
        image = sitk.GetImageFromArray(np.random.default_rng(seed + number).integers(0, 99, (1, 8, 9)).astype(np.int16))
        image.SetOrigin((0, 0, 3.0 * number))
        tags = {"0020|000e": uid, "0020|000d": uid, "0008|0060": "MR", "0010|0020": patient, "0020|0013": str(number)}
        tags |= {"0020|0032": f"0\\0\\{3.0 * number}", "0020|0037": "1\\0\\0\\0\\1\\0", "0018|0050": "3"}
        for tag, value in tags.items():
            image.SetMetaData(tag, value)
        writer = sitk.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.SetFileName(str(folder / f"{number}.dcm"))
        writer.Execute(image)
    return folder


@pytest.fixture
def empty(tmp_path):
    return CorrectionDataset.create(tmp_path / "corrections")


def add(dataset, path, seed, **more):
    write_image(small_image(seed), path)
    return dataset.add(path, **more)


def test_the_contrasts_of_a_person_are_one_subject(empty, tmp_path):
    """Were two: one in nnU-Net's training and the other in its test folder."""
    cases = [add(empty, tmp_path / f"pat01_{contrast}.nii.gz", n) for n, contrast in enumerate(("T1w", "T2w", "mt1"))]
    assert {case.subject for case in cases} == {"pat01"}
    assert [case.contrast for case in cases] == ["T1w", "T2w", "mt-on_MTR"]
    more = [add(empty, tmp_path / f"sub-02_T2w{end}.nii.gz", 5 + n) for n, end in enumerate(("", "_reg"))]
    assert [case.name for case in more] == ["sub-02_T2w", "sub-02_acq-reg_T2w"]


def test_a_name_that_is_only_a_contrast_is_said_to_name_nobody(empty, tmp_path):
    with pytest.warns(ImageWarning, match="T2w.nii.gz does not say whose image it is"):
        add(empty, tmp_path / "T2w.nii.gz", 1)


def test_the_series_of_a_patient_are_one_subject_whose_number_is_not_told(empty, tmp_path):
    cases = [
        empty.add(series(tmp_path / "dicom" / folder, patient, 9 * seed))
        for seed, (folder, patient) in enumerate((("T1_ax", "P1"), ("T2_ax", "P1"), ("ser3", "P1"), ("T1_bx", "P2")))
    ]
    subjects = [case.subject for case in cases]
    assert subjects[0] == subjects[1] == subjects[2] != subjects[3]
    assert len({case.name for case in cases}) == 4
    assert "P1" not in subjects[0]
    again = CorrectionDataset.create(tmp_path / "other").add(tmp_path / "dicom" / "T2_ax")
    assert again.subject == subjects[0]


def test_the_key_of_the_patients_is_written_on_request_only(empty, tmp_path):
    folder = series(tmp_path / "T1_ax", "P1", 1)
    done = CliRunner().invoke(corrections, ["add", str(empty.folder), str(folder), "--key", str(tmp_path / "key.tsv")])
    assert done.exit_code == 0, done.output
    (case,) = empty.cases()
    assert (tmp_path / "key.tsv").read_text() == f"subject\tpatient_id\n{case.subject}\tP1\n"
    inside = b"".join(p.read_bytes() for p in empty.folder.rglob("*.json"))
    assert b"P1" not in inside


def test_the_same_image_under_two_subjects_is_refused_with_both_names(empty, tmp_path):
    add(empty, tmp_path / "sub-10_T2w.nii.gz", 1)
    with pytest.raises(BadInputError, match=r"sub-11_T2w.* sub-10_T2w") as refused:
        empty.add(tmp_path / "sub-10_T2w.nii.gz", subject="11")
    assert "one subject" in refused.value.hint
    assert empty.add(tmp_path / "sub-10_T2w.nii.gz").name == "sub-10_T2w"


@pytest.fixture
def parted(empty, tmp_path):
    """A dataset of an earlier version, which took the whole name for the subject; the T2w is corrected twice."""
    for seed, contrast in enumerate(("T1w", "T2w")):
        add(empty, tmp_path / f"pat01_{contrast}.nii.gz", seed, subject=f"pat01{contrast}")
    add(empty, tmp_path / "sub-02_T2w.nii.gz", 5)
    name = "sub-pat01T2w_T2w"
    grid = empty.record(name).grid()
    for width in (3, 4):
        empty.save(name, box_soft(grid, width), box_mask(grid, width), author="A")
    return empty


def test_a_person_who_is_parted_is_named_on_opening_and_put_together(parted):
    folder = parted.folder
    with pytest.warns(ImageWarning, match="sub-pat01T1w and sub-pat01T2w are one person") as said:
        CorrectionDataset.open(folder)
    assert "--subject pat01" in str(said[0].message)
    before = [revision.model_dump() for revision in parted.history("sub-pat01T2w_T2w")]
    parted.exclude("sub-pat01T2w_T2w", "motion")
    for contrast in ("T1w", "T2w"):
        done = CliRunner().invoke(
            corrections, ["rename", str(folder), f"sub-pat01{contrast}_{contrast}", "--subject", "pat01", "--json"]
        )
        assert done.exit_code == 0, done.output
    with our_warnings() as heard:
        opened = CorrectionDataset.open(folder)
    assert heard == []
    assert [case.name for case in opened.cases()] == ["sub-pat01_T1w", "sub-pat01_T2w", "sub-02_T2w"]
    assert [revision.model_dump() for revision in opened.history("sub-pat01_T2w")] == before
    assert opened.case("sub-pat01_T2w").reason.startswith("motion")
    assert sitk.GetArrayFromImage(opened.load("sub-pat01_T2w").mask).sum() == box_sum(opened, 4)
    assert opened.case("sub-pat01_T2w").image.is_file()
    sidecar = json.loads(opened.layout.seg("sub-pat01_T2w").with_suffix("").with_suffix(".json").read_text())
    assert sidecar["Sources"] == ["bids::sub-pat01/anat/sub-pat01_T2w.nii.gz"]
    assert not [path for path in folder.rglob("*") if "pat01T" in path.name]


def box_sum(dataset, width):
    return sitk.GetArrayFromImage(box_mask(dataset.record("sub-pat01_T2w").grid(), width)).sum()


def test_a_renaming_that_was_killed_is_finished_by_the_same_call(parted, monkeypatch):
    from crosscontrast.corrections import rename

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rename, "_remove", killed)
        with pytest.raises(KeyboardInterrupt):
            parted.rename("sub-pat01T2w_T2w", "pat01")
    with pytest.warns(ImageWarning, match="sub-pat01T2w"):
        opened = CorrectionDataset.open(parted.folder)
    assert opened.rename("sub-pat01T2w_T2w", "pat01").revision == 2
    assert sorted(case.name for case in opened.cases()) == ["sub-02_T2w", "sub-pat01T1w_T1w", "sub-pat01_T2w"]


def test_who_was_tested_on_stays_so_under_the_new_name(parted):
    parted.freeze_test_subjects(["pat01T2w"])
    assert parted.rename("sub-pat01T2w_T2w", "pat01").test
    assert parted.settings.test_subjects == ("pat01",)
    assert parted.rename("sub-pat01T1w_T1w", "pat01").test
    write_document(parted.layout.settings, parted.settings)
    with pytest.raises(BadInputError, match="that is another image"):
        parted.rename("sub-02_T2w", "pat01")


def test_the_lot_names_whom_it_draws_before_they_are_fixed(parted):
    run = CliRunner().invoke(corrections, ["freeze", str(parted.folder)])
    assert run.exit_code == 2
    assert "The lot draws sub-" in run.stderr
    assert parted.settings.test_subjects is None
    run = CliRunner().invoke(corrections, ["freeze", str(parted.folder), "--yes"])
    assert run.exit_code == 0
    drawn = parted.settings.test_subjects
    assert len(drawn) == 1
    assert f"sub-{drawn[0]}" in run.stdout


def test_one_image_in_two_formats_is_one_image(tmp_path, awkward_image):
    dataset = CorrectionDataset.create(tmp_path / "d")
    for name in ("a_T2w.nii.gz", "a_T2w.nii", "b_T2w.nrrd"):
        sitk.WriteImage(awkward_image, str(tmp_path / name))
    assert dataset.add(tmp_path / "a_T2w.nii.gz").name == "sub-a_T2w"
    assert dataset.add(tmp_path / "a_T2w.nii").name == "sub-a_T2w"
    with pytest.raises(BadInputError, match="the same image is sub-a_T2w already"):
        dataset.add(tmp_path / "b_T2w.nrrd")
    moved = sitk.Image(awkward_image)
    moved.SetOrigin([part + 1 for part in awkward_image.GetOrigin()])
    sitk.WriteImage(moved, str(tmp_path / "c_T2w.nii.gz"))
    assert dataset.add(tmp_path / "c_T2w.nii.gz").name == "sub-c_T2w"
