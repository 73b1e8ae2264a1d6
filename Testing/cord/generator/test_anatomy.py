import pytest
import torch
from torch.nn import functional

from crosscontrast.cord.generator.anatomy import Anatomy, draw_anatomy
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.frame import draw_frame
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.head import BRAINSTEM_ENDS
from crosscontrast.cord.generator.morphometry import NARROW_FRONT
from crosscontrast.cord.generator.tissues import CORD, THECAL, Tissue

GRID = Grid((24, 40, 40))
SEEDS = range(50)


@pytest.fixture(scope="module")
def bodies() -> list[Anatomy]:
    return [draw_anatomy(GRID, Draw(seed)) for seed in SEEDS]


@pytest.fixture(scope="module")
def heights() -> list[tuple[float, float]]:
    """Lowest and highest place of each body above the foramen magnum (the frame is the first thing drawn)."""
    frames = [draw_frame(GRID, Draw(seed)) for seed in SEEDS]
    return [(float(f.height.min()), float(f.height.max())) for f in frames]


def test_tissues_fill_every_voxel_exactly(bodies: list[Anatomy]):
    for body in bodies:
        assert float(body.fractions.min()) > -1e-5
        assert torch.allclose(body.fractions.sum(0), torch.tensor(1.0), atol=1e-4)


def test_the_truth_is_what_was_painted_and_the_cord_lies_in_the_canal(bodies: list[Anatomy]):
    for body in bodies:
        assert torch.allclose(body.cord, body.fractions[list(CORD)].sum(0))
        assert float((body.cord - body.canal).max()) < 1e-4
        inside = body.fractions[[*CORD, *THECAL]].sum(0)
        neck_and_below = body.fractions[[Tissue.BRAIN_GREY, Tissue.BRAIN_WHITE]].sum() == 0
        if neck_and_below:
            filled = inside[body.canal > 0.999]
            assert filled.numel() == 0 or float(filled.min()) > 0.99


def test_most_patches_show_cord_and_some_show_none(bodies: list[Anatomy]):
    with_cord = sum(float(body.cord.sum()) > 300 for body in bodies)
    assert 0.5 < with_cord / len(bodies) < 0.95


def test_the_brain_is_not_cord_and_neither_is_the_cauda_equina(
    bodies: list[Anatomy], heights: list[tuple[float, float]]
):
    above = [body for body, (low, _) in zip(bodies, heights, strict=True) if low > 6]
    below = [body for body, (_, high) in zip(bodies, heights, strict=True) if high < -540]
    assert above
    assert all(float(body.cord.sum()) == 0 for body in above + below)


def test_roots_hang_below_the_conus_without_cord():
    found = 0.0
    for seed in range(400):
        frame = draw_frame(Grid((8, 8, 8)), Draw(seed))
        if frame.centre < -520:
            body = draw_anatomy(GRID, Draw(seed))
            found += float(body.fractions[Tissue.ROOT].sum())
            assert float(body.cord.sum()) == 0
    assert found > 500


def test_pia_clings_to_the_cord_a_fraction_of_a_millimetre_thick():
    grid, thicknesses = Grid((16, 32, 32)), []
    for seed in range(60):
        if not -130 < draw_frame(grid, Draw(seed), centred=True).centre < -20:
            continue
        body = draw_anatomy(grid, Draw(seed), centred=True)
        pia, area = body.fractions[Tissue.PIA], float(body.cord.sum()) / 16
        if area > 30:
            near = functional.max_pool3d(body.cord[None], (1, 5, 5), 1, (0, 2, 2))[0] > 0
            assert float(pia[~near].sum()) == 0
            thicknesses.append(float(pia.sum()) / 16 / (2 * (torch.pi * area) ** 0.5))
    assert len(thicknesses) > 10
    assert 0.35 < sum(thicknesses) / len(thicknesses) < 0.5
    assert min(thicknesses) > 0.1
    assert max(thicknesses) < 1.0


def test_a_wrong_value_in_the_medulla_counts_less_and_elsewhere_fully(bodies: list[Anatomy]):
    assert all(set(body.certainty.unique().tolist()) <= {float(torch.tensor(0.7)), 1.0} for body in bodies)
    assert any(float(body.certainty.min()) < 1 for body in bodies)


def test_cords_are_as_large_as_cords_and_spread_evenly_from_thin_to_thick():
    areas = []
    for seed in range(400):
        frame = draw_frame(GRID, Draw(seed))
        if -100 < frame.centre < -35 and float(frame.u.abs().amin()) < 1:
            body = draw_anatomy(GRID, Draw(seed))
            per_slice = body.cord.sum((1, 2))
            whole = body.cord[:, [0, -1]].sum((1, 2)) + body.cord[:, :, [0, -1]].sum((1, 2)) == 0
            areas += per_slice[whole & (per_slice > 5)].tolist()
    areas_mm2 = torch.tensor(areas)
    assert 65 < float(areas_mm2.median()) < 100
    assert float(areas_mm2.quantile(0.1)) < 58
    assert float(areas_mm2.quantile(0.9)) > 105


def test_partial_volume_is_the_share_that_a_four_times_finer_body_has():
    """The label is calibrated: the mean error at boundary voxels stays below 0.015 and the volumes within 1 %."""
    grid = Grid((16, 32, 32))
    seeds = [seed for seed in range(40) if float(draw_anatomy(grid, Draw(seed)).cord.sum()) > 600][:6]
    assert len(seeds) == 6
    errors: dict[str, list[float]] = {"cord": [], "canal": []}
    for seed in seeds:
        coarse, fine = draw_anatomy(grid, Draw(seed)), draw_anatomy(grid.refined(4), Draw(seed))
        for name in errors:
            mine = getattr(coarse, name)
            truth = functional.avg_pool3d(getattr(fine, name)[None], 4)[0]
            boundary = ((truth > 0.001) & (truth < 0.999)) | ((mine > 0.001) & (mine < 0.999))
            errors[name] += (mine - truth)[boundary].abs().tolist()
            assert float(mine.sum()) == pytest.approx(float(truth.sum()), rel=0.01), name
    for name, values in errors.items():
        assert sum(values) / len(values) < 0.015, name


def test_the_same_seed_gives_the_same_body_and_another_seed_another():
    first, again, other = (draw_anatomy(GRID, Draw(seed)).fractions for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, atol=0.1)


def test_in_narrow_canals_little_fluid_is_left_before_and_behind_the_cord():
    room: dict[float, list[float]] = {0.0: [], 1.0: []}
    for seed in range(60):
        frame = draw_frame(GRID, Draw(seed), centred=True)
        if frame.low > -110 and frame.high < -40:
            for share, found in room.items():
                body = draw_anatomy(GRID, Draw(seed), centred=True, narrow=share)
                cord, canal = (part.sum(1) for part in (body.cord, body.canal))  # depth in mm, by height and side
                found += (canal - cord)[cord > 0.8 * cord.amax()].tolist()
    assert min(len(found) for found in room.values()) > 200
    usual, narrow = (torch.tensor(found) for found in room.values())
    assert float(narrow.median()) < 0.75 * float(usual.median())
    assert float(narrow.quantile(0.9)) < 2 * NARROW_FRONT[1] + 2  # corners of the sac and the fissure add to it


def test_no_brainstem_goes_through_the_brain(monkeypatch: pytest.MonkeyPatch):
    """Above the midbrain no tube in fluid is left that looks like a cord in its canal; the brain fills its place."""
    monkeypatch.setattr("crosscontrast.cord.generator.frame.STRETCHES", {(60, 62): 1.0})
    for seed in range(4):
        body, frame = draw_anatomy(GRID, Draw(seed), centred=True), draw_frame(GRID, Draw(seed), centred=True)
        above = frame.height > BRAINSTEM_ENDS + 2
        assert float(body.canal[above].max()) == 0
        assert float(body.fractions[list(THECAL)].sum(0)[above].mean()) < 0.5
        assert float(body.canal[frame.height < BRAINSTEM_ENDS - 2].max()) > 0.99
