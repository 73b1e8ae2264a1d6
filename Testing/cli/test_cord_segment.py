"""``crosscontrast cord segment`` as a user runs it: one sentence per bad input, exit code 2, nothing written."""

import gzip
import json
import resource
import shutil
import struct

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from commands import crosscontrast, process
from dicom_makers import slices_of, write_classic, write_enhanced

from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.models.library import ModelLibrary

PHANTOM = CordPhantom(size=(48, 48, 32), origin=(-24.0, 24.0, -16.0))


@pytest.fixture(autouse=True)
def _own_library(model_home):
    pass


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    path = tmp_path_factory.mktemp("phantom") / "good_T2w.nii.gz"
    write_image(PHANTOM.image("T2w"), path)
    return path


def save(values, path):
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    return path


def truncated(folder):
    path = save(np.random.default_rng(0).random((30, 30, 30), np.float32), folder / "x.nii.gz")
    path.write_bytes(path.read_bytes()[:-2000])
    return path


def text(folder):
    (folder / "x.nii.gz").write_text("once upon a time")
    return folder / "x.nii.gz"


def empty(folder):
    (folder / "x.nii.gz").touch()
    return folder / "x.nii.gz"


def huge_header(folder):
    raw = bytearray(gzip.decompress(save(np.ones((8, 8, 8), np.float32), folder / "x.nii.gz").read_bytes()))
    raw[40:56] = struct.pack("<8h", 3, 1024, 1024, 1024, 1, 1, 1, 1)
    (folder / "x.nii.gz").write_bytes(gzip.compress(bytes(raw)))
    return folder / "x.nii.gz"


BAD_IMAGES = {
    "missing": (lambda folder: folder / "x.nii.gz", "does not exist"),
    "folder without images": (lambda folder: folder, "holds no image"),
    "empty file": (empty, "is empty"),
    "truncated gzip": (truncated, "incomplete"),
    "text called nii.gz": (text, "not a readable"),
    "2-D": (lambda f: save(np.ones((8, 9), np.float32), f / "x.nii.gz"), "2-D"),
    "4-D": (lambda f: save(np.ones((8, 9, 4, 3), np.float32), f / "x.nii.gz"), "4-D"),
    "all NaN": (lambda f: save(np.full((8, 9, 4), np.nan, np.float32), f / "x.nii.gz"), "no voxel with a finite"),
    "constant": (lambda f: save(np.full((8, 9, 4), 3, np.int16), f / "x.nii.gz"), "constant"),
    "4 GiB header": (huge_header, "promises 4294967296 bytes"),
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_a_bad_image_is_one_sentence_and_exit_code_2_and_leaves_nothing(tmp_path, case):
    make, reason = BAD_IMAGES[case]
    inputs = tmp_path / "in"
    inputs.mkdir()
    image = make(inputs)
    run = crosscontrast("cord", "segment", image, "--out", tmp_path / "out")
    assert run.returncode == 2
    assert run.stdout == ""
    assert len(run.stderr.strip().splitlines()) == 1
    assert str(image) in run.stderr or image.name in run.stderr
    assert reason in run.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_made_is_one_sentence(tmp_path, phantom):
    (tmp_path / "file").touch()
    run = crosscontrast("cord", "segment", phantom, "--out", tmp_path / "file" / "out")
    assert run.returncode == 2
    assert run.stderr.startswith("error: Cannot write into the folder")
    assert len(run.stderr.splitlines()) == 1


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, phantom):
    """A limit on the size of files makes every write fail part-way, as a full disk does."""
    run = process(
        "cord",
        "segment",
        phantom,
        "--out",
        tmp_path / "out",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert run.returncode == 2, run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert f"Cannot write {tmp_path / 'out' / 'good_T2w_softseg.nii.gz'}" in run.stderr
    assert not (tmp_path / "out").exists()


def test_the_same_stem_twice_is_refused_before_anything_is_done(tmp_path, phantom):
    other = tmp_path / phantom.name
    other.write_bytes(phantom.read_bytes())
    run = crosscontrast("cord", "segment", phantom, other, "--out", tmp_path / "out")
    assert run.returncode == 2
    assert "would both give results called good_T2w" in run.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "reason"),
    [(("--model", "nobody"), "no model called 'nobody'"), (("--device", "gpu"), "no device called 'gpu'")],
)
def test_a_wrong_setting_is_one_sentence(tmp_path, phantom, option, reason):
    run = crosscontrast("cord", "segment", phantom, "--out", tmp_path / "out", *option)
    assert run.returncode == 2
    assert reason in run.stderr
    assert not (tmp_path / "out").exists()


def test_good_images_are_done_although_one_is_bad_and_the_exit_code_says_so(tmp_path, phantom):
    bad = empty(tmp_path)
    run = process("cord", "segment", phantom, bad, "--out", tmp_path / "out", "--json")
    assert run.returncode == 2
    good, failed = json.loads(run.stdout)
    assert good["image"] == str(phantom)
    assert failed["error"]["kind"] == "bad-input"
    assert "1 of 2 images done" in run.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "good_T2w_csa.csv",
        "good_T2w_overlay.png",
        "good_T2w_seg.nii.gz",
        "good_T2w_softseg.json",
        "good_T2w_softseg.nii.gz",
    ]
    assert same_grid(read_image(tmp_path / "out" / "good_T2w_softseg.nii.gz"), read_image(phantom), 1e-6)


UNUSUAL = {
    "one slice": lambda: PHANTOM.image("T2w")[:, :, 16:17],
    "0.1 mm voxels": lambda: CordPhantom(size=(90, 90, 20), spacing=(0.1, 0.1, 0.1)).image("T2w"),
    "20 mm voxels": lambda: CordPhantom(size=(4, 4, 5), spacing=(20.0, 20.0, 20.0)).image("T2w"),
    "unsigned bytes": lambda: sitk.Cast(sitk.RescaleIntensity(PHANTOM.image("T2w"), 0, 255), sitk.sitkUInt8),
    "double": lambda: sitk.Cast(PHANTOM.image("T2w"), sitk.sitkFloat64),
}


@pytest.mark.parametrize("case", UNUSUAL)
def test_unusual_but_valid_images_are_segmented_on_their_own_grid(tmp_path, case):
    image = UNUSUAL[case]()
    write_image(image, tmp_path / "x.nii.gz")
    run = crosscontrast("cord", "segment", tmp_path / "x.nii.gz", "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    assert same_grid(read_image(tmp_path / "out" / "x_seg.nii.gz"), read_image(tmp_path / "x.nii.gz"), 1e-6)


def test_cleaned_voxels_and_contradicting_geometry_are_said_and_recorded(tmp_path):
    values = sitk.GetArrayFromImage(PHANTOM.image("T2w")).transpose(2, 1, 0)
    values[3, 4, 5] = np.nan
    image = nibabel.Nifti1Image(values, np.eye(4))
    image.set_qform(np.eye(4), code=1)
    image.set_sform(np.diag([-1, 1, 1, 1]), code=1)
    nibabel.save(image, tmp_path / "x.nii.gz")
    run = crosscontrast("cord", "segment", tmp_path / "x.nii.gz", "--out", tmp_path / "out")
    assert run.returncode == 0
    assert "warning: x.nii.gz: 1 voxels are NaN" in run.stderr
    assert "warning: x.nii.gz: qform and sform" in run.stderr
    assert len(json.loads((tmp_path / "out" / "x_softseg.json").read_text())["warnings"]) == 2


def test_two_workers_give_the_same_voxels_as_one(tmp_path, phantom):
    other = tmp_path / "other_T1w.nii.gz"
    write_image(PHANTOM.image("T1w"), other)
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        run = crosscontrast("cord", "segment", phantom, other, "--out", out, "--workers", workers)
        assert run.returncode == 0, run.stderr
    for name in ("good_T2w_softseg.nii.gz", "other_T1w_softseg.nii.gz"):
        one, two = (sitk.GetArrayFromImage(read_image(tmp_path / f"out{w}" / name)) for w in (1, 2))
        assert np.abs(one - two).max() < 1e-5


@pytest.mark.parametrize("contrast", ["mts", "single"])
def test_real_images_are_segmented_on_their_grids(tmp_path, real_data, contrast):
    images = [p for p in sorted((real_data / "cord" / contrast).glob("*.nii.gz")) if not p.name.endswith("_seg.nii.gz")]
    run = crosscontrast("cord", "segment", images[0], "--out", tmp_path / "out", "--json")
    assert run.returncode == 0, run.stderr
    (result,) = json.loads(run.stdout)
    assert same_grid(read_image(result["softseg"]), read_image(images[0]), 1e-5)
    assert 30 < result["mean_csa_mm2"] < 130


def test_of_a_dicom_study_every_mr_series_is_segmented_and_series_chooses(tmp_path):
    image = sitk.Cast(PHANTOM.image("T2w") * 100, sitk.sitkInt16)
    study, slices = tmp_path / "patient", slices_of(image)
    write_enhanced(study / "IM1", slices)
    write_classic(study / "T1", slices, SeriesNumber=2, SeriesDescription="T1 ax")
    write_classic(study / "scout", slices[:1], SeriesNumber=7, SeriesDescription="scout")
    done = crosscontrast("cord", "segment", study, "--out", tmp_path / "all", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "patient: The DICOM series 7_scout is a single slice." in done.stderr
    made = {path.name for path in (tmp_path / "all").glob("*_softseg.nii.gz")}
    assert made == {"2_T1_ax_softseg.nii.gz", "4_t2_sag_softseg.nii.gz"}
    soft = [read_image(tmp_path / "all" / name) for name in sorted(made)]
    assert same_grid(soft[0], read_image(study / "2_T1_ax.dcmseries"), tolerance=1e-3)
    assert np.array_equal(*map(sitk.GetArrayFromImage, soft))
    command = ("cord", "segment", study, "--series", "t1 AX", "--out", tmp_path / "one", "--device", "cpu")
    assert crosscontrast(*command).returncode == 0
    assert [path.name for path in (tmp_path / "one").glob("*_softseg.nii.gz")] == ["2_T1_ax_softseg.nii.gz"]
    refused = crosscontrast("cord", "segment", study, "--series", "9", "--out", tmp_path / "none", "--device", "cpu")
    assert refused.returncode == 2
    assert "holds no DICOM series 9; it has 2_T1_ax, 4_t2_sag, 7_scout." in refused.stderr
    assert not (tmp_path / "none").exists()


def test_the_model_may_be_a_folder_and_one_that_is_not_there_is_called_that(phantom, tmp_path):
    folder = ModelLibrary().find("softcord").folder
    copy = tmp_path / "model-000150"
    shutil.copytree(folder, copy)
    done = crosscontrast("cord", "segment", phantom, "--model", copy, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "out" / "good_T2w_softseg.json").read_text())["model"]
    assert (kept["name"], kept["version"]) == ("model-000150", 0)
    for wanted, words in {"runs/x": "There is no folder runs/x", "softcrd": "no model called 'softcrd'"}.items():
        failed = crosscontrast("cord", "segment", phantom, "--model", wanted, "--out", tmp_path / "none")
        assert (failed.returncode, words in failed.stderr) == (2, True), failed.stderr
        assert not (tmp_path / "none").exists()
