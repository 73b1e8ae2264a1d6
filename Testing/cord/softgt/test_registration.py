"""Registration by masks and by intensities."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from moved_scans import Scan, pose, shifted, with_slices

from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.cord.softgt.contrast import Contrast, read_contrast
from crosscontrast.cord.softgt.fuse import fuse
from crosscontrast.cord.softgt.registration import mask_dice, mean_move, register, rotation_angle
from crosscontrast.ground.geometry import reorient

MOVE = pose((2, -2, 4), (1.5, -2, 2.5))


def phantom(
    role: str, size: tuple[int, int, int], spacing: tuple[float, float, float], move: sitk.Transform
) -> Contrast:
    """A contrast with its image whose patient was moved."""
    origin = np.array([1, 1, -1]) * (np.array(size) - 1) / 2 * spacing
    turn = np.array(move.GetMatrix()).reshape(3, 3)
    body = CordPhantom(
        size=size,
        spacing=spacing,
        origin=move.TransformPoint(origin.tolist()),
        direction=tuple((turn @ np.diag([-1.0, -1.0, 1.0])).ravel()),
    )
    return Contrast(role, sitk.Cast(body.soft_truth() >= 0.5, sitk.sitkFloat32), body.image(role))


@pytest.fixture(scope="module")
def pair() -> list[Contrast]:
    return [phantom("T2w", (42, 42, 32), (1.3, 1.3, 1.5), pose()), phantom("T1w", (40, 40, 16), (1.3, 1.3, 3.0), MOVE)]


def error_along(contrast: Contrast, found: sitk.Transform) -> np.ndarray:
    """Mean error (3,) in mm of a transform along the reference's centreline."""
    points = contrast.centreline.tolist()
    return np.mean([np.subtract(found.TransformPoint(p), MOVE.TransformPoint(p)) for p in points], axis=0)


def test_images_show_the_shift_along_the_cord_that_masks_cannot(pair: list[Contrast]) -> None:
    by_masks = register(pair[0], Contrast("T1w", pair[1].mask))
    by_images = register(*pair)
    assert (by_masks.step, by_images.step) == ("masks", "intensities")
    assert np.abs(error_along(pair[0], by_masks.transform)[:2]).max() < 0.5
    assert np.abs(error_along(pair[0], by_masks.transform)[2]) > 1.5
    assert np.abs(error_along(pair[0], by_images.transform)).max() < 0.3
    assert by_images.contradiction is None


def test_a_mask_that_lies_beside_the_cord_of_its_image_is_noticed(pair: list[Contrast]) -> None:
    found = register(pair[0], shifted(pair[1], (0, 5, 0)))
    assert found.contradiction == pytest.approx(6.5, abs=2)


@pytest.mark.slow
def test_where_the_reference_lies_beside_its_cord_it_is_blamed_itself(pair: list[Contrast]) -> None:
    again = Contrast("MToff", pair[1].mask, pair[1].image)
    found = fuse([shifted(pair[0], (0, 5, 0)), pair[1], again])
    assert [contrast.kept for contrast in found.contrasts] == [False, True, True]
    assert "T2w was left out: its image fits" in found.remarks[0]


def test_a_rigid_move_is_measured_in_mm_and_degrees() -> None:
    reference = Scan().contrast()
    assert mean_move(reference, pose(shift=(3, 0, 4))) == pytest.approx(5)
    assert rotation_angle(pose((0, 0, 7))) == pytest.approx(7)


@pytest.mark.parametrize("ends", [(12, 12), (12, 13)], ids=["one slice", "two slices"])
def test_a_mask_of_few_slices_is_registered_all_the_same(ends: tuple[int, int]) -> None:
    few = with_slices(Scan("T1w", patient=pose(shift=(2, -3, 0))).contrast(), *ends)
    assert mask_dice(Scan().contrast(), few, register(Scan().contrast(), few).transform) > 0.9


def test_an_image_that_shows_nothing_does_not_stop_the_masks(pair: list[Contrast]) -> None:
    noise = sitk.AdditiveGaussianNoise(pair[1].image * 0, 1, 0, 7)
    found = register(pair[0], Contrast("T1w", pair[1].mask, noise))
    assert np.abs(error_along(pair[0], found.transform)[:2]).max() < 0.5


def test_manual_masks_of_real_people_are_found_again_after_a_known_move(real_data: Path) -> None:
    folder = real_data / "cord" / "labels"
    move = pose((3, -2, 4), (2, -3, 0))
    subject = "sub-oxfordFmrib11"
    t2w = read_contrast("T2w", folder / f"{subject}_T2w_seg-manual.nii.gz", None)
    still = read_contrast("T2star", folder / f"{subject}_T2star_seg-manual.nii.gz", None)
    moved = sitk.Image(still.mask)
    moved.SetOrigin(move.TransformPoint(moved.GetOrigin()))
    turn = np.array(move.GetMatrix()).reshape(3, 3)
    moved.SetDirection((turn @ np.array(moved.GetDirection()).reshape(3, 3)).ravel().tolist())
    found = fuse([t2w, Contrast("T2star", reorient(moved, "PIR"))])
    assert found.contrasts[1].before.dice < 0.8
    assert found.contrasts[1].after.dice > 0.95
