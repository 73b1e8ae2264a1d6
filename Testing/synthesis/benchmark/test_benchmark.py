"""The benchmark's measures have known values, its baselines are what they are called, its ranking is nobody's alone."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.synthesis.benchmark.baselines import baselines
from crosscontrast.synthesis.benchmark.jobs import BenchmarkTranslators
from crosscontrast.synthesis.benchmark.measures import measure, multiscale_ssim
from crosscontrast.synthesis.benchmark.results import Row, Subject, mean_ranks
from crosscontrast.synthesis.benchmark.run import run_benchmark
from crosscontrast.training.state import read_checkpoint


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(100, 20, (48, 48, 48))


def test_measures_of_a_shifted_image_inside_the_mask_only(noise):
    mask = np.zeros(noise.shape, np.uint8)
    mask[10:30] = 1
    test = noise + np.where(mask, 4, 1000)
    found = measure(*(sitk.GetImageFromArray(a) for a in (noise, test, mask)), data_range=200)
    assert found["mae"] == pytest.approx(4)
    assert found["psnr"] == pytest.approx(20 * np.log10(200 / 4))
    assert found["nmse"] == pytest.approx(16 * mask.sum() / (noise[mask > 0] ** 2).sum())


def test_multiscale_ssim_is_one_for_equal_images_and_falls_with_noise(noise):
    inside = np.ones(noise.shape, bool)
    assert multiscale_ssim(noise, noise, inside, 100) == pytest.approx(1)
    worse = [multiscale_ssim(noise, noise + s * np.random.default_rng(1).normal(size=noise.shape), inside, 100)
             for s in (5, 20, 60)]  # fmt: skip
    assert 1 > worse[0] > worse[1] > worse[2] > 0


def test_one_scale_of_multiscale_ssim_is_ssim_of_even_images():
    """Between constants only luminance differs: (2ab + c1) / (a² + b² + c1) to the weight of the coarsest scale, 1."""
    a, b = np.full((12, 12, 12), 50.0), np.full((12, 12, 12), 60.0)
    c1 = (0.01 * 100) ** 2
    expected = (2 * 50 * 60 + c1) / (50**2 + 60**2 + c1)
    assert multiscale_ssim(a, b, np.ones(a.shape, bool), 100) == pytest.approx(expected)


def test_too_small_images_have_no_multiscale_ssim():
    assert multiscale_ssim(np.ones((4, 4, 40)), np.ones((4, 4, 40)), np.ones((4, 4, 40), bool), 1) is None


def test_what_was_not_measured_counts_in_no_measure(noise):
    measured = np.ones(noise.shape, np.uint8)
    measured[:, :, 30:] = 0
    test = noise + np.random.default_rng(1).normal(0, 5, noise.shape)
    images = [sitk.GetImageFromArray(a) for a in (noise, test, np.where(measured, test, -1e4), measured)]
    one, other = (measure(images[0], t, None, 200, images[3]) for t in images[1:3])
    for name, value in one.items():
        assert other[name] == pytest.approx(value, nan_ok=True), name
    assert 0.9 < one["ms_ssim"] < 1


def test_baselines_are_the_copy_the_mean_and_the_least_squares_line(noise):
    mask = np.zeros(noise.shape, np.uint8)
    mask[5:20] = 1
    target = np.where(mask, 3 * noise + 7, -50)
    images = [sitk.GetImageFromArray(a) for a in (noise, target, mask)]
    made = {name: sitk.GetArrayFromImage(f(*images)) for name, f in baselines([Subject("sub-001", *images)]).items()}
    np.testing.assert_allclose(made["input copied"], noise, rtol=1e-6)
    np.testing.assert_allclose(made["subject mean"], target[mask > 0].mean(), rtol=1e-5)
    np.testing.assert_allclose(made["linear map"], 3 * noise + 7, rtol=1e-4)
    means = ndimage.uniform_filter(target.astype(np.float32), 3, mode="nearest")[mask > 0]
    for statistic in (np.mean, np.std):
        assert statistic(made["unpaired map"][mask > 0]) == pytest.approx(statistic(means), rel=1e-4)


def test_the_best_ssim_alone_does_not_win():
    rows = [
        Row(method="likeable", subject="a", measures={"ssim": 0.9, "mae": 9, "psnr": 10, "downstream_dice": 0.2}),
        Row(method="useful", subject="a", measures={"ssim": 0.8, "mae": 3, "psnr": 20, "downstream_dice": 0.9}),
    ]
    ranks = mean_ranks(rows)
    assert ranks["useful"] < ranks["likeable"]


@pytest.mark.slow
def test_the_benchmark_writes_its_tables_and_loads_what_is_trained(prostates, tmp_path):
    job = BenchmarkTranslators(
        cohort=prostates, source="us", target="t2w", out=tmp_path, networks=("unet3d", "gcgan2d"),
        settings={"steps": 2, "width": 4, "validation_steps": 0}, labels="zones", judge_steps=2,
        classes={"prostate": (1, 2, 3, 4, 5)}, device="cpu",
    )  # fmt: skip
    result = job.run(silent)
    with result.cases.open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    methods = {row["method"] for row in rows}
    assert methods == {"input copied", "subject mean", "linear map", "unpaired map", "real target", "unet3d", "gcgan2d"}
    assert len({row["subject"] for row in rows}) * 7 == len(rows)
    before = (tmp_path / "networks" / "unet3d" / "checkpoint.pt").stat().st_mtime_ns
    again = job.run(silent)
    assert again.ranking == result.ranking
    assert (tmp_path / "networks" / "unet3d" / "checkpoint.pt").stat().st_mtime_ns == before
    assert "real target" in result.report.read_text()


def test_a_network_trained_with_other_settings_is_not_passed_off_as_the_one_asked_for(settings, tmp_path):
    """Only what does not change the network may differ, and the steps, of which more can follow."""

    def compare(**more):
        run_benchmark([settings("pix2pix2d", validation_steps=0, steps=1).model_copy(update=more)], tmp_path)

    compare()
    place = tmp_path / "networks" / "pix2pix2d"
    before = (place / "checkpoint.pt").read_bytes()
    with pytest.raises(BadInputError, match="pix2pix2d had other settings: dropout, residual"):
        compare(dropout=0.0, residual=True)
    assert (place / "checkpoint.pt").read_bytes() == before
    compare(steps=2, log_steps=5)
    assert read_checkpoint(place)["step"] == 2
