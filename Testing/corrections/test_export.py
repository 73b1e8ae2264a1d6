"""Exports, read by the programs that they are for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from small_corrections import box_mask, box_soft, small_image

from crosscontrast.corrections.choices import FORMATS
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.export.cases import corrected_cases, folds
from crosscontrast.corrections.export.write import export_corrections
from crosscontrast.corrections.jobs import ExportCorrections
from crosscontrast.desk.cases import FORMS
from crosscontrast.errors import BadInputError, CancelledError, OutputError
from crosscontrast.ground.files import sha256
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.progress import silent


@pytest.fixture
def corrected(dataset, images) -> CorrectionDataset:
    """Three subjects: 01 with two contrasts, 02 frozen for tests, 03 of which one is excluded; one case waits."""
    for seed, contrast in enumerate(("T1w", "T2w")):
        write_image(small_image(10 + seed), images / f"sub-03_{contrast}.nii.gz")
        dataset.add(images / f"sub-03_{contrast}.nii.gz")
    for case in ("sub-01_T1w", "sub-01_T2w", "sub-02_T1w", "sub-03_T1w", "sub-03_T2w"):
        grid = dataset.record(case).grid()
        dataset.save(case, box_soft(grid), box_mask(grid), author="A. Reader")
    dataset.exclude("sub-03_T2w", "motion")
    dataset.freeze_test_subjects(["02"])
    return dataset


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nnunet_finds_its_raw_dataset_in_order(corrected, tmp_path):
    done = export_corrections(corrected, "nnunet", tmp_path / "raw", nnunet_id=712)
    assert done.folder == tmp_path / "raw" / "Dataset712_Cords"
    assert names(done.folder / "imagesTr") == [f"{c}_0000.nii.gz" for c in ("sub-01_T1w", "sub-01_T2w", "sub-03_T1w")]
    assert names(done.folder / "labelsTs") == ["sub-02_T1w.nii.gz"]
    splits = json.loads((done.folder / "splits_final.json").read_text())
    assert [{name[:6] for name in split["val"]} for split in splits] in (
        [{"sub-01"}, {"sub-03"}],
        [{"sub-03"}, {"sub-01"}],
    )
    assert all(not {n[:6] for n in s["train"]} & {n[:6] for n in s["val"]} for s in splits)


def test_a_second_dataset_of_the_same_number_is_refused_and_another_number_taken(corrected, tmp_path):
    (tmp_path / "raw" / "Dataset712_Spleen").mkdir(parents=True)
    with pytest.raises(OutputError, match="Dataset712_Spleen has the number 712 already"):
        export_corrections(corrected, "nnunet", tmp_path / "raw", nnunet_id=712)
    assert names(tmp_path / "raw") == ["Dataset712_Spleen"]
    assert export_corrections(corrected, "nnunet", tmp_path / "raw", nnunet_id=713).folder.is_dir()


def test_there_are_nnunet_s_five_folds_or_a_word_on_what_not_to_run(corrected, tmp_path):
    few = export_corrections(corrected, "nnunet", tmp_path / "few").folder
    assert "run 0, 1 or `all`, and not 2, 3, 4" in (few / "README.md").read_text()
    for number in range(4, 7):
        write_image(small_image(20 + number), tmp_path / f"sub-0{number}_T2w.nii.gz")
        case = corrected.add(tmp_path / f"sub-0{number}_T2w.nii.gz").name
        grid = corrected.record(case).grid()
        corrected.save(case, box_soft(grid), box_mask(grid), author="A. Reader")
    many = export_corrections(corrected, "nnunet", tmp_path / "many").folder
    assert len(json.loads((many / "splits_final.json").read_text())) == 5
    assert "and not" not in (many / "README.md").read_text()


def test_images_that_changed_since_they_were_added_are_named_and_left_out(corrected, tmp_path):
    image = corrected.case("sub-01_T2w").image
    write_image(small_image(77), image)
    done = export_corrections(corrected, "nnunet", tmp_path / "raw")
    assert len(done.warnings) == 1
    assert "sub-01_T2w" in done.warnings[0]
    assert "was changed since it was added" in done.warnings[0]
    assert (done.cases, names(done.folder / "labelsTr")) == (3, ["sub-01_T1w.nii.gz", "sub-03_T1w.nii.gz"])


def test_nnunet_s_own_checks_accept_image_and_label(corrected, tmp_path):
    from nnunetv2.experiment_planning.verify_dataset_integrity import check_cases, verify_labels
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    folder = export_corrections(corrected, "nnunet", tmp_path).folder
    for label in (folder / "labelsTr").iterdir():
        image = folder / "imagesTr" / label.name.replace(".nii.gz", "_0000.nii.gz")
        assert check_cases([str(image)], str(label), 1, SimpleITKIO)
        assert verify_labels(str(label), SimpleITKIO, [0, 1])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nnunet_checks_plans_and_preprocesses_its_raw_dataset(corrected, tmp_path):
    export_corrections(corrected, "nnunet", tmp_path / "nnUNet_raw", nnunet_id=712)
    program = Path(sys.executable).with_name("nnUNetv2_plan_and_preprocess")
    folders = ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results")
    environment = os.environ | {name: str(tmp_path / name) for name in folders}
    run = subprocess.run(
        [program, "-d", "712", "--verify_dataset_integrity", "-npfp", "1", "-np", "1", "-c", "3d_fullres"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert run.returncode == 0, run.stderr
    assert "If you didn't see any error messages then your dataset is most likely OK" in run.stdout
    assert "Warning" not in run.stdout
    (made,) = (tmp_path / "nnUNet_preprocessed").glob("Dataset712_*")
    assert (made / "nnUNetPlans.json").is_file()
    raw = tmp_path / "nnUNet_raw" / made.name / "labelsTr"
    assert {p.name.split(".")[0] for p in (made / "nnUNetPlans_3d_fullres").glob("*.pkl")} == {
        p.name.split(".")[0] for p in raw.iterdir()
    }


def test_monai_reads_the_datalist_with_folds_by_subject_and_soft_labels(corrected, tmp_path):
    from monai.data import load_decathlon_datalist

    export_corrections(corrected, "decathlon", tmp_path / "d")
    training = load_decathlon_datalist(tmp_path / "d" / "dataset.json", True, "training")
    test = load_decathlon_datalist(tmp_path / "d" / "dataset.json", True, "test")
    assert [Path(item["image"]).name for item in test] == ["sub-02_T1w.nii.gz"]
    fold_of = {item["subject"]: {i["fold"] for i in training if i["subject"] == item["subject"]} for item in training}
    assert all(len(found) == 1 for found in fold_of.values())
    assert len(training) == 3
    for item in training:
        image, soft, label = (read_image(Path(item[key])) for key in ("image", "soft_label", "label"))
        assert same_grid(soft, image, 1e-3)
        assert np.array_equal(sitk.GetArrayFromImage(label), sitk.GetArrayFromImage(box_mask(image)))
        assert np.array_equal(sitk.GetArrayFromImage(soft), sitk.GetArrayFromImage(box_soft(image)))


def test_a_monai_label_datastore_has_labels_and_what_waits_but_no_test_subject(corrected, tmp_path):
    """The shape of LocalDatastoreModel; every file that the datastore names lies where it looks for it."""
    export_corrections(corrected, "monai-label", tmp_path / "m")
    store = tmp_path / "m" / "datastore"
    document = json.loads((store / "datastore_v2.json").read_text())
    assert sorted(document["objects"]) == ["sub-01_T1w", "sub-01_T2w", "sub-03_T1w"]
    for name, entry in document["objects"].items():
        assert (store / document["images_dir"] / f"{name}{entry['image']['ext']}").is_file()
        for tag, label in entry["labels"].items():
            assert (store / document["labels_dir"] / tag / f"{name}{label['ext']}").is_file()
        assert entry["labels"]["final"]["info"]["author"] == "A. Reader"
    tested = json.loads((tmp_path / "m" / "test_subjects" / "datastore_v2.json").read_text())
    assert {name: sorted(entry["labels"]) for name, entry in tested["objects"].items()} == {
        "sub-02_T1w": ["final", "softseg"],
        "sub-02_T2w": [],
    }


def test_bids_goes_out_as_it_is(corrected, tmp_path):
    export_corrections(corrected, "bids", tmp_path / "b")
    visible = {p.relative_to(tmp_path / "b").as_posix() for p in (tmp_path / "b").rglob("*") if p.is_file()}
    for name in visible:
        assert sha256(tmp_path / "b" / name) == sha256(corrected.folder / name)
    assert sum(name.endswith("_softseg.nii.gz") for name in visible) == 4
    assert not any("sub-03_T2w" in name or ".crosscontrast" in name for name in visible)
    reopened = CorrectionDataset.create(tmp_path / "b")
    assert reopened.add(tmp_path / "b" / "sub-01" / "anat" / "sub-01_T1w.nii.gz").image.is_file()


def test_the_front_ends_offer_every_form():
    assert list(FORMS) == list(FORMATS)


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "dicom-seg"])
def test_a_cancelled_export_leaves_nothing(corrected, tmp_path, form):
    def cancel(done, total, message):
        if done >= 1:
            raise CancelledError("stopped")

    (tmp_path / "here").mkdir()
    with pytest.raises(CancelledError):
        export_corrections(corrected, form, tmp_path / "here" / "out", progress=cancel)
    assert names(tmp_path / "here") in ([], ["out"])
    assert not [path for path in (tmp_path / "here").rglob("*") if path.is_file()]


def test_nothing_is_exported_over_something_or_from_nothing(corrected, tmp_path, images):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    with pytest.raises(OutputError, match="is not an empty folder"):
        export_corrections(corrected, "bids", tmp_path / "full")
    empty = CorrectionDataset.create(tmp_path / "empty")
    with pytest.raises(BadInputError, match="has no correction to export"):
        export_corrections(empty, "bids", tmp_path / "out")
    with pytest.raises(BadInputError, match="sub-01_T1w did not come from a DICOM series"):
        export_corrections(corrected, "dicom-seg", tmp_path / "out")
    (corrected.layout.revision("sub-01_T1w", 1) / "seg.nii.gz").write_bytes(b"x")
    with pytest.raises(BadInputError, match="is not the file that was saved"):
        export_corrections(corrected, "bids", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_killed_export_left_goes_with_a_later_one_and_other_folders_stay(corrected, tmp_path):
    left, young, other = (tmp_path / f".part-{name}" for name in ("12345678-x", "87654321-x", "12345678-xy"))
    for folder in (left, young, other):
        folder.mkdir()
        (folder / "half.nii.gz").write_text("")
    for folder in (left, other):
        os.utime(folder, (0, 0))
    export_corrections(corrected, "decathlon", tmp_path / "x")
    assert [folder.exists() for folder in (left, young, other)] == [False, True, True]


def test_the_job_says_where_and_how_many(corrected, tmp_path):
    result = ExportCorrections(dataset=corrected.folder, out=tmp_path / "x", form="decathlon").run(silent)
    assert (result.folder, result.cases, result.warnings) == (tmp_path / "x", 4, [])


def test_subjects_are_dealt_into_at_most_five_folds(corrected):
    cases = corrected_cases(corrected)
    assert folds(cases) in ({"01": 0, "03": 1}, {"01": 1, "03": 0})
