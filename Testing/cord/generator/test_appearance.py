import dataclasses
import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from crosscontrast.cord.generator import appearance
from crosscontrast.cord.generator.acquisition import THICK, Sampling, acquire, cord_motion, smooth, through_slices
from crosscontrast.cord.generator.anatomy import Anatomy, draw_anatomy
from crosscontrast.cord.generator.appearance import Sample, draw_sample, normalise_foreground, paint, visibility
from crosscontrast.cord.generator.contrast import CLINGING, WEIGHTINGS, Contrast, draw_contrast, draw_drifted
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.generator.tissues import Tissue
from crosscontrast.inference.preprocess import normalise

GRID = Grid((24, 48, 48))


@pytest.fixture(scope="module")
def body() -> Anatomy:
    """A body whose cord lies well inside the patch."""
    return next(
        body
        for seed in range(100)
        if float((body := draw_anatomy(GRID, Draw(seed))).cord[:, 12:36, 12:36].sum()) > 1000
    )


@pytest.fixture(scope="module")
def contrasts() -> list[Contrast]:
    return [draw_contrast(Draw(seed)) for seed in range(600)]


def test_every_weighting_is_drawn_and_the_cord_can_always_be_told_from_its_fluid(contrasts: list[Contrast]):
    drawn = contrasts[:300]
    assert {contrast.name for contrast in drawn} == set(WEIGHTINGS)
    for contrast in drawn:
        white, grey, fluid = (float(contrast.means[t]) for t in (Tissue.WHITE, Tissue.GREY, Tissue.CSF))
        assert abs(fluid - white) > 0.05 or abs(grey - white) > 0.06
        assert float(contrast.means.min()) >= 0


def test_magnetisation_transfer_images_show_the_cord_a_little_brighter_or_darker_than_its_fluid_and_a_darker_dura(
    contrasts: list[Contrast],
):
    drawn = [c for c in contrasts if c.name == "MT"]
    ratios = np.array([float(c.means[Tissue.CSF] / c.means[Tissue.WHITE]) for c in drawn])
    assert 0.25 < (np.abs(ratios - 0.735) < 0.136).mean() < 0.6
    assert 0.25 < (np.abs(ratios - 1.365) < 0.236).mean() < 0.6
    dura = np.array([float(c.means[Tissue.DURA] / c.means[Tissue.WHITE]) for c in drawn])
    assert np.median(dura) < 0.5


def test_proton_density_images_show_the_cord_a_little_brighter_than_its_fluid_and_all_around_darker(
    contrasts: list[Contrast],
):
    """Few such images were drawn once, and areas in them were too large: a faint edge beside strong ones."""
    drawn = [c for c in contrasts if c.name == "PD"]
    white = np.array([float(c.means[Tissue.WHITE]) for c in drawn])
    fluid, dura, muscle, marrow = (
        np.array([float(c.means[tissue]) for c in drawn]) / white
        for tissue in (Tissue.CSF, Tissue.DURA, Tissue.MUSCLE, Tissue.MARROW)
    )
    assert 0.7 < np.mean((fluid > 0.59) & (fluid < 0.96)) < 0.95
    assert np.mean(dura < 0.5) > 0.85
    assert np.mean(muscle < 0.9) > 0.8
    assert np.mean(marrow < 0.9) > 0.9


def test_some_images_show_the_cord_by_its_grey_matter_alone(contrasts: list[Contrast]):
    alike = 0
    for contrast in contrasts[:300]:
        means = contrast.means
        alike += bool(abs(float(means[Tissue.CSF] / means[Tissue.WHITE]) - 1) < 0.15)
    assert 6 <= alike <= 90


def test_a_voxel_shows_its_tissues_in_their_shares(body: Anatomy):
    means = torch.rand(len(Tissue), generator=torch.Generator().manual_seed(1))
    plain = Contrast("plain", means, torch.zeros_like(means))
    expected = torch.einsum("t,tdhw->dhw", means, body.fractions)
    close = [torch.allclose(paint(body, plain, GRID, Draw(seed)), expected, atol=1e-5) for seed in range(10)]
    assert sum(close) >= 4  # the others have pulsing fluid or displaced fat


def test_the_label_is_the_anatomy_however_the_scanner_blurred_it(body: Anatomy, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(appearance, "draw_sampling", lambda draw, slab: Sampling((draw.uniform(0.5, THICK),) * 3))
    for seed in range(12):
        target = draw_sample(body, GRID, Draw(seed)).target
        assert torch.equal(target[0], body.cord) or torch.equal(target[0], body.cord.flip(-1))
        assert torch.equal(target[1], body.canal) or torch.equal(target[1], body.canal.flip(-1))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_label_of_a_thick_slice_is_what_fills_it_on_average(axis: int):
    fractions = torch.rand(2, 24, 48, 48, generator=torch.Generator().manual_seed(axis))
    resolution = [0.7, 0.7, 0.7]
    resolution[axis] = 4.0
    averaged = through_slices(fractions, Sampling((resolution[0], resolution[1], resolution[2])))
    slabs = fractions.unfold(axis + 1, 4, 4).mean(-1).movedim(axis + 1, 0)
    fine = averaged.movedim(axis + 1, 0)
    middles = (fine[1::4] + fine[2::4]) / 2
    # The middle of a slab lies between two voxels, an eighth of its thickness away from each.
    expected = 0.875 * slabs[1:-1] + 0.0625 * (slabs[:-2] + slabs[2:])
    assert torch.allclose(middles[1:-1], expected, atol=1e-5)
    assert float(averaged.mean()) == pytest.approx(float(fractions.mean()), abs=1e-5)


@pytest.mark.parametrize("thin", [False, True])
def test_a_straight_cord_keeps_its_label_in_thick_axial_slices(thin: bool):
    straight = torch.rand(2, 1, 48, 48, generator=torch.Generator().manual_seed(0)).expand(2, 24, 48, 48)
    assert torch.allclose(through_slices(straight, Sampling((5.0, 0.5, 0.5), thin)), straight, atol=1e-6)


@pytest.fixture(scope="module")
def samples(body: Anatomy) -> list[Sample]:
    return [draw_sample(body, GRID, Draw(seed)) for seed in range(60)]


def test_image_label_and_weight_are_mirrored_together(samples: list[Sample]):
    """In images where cord and fluid differ by far, the image's own contrast must agree with the label."""
    agreeing = []
    for sample in samples[:40]:
        cord, canal = sample.target
        known = sample.weight[1] > 0
        inside = sample.image[0][(cord > 0.99) & known]
        around = sample.image[0][(canal - cord > 0.99) & known]
        if inside.numel() > 50 and around.numel() > 50:
            mirrored = sample.image[0].flip(-1)
            separation = abs(float(inside.mean() - around.mean()))
            wrong = abs(float(mirrored[(cord > 0.99) & known].mean() - mirrored[(canal - cord > 0.99) & known].mean()))
            agreeing.append(separation >= wrong)
    assert sum(agreeing) / len(agreeing) > 0.7


def test_a_cord_that_can_hardly_be_seen_counts_less():
    cord, canal = torch.zeros(2, 24, 32, 32)
    cord[:, 12:20, 10:22], canal[:, 8:24, 6:26] = 1, 1
    target, noise = (
        torch.stack([cord, canal]),
        0.1 * torch.randn(24, 32, 32, generator=torch.Generator().manual_seed(2)),
    )
    counts = [visibility(contrast * cord + noise, target) for contrast in (0.0, 0.15, -0.15, 0.5)]
    assert float(counts[0].max()) == pytest.approx(0.6, abs=0.05)
    assert float(counts[1].mean()) == pytest.approx(0.75, abs=0.05)
    assert float(counts[2].mean()) == pytest.approx(0.75, abs=0.05)
    assert bool((counts[3] == 1).all())
    assert bool((visibility(noise, torch.zeros_like(target)) == 1).all()), "what has no cord teaches where none is"


def test_where_a_contrast_turns_round_only_the_slices_without_any_count_less():
    cord, canal = torch.zeros(2, 25, 32, 32)
    cord[:, 12:20, 10:22], canal[:, 8:24, 6:26] = 1, 1
    turning = torch.linspace(-1, 1, 25)[:, None, None]
    noise = 0.1 * torch.randn(25, 32, 32, generator=torch.Generator().manual_seed(2))
    counts = visibility(turning * cord + noise, torch.stack([cord, canal]))[:, 0, 0]
    assert bool((counts[turning[:, 0, 0].abs() > 0.3] == 1).all())
    assert float(counts[12]) < 0.65


def test_nothing_outside_the_field_of_view_counts(samples: list[Sample]):
    weights = [sample.weight for sample in samples]
    cut = [w for w in weights if float(w[1].min()) == 0]
    assert 5 <= len(cut) <= 24
    assert all(float(w[0][w[1] == 0].sum()) == 0 for w in cut)


def test_a_thick_slice_holds_the_mean_of_what_it_spans():
    image = torch.rand(24, 16, 16, generator=torch.Generator().manual_seed(0)) + 1
    results = torch.stack([acquire(image, Sampling((6.0, 0.5, 0.5)), Draw(seed)) for seed in range(60)])
    expected = functional.interpolate(
        functional.avg_pool3d(image[None, None], (6, 1, 1)), size=image.shape, mode="trilinear", align_corners=False
    )[0, 0]
    assert float((results.median(0).values - expected).abs().mean()) < 0.12
    assert float(results.median(0).values.diff(dim=0).abs().mean()) < 0.5 * float(image.diff(dim=0).abs().mean())


def test_thin_slices_far_apart_show_what_lies_in_their_middle_and_their_label_too():
    edge = torch.zeros(1, 25, 16, 16)
    edge[:, 12:] = 1  # the middle slice of five spans 10 to 14: its middle lies inside, two fifths of it do not
    thick, thin = (through_slices(edge, Sampling((5.0, 0.5, 0.5), wide)) for wide in (False, True))
    assert torch.allclose(thick[0, 12], torch.tensor(0.6))
    assert torch.allclose(thin[0, 12], torch.tensor(1.0))
    shown = torch.stack([acquire(edge[0] + 1, Sampling((5.0, 0.5, 0.5), thin=True), Draw(seed)) for seed in range(60)])
    assert float((shown.median(0).values - thin[0] - 1).abs().mean()) < 0.12


@pytest.mark.parametrize("tissue", CLINGING)
def test_relative_to_cord_and_fluid_what_clings_to_a_cord_looks_the_same_in_every_contrast(tissue: Tissue):
    """Of pia or roots that look like cord in one contrast and like fluid in another, areas would depend on it."""
    low, high = CLINGING[tissue]
    shares: dict[str, list[float]] = {}
    for seed in range(400):
        draw = Draw(seed)
        contrast = draw_contrast(draw)
        for means in (contrast.means, draw_drifted(contrast, draw)):
            white, clinging, fluid = (float(means[t]) for t in (Tissue.WHITE, tissue, Tissue.CSF))
            if abs(fluid - white) > 0.05:
                shares.setdefault(contrast.name, []).append((clinging - white) / (fluid - white))
    assert set(shares) == set(WEIGHTINGS)
    for values in shares.values():
        assert all(low - 1e-3 <= value <= high + 1e-3 for value in values)
        assert sum(values) / len(values) == pytest.approx((low + high) / 2, abs=0.15 * (high - low))


def test_at_the_ends_of_a_slab_the_fluid_is_brighter_and_may_change_places_with_the_cord():
    changed = []
    for seed in range(200):
        draw = Draw(seed)
        contrast = draw_contrast(draw)
        drifted = draw_drifted(contrast, draw)
        assert float(drifted.min()) >= 0
        within, at_end = (float(m[Tissue.CSF] / m[Tissue.WHITE]) for m in (contrast.means, drifted))
        assert 1.3 - 1e-3 <= at_end / max(within, 0.5) <= 2.4 + 1e-3
        if 0.6 < within < 0.95:
            changed.append(at_end > 1)
    assert 0.6 < sum(changed) / len(changed) < 1


@pytest.mark.parametrize("along", [slice(None), slice(6, 18)])
def test_a_contrast_that_drifts_does_so_at_the_ends_of_what_is_shown(
    along: slice, body: Anatomy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(appearance, "draw_drifted", lambda contrast, draw: 0 * contrast.means)
    for slab in (False, True):
        plain = Contrast("plain", torch.ones(len(Tissue)), torch.zeros(len(Tissue)), slab=slab)
        images = [paint(body, plain, GRID, Draw(seed), along) for seed in range(30)]
        # In these nothing pulses and nothing is displaced.
        profiles = [image[along, 0, 0] for image in images if float(image.std((1, 2)).max()) < 1e-5]
        assert profiles
        assert all(bool(float(min(p[0], p[-1])) < float(p.max()) - 1e-3) == slab for p in profiles)
        assert all(float(min(p[0], p[-1])) < 0.55 for p in profiles if slab), "an end is at least halfway gone"


def test_an_excited_slab_often_ends_where_the_image_does(body: Anatomy, monkeypatch: pytest.MonkeyPatch):
    """In real stacks fluid and cord change places in the last slices, and no slices follow them."""
    shares = []
    for slab in (False, True):
        contrast = dataclasses.replace(draw_contrast(Draw(1)), slab=slab)
        monkeypatch.setattr(appearance, "draw_contrast", lambda draw, contrast=contrast, **_: contrast)
        samples = [draw_sample(body, GRID, Draw(seed)) for seed in range(120)]
        shares.append(np.mean([bool((s.weight[1].amax((1, 2)) == 0).any()) for s in samples]))
    assert shares[0] < 0.15
    assert 0.45 < shares[1] < 0.75


def test_a_moving_cord_loses_its_sharp_edge_but_neither_its_area_nor_the_sac_around_it():
    canal, cord = torch.zeros(2, 4, 41, 41)
    canal[:, 5:36, 5:36], cord[:, 15:26, 15:26] = 1, 1
    image = 0.2 + canal * 0.8 - cord * 0.5  # dark outside, bright fluid, a cord in between
    for seed in range(5):
        moved = cord_motion(image, canal, 1.0, Draw(seed))
        assert torch.equal(moved[canal == 0], image[canal == 0])
        assert torch.allclose(moved[:, 5, 5:36], image[:, 5, 5:36], atol=1e-4)
        assert float((1 - moved[:, 5:36, 5:36]).sum()) == pytest.approx(
            float((1 - image[:, 5:36, 5:36]).sum()), rel=1e-3
        )
        assert float(moved.diff(dim=-1)[:, 20, 10:18].abs().max()) < 0.94 * 0.5


def test_blurring_keeps_the_mean_and_spreads_by_its_sigma():
    point = torch.zeros(21, 21, 21)
    point[10, 10, 10] = 1
    blurred = smooth(point, (0.0, 1.5, 3.0))
    offsets = torch.arange(21) - 10.0
    assert float(blurred.sum()) == pytest.approx(1, abs=1e-4)
    assert math.sqrt(float((blurred.sum((0, 2)) * offsets**2).sum())) == pytest.approx(1.5, rel=0.08)
    assert math.sqrt(float((blurred.sum((0, 1)) * offsets**2).sum())) == pytest.approx(3.0, rel=0.08)
    assert float(blurred.sum((1, 2))[10]) == pytest.approx(1, abs=1e-4)


def test_training_normalises_as_inference_does():
    image = np.abs(np.random.default_rng(3).normal(200, 80, (20, 30, 40))).astype(np.float32)
    image[:5] = 0
    assert np.allclose(normalise_foreground(torch.from_numpy(image)), normalise(image, "foreground"), atol=2e-2)


def test_images_are_finite_and_vary_whatever_is_drawn():
    for seed in range(25):
        draw = Draw(seed)
        sample = draw_sample(draw_anatomy(GRID, draw), GRID, draw)
        assert sample.image.shape == (1, *GRID.shape)
        assert sample.target.shape == sample.weight.shape == (2, *GRID.shape)
        assert torch.isfinite(sample.image).all()
        assert float(sample.image.std()) > 0.05
