from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import draw_frame
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.labelmaps import REACH, read_tracings
from crosscontrast.errors import BadInputError

GRID = Grid((24, 40, 40))


def _write(path: Path, values: np.ndarray, spacing: tuple[float, float, float] = (0.5, 0.5, 5.0)) -> None:
    image = sitk.GetImageFromArray(values.astype(np.uint8))
    image.SetSpacing(spacing)
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))  # x to the right, y to the front
    sitk.WriteImage(image, str(path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Nine slices: a square-cornered cord of 11.5 x 7.5 mm in a sac of 21.5 x 13.5 mm, 2 mm further in front."""
    y, x = np.mgrid[:100, :120] * 0.5
    cord = (np.abs(x - 30) < 6) & (np.abs(y - 25) < 4)
    sac = (np.abs(x - 30) < 11) & (np.abs(y - 27) < 7)
    _write(tmp_path / "p_seg-manual.nii.gz", np.repeat(cord[None], 9, 0))
    _write(tmp_path / "p_csfseg-manual.nii.gz", np.repeat((sac & ~cord)[None], 9, 0))
    return tmp_path


def test_a_tracing_knows_sizes_and_distances_in_millimetres(folder: Path):
    (tracing,) = read_tracings(folder)
    assert tracing.levels.shape == (2, 9, 81, 81)
    assert tracing.spacing == 5
    assert tracing.ahead == pytest.approx(2, abs=0.05)
    assert tracing.cord == pytest.approx((2 * 11.5 / np.sqrt(12), 2 * 7.5 / np.sqrt(12)), rel=0.01)
    assert tracing.sac == pytest.approx((2 * 21.5 / np.sqrt(12), 2 * 13.5 / np.sqrt(12)), rel=0.01)
    cord, sac = tracing.levels[:, 4]
    assert float(cord[40, 40]) == pytest.approx(-4, abs=0.3)
    assert float(cord[40, 40 + 2 * 9]) == pytest.approx(3, abs=0.3)
    assert float(sac[40 + 2 * 8, 40]) == pytest.approx(-1, abs=0.3)
    assert float(sac[40 - 2 * 8, 40]) == pytest.approx(3, abs=0.3)


def test_a_gap_that_two_masks_leave_between_cord_and_fluid_belongs_to_the_sac(folder: Path):
    """Masks by hand seldom touch all around; what lies in between is no bone or fat."""
    before = read_tracings(folder)[0].levels[1]
    y, x = np.mgrid[:100, :120] * 0.5
    hole = (np.abs(x - 30) < 7.5) & (np.abs(y - 26) < 4.6)
    fluid = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "p_csfseg-manual.nii.gz")))
    fluid[:, hole] = 0
    fluid[:, 50:66, 60] = 0  # and a slit to the front
    _write(folder / "p_csfseg-manual.nii.gz", fluid)
    (tracing,) = read_tracings(folder)
    assert torch.equal(tracing.levels[1], before)


def test_a_traced_cord_and_its_sac_grow_apart(folder: Path):
    """Else a network would learn the size of a cord that it cannot see by the sac around it."""
    tracings, areas = read_tracings(folder), []
    for seed in range(300):
        frame = draw_frame(GRID, Draw(seed), centred=True)
        if REACH[0] < frame.low and frame.high < REACH[1] and float(frame.u.abs().min()) < 1:
            body = draw_anatomy(GRID, Draw(seed), tracings, centred=True)
            areas.append((float(body.cord[12].sum()), float(body.canal[12].sum())))
    cord, sac = torch.tensor([pair for pair in areas if min(pair) > 5]).log().T
    assert len(cord) > 60
    slope = torch.cov(torch.stack([cord, sac]))[0, 1] / sac.var()
    assert float(slope) < 0.6


def test_bodies_take_the_traced_shape_and_keep_the_size_of_a_cord(folder: Path):
    """A square cord fills more of its bounding ellipse: its corners tell it from a generated one."""
    tracings, fullness = read_tracings(folder), []
    for seed in range(160):
        frame = draw_frame(GRID, Draw(seed))
        upright = REACH[0] < frame.low and frame.high < REACH[1] and float(frame.u.abs().min()) < 1
        if not upright:
            continue
        cord = draw_anatomy(GRID, Draw(seed), tracings).cord[12]
        if float(cord[[0, -1]].sum() + cord[:, [0, -1]].sum()) > 0 or float(cord.sum()) < 25:
            continue
        assert float(cord.sum()) < 190
        place = torch.nonzero(cord > 0.5).float()
        spread = torch.linalg.det(torch.cov(place.T)).sqrt()
        fullness.append(float(cord.sum() / spread))
    # Area over the determinant of the spread is 4 pi = 12.6 for an ellipse and 12 for a square.
    assert len(fullness) > 20
    assert sum(f < 12.3 for f in fullness) > 0.2 * len(fullness)


def test_a_patch_shows_one_cord_however_far_it_reaches(folder: Path):
    tracings, grid = read_tracings(folder), Grid((4, 110, 110))
    from scipy.ndimage import label

    for seed in range(40):
        body = draw_anatomy(grid, Draw(seed), tracings)
        parts, count = label(body.canal.numpy() > 0.5)
        sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
        assert (sizes > 10).sum() <= 1  # a disc may cut a crumb off a traced sac's corner


@pytest.mark.parametrize("wrong", ["no pair", "other grid", "one slice"])
def test_masks_that_cannot_be_used_are_named(folder: Path, wrong: str):
    if wrong == "no pair":
        (folder / "p_csfseg-manual.nii.gz").unlink()
    else:
        spacing = (1.0, 1.0, 5.0) if wrong == "other grid" else (0.5, 0.5, 5.0)
        values = np.zeros((9, 100, 120))
        values[0, 40:50, 40:50] = 1
        _write(folder / ("p_csfseg-manual.nii.gz" if wrong == "other grid" else "p_seg-manual.nii.gz"), values, spacing)
    with pytest.raises(BadInputError, match=str(folder)):
        read_tracings(folder)
