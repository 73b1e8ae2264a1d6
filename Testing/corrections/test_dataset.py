"""Saving, reading back and amending corrections, by one person or two."""

import json
import threading
import warnings

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from small_corrections import box_mask, box_soft, small_image
from support import centre_of_mass

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.publish import published_revision
from crosscontrast.errors import BadInputError
from crosscontrast.ground.arrays import as_image
from crosscontrast.ground.files import sha256
from crosscontrast.ground.geometry import ras_affine, same_grid
from crosscontrast.ground.images import ImageWarning, image_like, read_image, write_image
from crosscontrast.ground.provenance import FileRecord, ModelRecord, Provenance

MODEL = ModelRecord(name="softcord", version=2, sha256="ab" * 32)


def values(image):
    return sitk.GetArrayFromImage(image)


def save(dataset, case="sub-01_T2w", width=4, author="A. Reader", **more):
    grid = dataset.record(case).grid()
    return dataset.save(case, box_soft(grid, width), box_mask(grid, width), author=author, **more)


def test_a_dataset_is_bids_with_both_derivatives_and_the_team_s_sidecars(dataset, images):
    save(dataset, seconds=312.46, model=MODEL, note="rootlets\nremoved")
    files = {path.relative_to(dataset.folder).as_posix() for path in dataset.folder.rglob("*") if path.is_file()}
    files = {name for name in files if not name.endswith(".bidsignore")}
    assert {name for name in files if name.startswith("derivatives/labels")} == {
        "derivatives/labels/README.md",
        "derivatives/labels/dataset_description.json",
        "derivatives/labels/sub-01/anat/sub-01_T2w_label-SC_seg.json",
        "derivatives/labels/sub-01/anat/sub-01_T2w_label-SC_seg.nii.gz",
        "derivatives/labels_softseg/README.md",
        "derivatives/labels_softseg/dataset_description.json",
        "derivatives/labels_softseg/sub-01/anat/sub-01_T2w_label-SC_softseg.json",
        "derivatives/labels_softseg/sub-01/anat/sub-01_T2w_label-SC_softseg.nii.gz",
    }
    document = json.loads(dataset.layout.seg("sub-01_T2w").with_name("sub-01_T2w_label-SC_seg.json").read_text())
    predicted, manual = document["GeneratedBy"]
    assert document["SpatialReference"] == "orig"
    assert (predicted["Name"], predicted["Version"]) == ("softcord", "2")
    assert manual.pop("Date")[:2] == "20"
    assert manual == {
        "Name": "Manual",
        "Author": "A. Reader",
        "SecondsSpent": 312.5,
        "VoxelsChanged": 96,
        "VoxelsAdded": 96,
        "VoxelsRemoved": 0,
        "Revision": 1,
        "Description": "rootlets removed",
    }
    assert document["InputSHA256"] == sha256(images / "sub-01_T2w.nii.gz")
    description = json.loads((dataset.folder / "dataset_description.json").read_text())
    assert (description["DatasetType"], description["Name"]) == ("raw", "Cords")


def test_a_correction_comes_back_exactly_and_every_revision_stays(dataset):
    first, second = save(dataset, width=4), save(dataset, width=6, author="B. Reader")
    assert [first.record.revision, second.record.revision, second.record.base] == [1, 2, 1]
    assert (second.record.voxels_added, second.record.voxels_removed) == (48, 0)
    for number, width in ((1, 4), (2, 6), (None, 6)):
        back = CorrectionDataset.open(dataset.folder).load("sub-01_T2w", number)
        grid = dataset.record("sub-01_T2w").grid()
        assert np.array_equal(values(back.soft), values(box_soft(grid, width)))
        assert np.array_equal(values(back.mask), values(box_mask(grid, width)))
        assert back.soft.GetPixelID() == sitk.sitkFloat32
    assert [r.author for r in dataset.history("sub-01_T2w")] == ["A. Reader", "B. Reader"]
    assert np.array_equal(values(read_image(dataset.layout.seg("sub-01_T2w"))), values(back.mask))


def test_masks_keep_their_place_in_the_patient_through_the_dataset(tmp_path, awkward_image):
    write_image(awkward_image, tmp_path / "sub-x_T2star.nrrd")
    dataset = CorrectionDataset.create(tmp_path / "d")
    dataset.add(tmp_path / "sub-x_T2star.nrrd")
    soft = image_like((values(awkward_image) > 300).astype(np.float32) * 0.5, awkward_image)
    dataset.save("sub-x_T2star", soft, soft > 0, author="A")
    back = dataset.load("sub-x_T2star")
    image = read_image(dataset.case("sub-x_T2star").image)
    assert same_grid(back.soft, awkward_image, 1e-3)
    assert same_grid(back.mask, image, 1e-3)
    assert centre_of_mass(back.soft) == pytest.approx(centre_of_mass(soft), abs=1e-3)
    assert np.array_equal(values(image), values(awkward_image))


def test_an_amendment_of_an_older_revision_is_kept_beside_what_others_saved_meanwhile(dataset):
    save(dataset, width=4)
    save(dataset, width=5, author="B. Reader")
    amended = save(dataset, width=6, base=1)
    assert amended.record.revision == 3
    assert [record.author for record in amended.overtaken] == ["B. Reader"]
    assert dataset.load("sub-01_T2w", 2).record.author == "B. Reader"
    assert dataset.load("sub-01_T2w").record.base == 1


def test_two_people_at_once_lose_nothing(dataset):
    """Eight threads of two datasets objects save at once; every save gets a number of its own."""
    other = CorrectionDataset.open(dataset.folder)
    given: list[int] = []

    def work(number):
        saved = save(dataset if number % 2 else other, width=1 + number, author=f"person {number}")
        given.append(saved.record.revision)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == list(range(1, 9))
    history = dataset.history("sub-01_T2w")
    assert {r.author for r in history} == {f"person {number}" for number in range(8)}
    widths = {r.author: int(values(dataset.load("sub-01_T2w", r.revision).mask).sum()) // 24 for r in history}
    assert widths == {f"person {number}": 1 + number for number in range(8)}


def test_voxels_are_counted_against_the_prediction_or_what_the_person_began_with(dataset):
    case, grid = "sub-01_T2w", dataset.record("sub-01_T2w").grid()
    folder = dataset.layout.prediction(case)
    folder.mkdir(parents=True)
    write_image(box_soft(grid, 5), folder / f"{case}_softseg.nii.gz")
    Provenance(job="cord.segment", model=MODEL, inputs=[FileRecord.of(dataset.case(case).image)]).write(
        folder / f"{case}_softseg.json"
    )
    first = save(dataset, width=4).record
    assert (first.base, first.voxels_added, first.voxels_removed, first.model) == (0, 0, 24, MODEL)
    second = save(dataset, width=4, before=box_mask(grid, 1), base=1).record
    assert (second.voxels_added, second.voxels_changed) == (72, 72)


def test_an_image_is_copied_byte_by_byte_and_added_once(dataset, images):
    source = images / "sub-01_T1w.nii.gz"
    assert sha256(dataset.case("sub-01_T1w").image) == sha256(source)
    before = dataset.cases()
    assert dataset.add(source) == dataset.case("sub-01_T1w")
    assert dataset.cases() == before
    assert [case.name for case in before] == ["sub-01_T1w", "sub-01_T2w", "sub-02_T1w", "sub-02_T2w"]
    write_image(small_image(9), images / "sub-01_T1w.nii.gz")
    with pytest.raises(BadInputError, match="another image of the dataset"):
        dataset.add(images / "sub-01_T1w.nii.gz")
    assert dataset.add(images / "sub-01_T1w.nii.gz", session="2").name == "sub-01_ses-2_T1w"


def test_an_uncompressed_nifti_keeps_its_header_and_voxels(tmp_path, dataset):
    nibabel.save(
        nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.diag([-1, 1, 2, 1])), tmp_path / "t1.nii"
    )
    case = dataset.add(tmp_path / "t1.nii")
    assert case.name == "sub-t1_T1w"
    stored, source = nibabel.load(case.image), nibabel.load(tmp_path / "t1.nii")
    assert stored.header == source.header
    assert np.array_equal(stored.dataobj, source.dataobj)


def test_an_existing_bids_dataset_becomes_a_correction_dataset_without_a_copy(tmp_path, images):
    folder = tmp_path / "bids"
    (folder / "sub-01" / "anat").mkdir(parents=True)
    (folder / "dataset_description.json").write_text('{"Name": "Theirs", "BIDSVersion": "1.8.0"}')
    (images / "sub-01_T1w.nii.gz").rename(folder / "sub-01" / "anat" / "sub-01_T1w.nii.gz")
    dataset = CorrectionDataset.create(folder)
    case = dataset.add(folder / "sub-01" / "anat" / "sub-01_T1w.nii.gz")
    assert case.image == folder / "sub-01" / "anat" / "sub-01_T1w.nii.gz"
    assert "Theirs" in (folder / "dataset_description.json").read_text()


def test_states_reasons_and_who_is_tested_are_listed(dataset):
    save(dataset)
    dataset.exclude("sub-02_T1w", "motion", author="A. Reader")
    assert dataset.freeze_test_subjects(["sub-02"]) == ("02",)
    shown = {case.name: (case.state, case.revision, case.test) for case in dataset.cases()}
    assert shown == {
        "sub-01_T1w": ("pending", 0, False),
        "sub-01_T2w": ("corrected", 1, False),
        "sub-02_T1w": ("excluded", 0, True),
        "sub-02_T2w": ("pending", 0, True),
    }
    assert dataset.case("sub-02_T1w").reason.startswith("motion (A. Reader, 20")
    assert dataset.include("sub-02_T1w").state == "pending"
    with pytest.raises(BadInputError, match="without a reason"):
        dataset.exclude("sub-02_T1w", "  ")


def test_test_subjects_are_fixed_once(dataset, images):
    drawn = dataset.freeze_test_subjects(share=0.5, seed=3)
    assert len(drawn) == 1
    write_image(small_image(9), images / "sub-03_T1w.nii.gz")
    dataset.add(images / "sub-03_T1w.nii.gz")
    assert dataset.freeze_test_subjects(share=0.5, seed=4) == drawn
    assert dataset.freeze_test_subjects(drawn) == drawn
    with pytest.raises(BadInputError, match="are fixed already"):
        dataset.freeze_test_subjects(["03"])
    with pytest.raises(BadInputError, match="one to train on"):
        CorrectionDataset.create(images.parent / "other").freeze_test_subjects()


def test_what_another_program_wrote_over_a_mask_is_kept_aside(dataset):
    save(dataset)
    seg = dataset.layout.seg("sub-01_T2w")
    seg.write_bytes(b"drawn elsewhere")
    save(dataset, width=6)
    (kept,) = dataset.layout.outside("sub-01_T2w").iterdir()
    assert kept.read_bytes() == b"drawn elsewhere"
    assert sha256(seg) == dataset.history("sub-01_T2w")[-1].seg_sha256


def test_derivatives_that_a_kill_left_behind_are_brought_up_on_opening(dataset):
    save(dataset)
    layout, case = dataset.layout, "sub-01_T2w"
    layout.softseg(case).with_name(f"{case}_label-SC_softseg.json").unlink()
    layout.seg(case).unlink()
    assert published_revision(layout, case) == 0
    CorrectionDataset.open(dataset.folder)
    assert published_revision(layout, case) == 1
    assert sha256(layout.seg(case)) == dataset.history(case)[0].seg_sha256
    assert not layout.outside(case).exists()


def test_a_correction_is_saved_even_where_the_derivatives_cannot_be_written(dataset):
    """Someone has put a file where the folder of the subject belongs."""
    blocked = dataset.layout.labels / "sub-01"
    blocked.write_text("")
    with pytest.warns(ImageWarning, match="is saved, but the derivatives could not be written"):
        saved = save(dataset, seconds=-3)
    assert dataset.load("sub-01_T2w").record == saved.record
    assert saved.record.seconds == 0
    blocked.unlink()
    CorrectionDataset.open(dataset.folder)
    assert published_revision(dataset.layout, "sub-01_T2w") == 1


def test_masks_that_do_not_fit_are_refused_and_leave_nothing(dataset):
    grid = dataset.record("sub-01_T2w").grid()
    good, soft = box_mask(grid), box_soft(grid)
    for wrong, mask, message in (
        (soft[1:], good, "soft mask does not lie on the grid"),
        (soft, good[:, 1:], "The mask does not lie on the grid"),
        (soft * 3, good, "outside 0 to 1"),
        (soft / (soft - soft), good, "outside 0 to 1"),
    ):
        with pytest.raises(BadInputError, match=message):
            dataset.save("sub-01_T2w", wrong, mask, author="A")
    with pytest.raises(BadInputError, match="has no revision 3"):
        dataset.save("sub-01_T2w", soft, good, author="A", base=3)
    assert dataset.history("sub-01_T2w") == []
    assert list(dataset.layout.staging.iterdir()) == []
    assert not dataset.layout.seg("sub-01_T2w").exists()


def as_stored(image, orientation, noise=0.0):
    """A mask as another program leaves it: its axes in another order, its affine a little off."""
    turned = nibabel.Nifti1Image(values(image).transpose(), ras_affine(image)).as_reoriented(orientation)
    affine = turned.affine + np.pad(np.random.default_rng(1).normal(0, noise / 50, (3, 3)), ((0, 1), (0, 1)))
    array = np.ascontiguousarray(turned.dataobj)
    made = as_image((array, affine))
    made.SetOrigin((np.array(made.GetOrigin()) + noise).tolist())
    return made


@pytest.mark.parametrize(
    "orientation", [((0, -1), (1, -1), (2, 1)), ((2, 1), (0, -1), (1, 1)), ((0, 1), (1, 1), (2, 1))]
)
@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_a_mask_of_the_same_voxels_is_saved_at_its_places(dataset, orientation, noise):
    """A mask that came back through another program's header is off by thousandths of a millimetre (5e-3 at most)."""
    case = "sub-01_T2w"
    grid = dataset.record(case).grid()
    mask, soft = box_mask(grid), box_soft(grid)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImageWarning)
        dataset.save(case, as_stored(soft, orientation, noise), as_stored(mask, orientation, noise), author="A")
    kept = dataset.load(case)
    assert same_grid(kept.mask, grid, 1e-4)
    np.testing.assert_allclose(centre_of_mass(kept.mask), centre_of_mass(mask), atol=1e-4)
    assert np.array_equal(values(kept.mask), values(mask))
    assert np.array_equal(values(kept.soft), values(soft))


@pytest.mark.parametrize("by", [(0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5), (0.1, 0, 0)])
def test_a_mask_half_a_voxel_off_is_refused(dataset, by):
    grid = dataset.record("sub-01_T2w").grid()
    moved = box_mask(grid)
    moved.SetOrigin(grid.TransformContinuousIndexToPhysicalPoint(by))
    with pytest.raises(BadInputError, match="does not lie on the grid"):
        dataset.save("sub-01_T2w", box_soft(grid), moved, author="A")


@pytest.mark.filterwarnings("ignore::crosscontrast.ground.images.ImageWarning")
def test_masks_keep_qform_and_sform_of_their_image_through_to_the_export(dataset, tmp_path):
    """A viewer that takes the sform drew them 15 mm beside their image."""
    image = small_image(9)
    qform = ras_affine(image)
    sform = qform.copy()
    sform[2, 3] += 15
    given = nibabel.Nifti1Image(values(image).transpose(), qform)
    given.set_qform(qform, 1)
    given.set_sform(sform, 2)
    nibabel.save(given, tmp_path / "sub-09_T2w.nii.gz")
    case = dataset.add(tmp_path / "sub-09_T2w.nii.gz", author="A").name
    save(dataset, case)
    for file in (dataset.layout.seg(case), dataset.layout.softseg(case)):
        made = nibabel.load(file)
        assert [int(made.header[f"{form}_code"]) for form in ("qform", "sform")] == [1, 2]
        np.testing.assert_allclose(made.affine, sform, atol=1e-4)
        np.testing.assert_allclose(made.get_qform(), qform, atol=1e-4)


def test_a_damaged_revision_is_named_and_the_earlier_one_still_opens(dataset):
    save(dataset)
    save(dataset, width=6)
    (dataset.layout.revision("sub-01_T2w", 2) / "softseg.nii.gz").write_bytes(b"x")
    with pytest.raises(BadInputError, match="is not the file that was saved"):
        dataset.load("sub-01_T2w")
    assert dataset.load("sub-01_T2w", 1).record.revision == 1


@pytest.mark.parametrize("name", ["sub-09_T2w", "../../etc", "sub-01_T2w/.."])
def test_cases_that_are_not_there_are_named(dataset, name):
    for act in (dataset.load, dataset.history, dataset.case, dataset.include, dataset.prediction):
        with pytest.raises(BadInputError, match=r"no case|is not the BIDS name"):
            act(name)


def test_folders_that_are_something_else_are_refused(tmp_path, dataset):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    with pytest.raises(BadInputError, match="neither empty nor a BIDS dataset"):
        CorrectionDataset.create(tmp_path / "full")
    with pytest.raises(BadInputError, match="is not a correction dataset"):
        CorrectionDataset.open(tmp_path / "full")
    with pytest.raises(BadInputError, match="is a correction dataset already"):
        CorrectionDataset.create(dataset.folder)
    with pytest.raises(BadInputError, match="signs other than letters"):
        CorrectionDataset.create(tmp_path / "new", label="spinal cord")
    assert not (tmp_path / "new").exists()


def test_records_of_a_stranger_s_dataset_lead_nowhere_else(dataset):
    path = dataset.layout.case("sub-01_T2w")
    path.write_text(path.read_text().replace("sub-01/anat/", "../../"))
    with pytest.raises(BadInputError, match=r"case\.json cannot be read"):
        dataset.cases()
