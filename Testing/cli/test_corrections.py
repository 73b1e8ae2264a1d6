"""``crosscontrast corrections`` from an empty folder to a corrected case, as a user runs it."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner

from crosscontrast.cli.corrections import corrections
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.ground.images import image_like, read_image, write_image


def run(*arguments, code=0):
    done = CliRunner().invoke(corrections, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom")
    body = CordPhantom(size=(48, 48, 40), origin=(-24.0, 24.0, -20.0))
    for contrast in ("T1w", "T2w"):
        write_image(body.image(contrast), folder / f"sub-01_{contrast}.nii.gz")
    return folder


def test_from_an_empty_folder_to_a_corrected_case(tmp_path, phantom, model_home):
    dataset = tmp_path / "d"
    run("init", dataset, "--name", "Ours")
    assert "sub-01_T2w" in run("add", dataset, phantom, "--author", "A").stdout
    predicted = json.loads(run("predict", dataset, "--device", "cpu", "--json").stdout)
    assert len(predicted) == 2
    entries = json.loads(run("worklist", dataset, "--json").stdout)
    assert {entry["case"] for entry in entries} == {"sub-01_T1w", "sub-01_T2w"}
    assert all("mean uncertainty" in entry["reason"] for entry in entries)
    assert "contrasts" in run("worklist", dataset, "--by", "disagreement").stdout
    assert "nothing to predict" in run("predict", dataset).stderr

    soft = read_image(CorrectionDataset.open(dataset).prediction("sub-01_T2w").softseg)
    edited = sitk.GetArrayFromImage(sitk.Cast(soft >= 0.5, sitk.sitkUInt8))
    first = int(np.argwhere(edited.any(axis=(1, 2)))[0, 0])
    removed = int(edited[first : first + 3].sum())
    edited[first : first + 3] = 0
    write_image(image_like(edited, soft), tmp_path / "corrected.nii.gz")
    saved = json.loads(
        run(
            "save", dataset, "sub-01_T2w", tmp_path / "corrected.nii.gz", "--seconds", 42, "--author", "B", "--json"
        ).stdout
    )
    assert (saved["revision"], saved["voxels_removed"], saved["voxels_added"]) == (1, removed, 0)
    assert saved["model"]["name"] == "softcord"
    back = CorrectionDataset.open(dataset).load("sub-01_T2w")
    assert np.array_equal(sitk.GetArrayFromImage(back.mask), edited)
    assert np.array_equal(sitk.GetArrayFromImage(back.soft) >= 0.5, edited > 0)

    write_image(back.mask * 0, tmp_path / "empty.nii.gz")
    empty = ("save", dataset, "sub-01_T2w", tmp_path / "empty.nii.gz", "--soft", tmp_path / "empty.nii.gz")
    assert "it is empty" in run(*empty, "--base", 0, code=2).stderr
    run(*empty, "--base", 0, "--force")
    shown = run("show", dataset, "sub-01_T2w").stdout
    assert "B, 42 s" in shown
    assert "from softcord@" in shown
    assert "1 pending" in run("list", dataset).stdout


def test_exclusion_and_test_subjects_from_the_command_line(tmp_path, phantom):
    dataset = tmp_path / "d"
    run("init", dataset)
    run("add", dataset, phantom / "sub-01_T1w.nii.gz")
    run("add", dataset, phantom / "sub-01_T2w.nii.gz", "--subject", "02")
    run("exclude", dataset, "sub-01_T1w", "--reason", "motion", "--author", "A")
    (first, _) = json.loads(run("list", dataset, "--json").stdout)
    assert (first["state"], first["reason"][:9]) == ("excluded", "motion (A")
    assert "pending" in run("include", dataset, "sub-01_T1w").stdout
    assert run("freeze", dataset, "--subject", "02").stdout == "Test subjects: sub-02\n"
    assert "are fixed already" in run("freeze", dataset, "--subject", "01", code=2).stderr
    assert "test" in run("list", dataset).stdout
    assert "Nothing waits" not in run("worklist", dataset, "--by", "listed").stdout


def test_a_bad_image_does_not_stop_the_others_and_mistakes_end_with_2(tmp_path, phantom):
    dataset = tmp_path / "d"
    run("init", dataset)
    (tmp_path / "text.nii.gz").write_text("no image")
    done = run("add", dataset, tmp_path / "text.nii.gz", phantom / "sub-01_T1w.nii.gz", code=2)
    assert "text.nii.gz" in done.stderr
    assert "1 of 2 image(s) could not be added" in done.stderr
    assert "sub-01_T1w" in run("list", dataset).stdout
    for arguments, words in (
        (("list", tmp_path / "missing"), "is not a correction dataset"),
        (("show", dataset, "sub-09_T1w"), "has no case sub-09_T1w"),
        (("save", dataset, "sub-01_T1w", tmp_path / "text.nii.gz"), "text.nii.gz"),
        (("init", dataset), "is a correction dataset already"),
    ):
        assert words in run(*arguments, code=2).stderr


def test_what_is_saved_is_a_mask_of_two_values_that_fits_its_soft_map(tmp_path):
    """A soft map (+26 %) and two labels (+107 %) handed in as the mask were saved without a word."""
    body = CordPhantom(size=(48, 48, 20), origin=(-24.0, 24.0, -10.0))
    write_image(body.image("T2w"), tmp_path / "sub-01_T2w.nii.gz")
    soft = body.soft_truth()
    values = sitk.GetArrayFromImage(soft)
    cord = values >= 0.5
    right, dataset = int(cord.sum()), tmp_path / "d"
    other = np.roll(cord, 16, axis=2) & ~cord
    given = {
        "soft": values,
        "labels": (cord + 2 * other).astype(np.uint8),
        "inverted": (~cord).astype(np.uint8),
        "beside": np.roll(cord, 16, axis=2).astype(np.uint8),
        "speckled": (cord | (np.indices(cord.shape).sum(0) % 8 == 0) & (np.indices(cord.shape) % 4 == 0).all(0)).astype(
            np.uint8
        ),
        "zeros": np.zeros_like(values),
        "moved": np.roll(values, 16, axis=2),
        **{f"mask{top}": (cord * top).astype(np.uint8) for top in (1, 2, 255)},
    }
    for name, array in given.items():
        write_image(image_like(array, soft), tmp_path / f"{name}.nii.gz")
    run("init", dataset)
    run("add", dataset, tmp_path / "sub-01_T2w.nii.gz")

    def save(name, *more, code=0):
        return run("save", dataset, "sub-01_T2w", tmp_path / f"{name}.nii.gz", *more, code=code)

    def voxels():
        return int(sitk.GetArrayFromImage(CorrectionDataset.open(dataset).load("sub-01_T2w").mask).sum())

    for name, word in (("soft", "it is a soft map"), ("labels", "has the values 0, 1, 2")):
        assert word in save(name, code=2).stderr
    assert "covers" in save("inverted", code=2).stderr
    for name in ("zeros", "moved"):
        refused = save("mask1", "--soft", tmp_path / f"{name}.nii.gz", "--force", code=2)
        assert "does not lie where the mask does" in refused.stderr
    assert "1 pending" in run("list", dataset).stdout
    for name in ("mask1", "mask2", "mask255"):
        save(name, "--soft", tmp_path / "soft.nii.gz")
        assert voxels() == right
    save("labels", "--label", 1)
    assert voxels() == right
    assert "no voxel of the label 3" in save("labels", "--label", 3, code=2).stderr
    assert "it is a soft map" in save("soft", "--label", 1, code=2).stderr
    assert "shares nearly no voxel" in save("beside", code=2).stderr
    assert "separate pieces" in save("speckled", code=2).stderr
    save("beside", "--force")
    assert voxels() == int(given["beside"].sum())
