"""The phantoms' pictures follow physics, their labels follow the pictures, their files the cohort's rules."""

import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.errors import OutputError
from crosscontrast.ground.cohort import read_cohort
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image
from crosscontrast.synthesis.phantom.grid import Grid
from crosscontrast.synthesis.phantom.head import Structure, draw_head
from crosscontrast.synthesis.phantom.mri import MrTissue, spin_echo
from crosscontrast.synthesis.phantom.prostate import Tissue
from crosscontrast.synthesis.phantom.prostate_pair import displacement, draw_pair
from crosscontrast.synthesis.phantom.ultrasound import Probe, UsTissue, compress, envelope
from crosscontrast.synthesis.phantom.write import split_names, write_phantoms

GRID = Grid(32, 2.5)


def array(image):
    return sitk.GetArrayFromImage(image)


def test_speckle_of_even_tissue_is_rayleigh_distributed():
    """Mean over deviation of a Rayleigh amplitude is sqrt(pi / (4 - pi)) = 1.913."""
    probe = Probe(compensation=0.0, looks=1)
    amplitude = envelope(np.zeros((48,) * 3, int), {0: UsTissue(1.0, 0.0)}, Grid(48, 1.0), probe, seed=3)
    assert amplitude.mean() / amplitude.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.03)
    assert (amplitude**2).mean() == pytest.approx(1.0, rel=0.03)


def test_compounding_three_looks_calms_the_speckle_by_the_root_of_three():
    tissue, labels, grid = {0: UsTissue(1.0, 0.0)}, np.zeros((48,) * 3, int), Grid(48, 1.0)
    one, three = (envelope(labels, tissue, grid, Probe(compensation=0, looks=n), seed=3) for n in (1, 3))
    assert (one.std() / one.mean()) / (three.std() / three.mean()) == pytest.approx(np.sqrt(3), rel=0.05)


def test_attenuation_is_that_of_the_way_there_and_back():
    """0.5 dB/cm/MHz at 6 MHz over 3.2 cm is 9.6 dB each way; the probe looks from the back (last j) forwards."""
    tissue, grid = {0: UsTissue(1.0, 0.5)}, Grid(32, 1.0)
    amplitude = envelope(np.zeros((32,) * 3, int), tissue, grid, Probe(compensation=0.0), seed=4)
    flat = envelope(np.zeros((32,) * 3, int), {0: UsTissue(1.0, 0.0)}, grid, Probe(compensation=0.0), seed=4)
    decibels = 20 * np.log10((amplitude / flat)[:, [0, -1]].mean((0, 2)))
    assert decibels == pytest.approx([-2 * 0.5 * 6 * 3.2, -2 * 0.5 * 6 * 0.1], abs=1e-6)


def test_compression_spans_the_dynamic_range():
    amplitude = np.concatenate([np.full(999, 1.0), [10 ** (-30 / 20), 10 ** (-90 / 20)]])
    grey = compress(amplitude, Probe(dynamic=60), np.zeros(1001))
    assert grey[[0, -2, -1]] == pytest.approx([255, 127.5, 0])


def test_the_spin_echo_equation():
    """PD (1 - e^(-TR/T1)) e^(-TE/T2) with TR = T1 and TE = T2 is PD (1 - 1/e) / e."""
    assert spin_echo(MrTissue(0.8, 1000, 100), 1000, 100) == pytest.approx(0.8 * (1 - 1 / np.e) / np.e)


@pytest.fixture(scope="module")
def cancer():
    return draw_pair(GRID, 11, cancer=True)


def test_cancer_is_dark_in_both_and_the_benign_lesion_less_so(cancer):
    zones, t2w, us = (array(i) for i in (cancer.zones, cancer.t2w, cancer.us))
    for image in (t2w, us):
        assert image[zones == Tissue.CANCER].mean() < 0.95 * image[zones == Tissue.PERIPHERAL].mean()
    benign = draw_pair(GRID, 11, cancer=False)
    labels = array(benign.zones)
    assert (labels == Tissue.CANCER).sum() == 0
    ratio = [
        array(pair.t2w)[array(pair.zones) == lesion].mean() / array(pair.t2w)[array(pair.zones) == 1].mean()
        for pair, lesion in ((cancer, Tissue.CANCER), (benign, Tissue.BENIGN_LESION))
    ]
    assert ratio[0] < ratio[1] < 1
    assert cancer.lesion_ml == pytest.approx((zones == Tissue.CANCER).sum() * 2.5**3 / 1000)


def test_without_misregistration_both_images_show_one_anatomy_and_with_it_they_differ(cancer):
    np.testing.assert_array_equal(array(cancer.us_mask), array(cancer.t2w_mask))
    moved = draw_pair(GRID, 11, cancer=True, misregistration=6.0)
    np.testing.assert_array_equal(array(moved.zones), array(cancer.zones))
    assert (array(moved.us_mask) != array(moved.t2w_mask)).mean() > 0.005


def test_misregistration_is_the_root_mean_square_displacement_in_mm():
    field = displacement(GRID, 5, 4.0)
    assert np.sqrt((field**2).sum(0).mean()) == pytest.approx(4.0)


def test_a_subject_is_drawn_again_bit_by_bit(cancer):
    again = draw_pair(GRID, 11, cancer=True)
    np.testing.assert_array_equal(array(again.us), array(cancer.us))
    assert not np.array_equal(array(draw_pair(GRID, 12, cancer=True).us), array(cancer.us))


def test_vessels_are_bright_in_angiography_and_hidden_in_the_brain_of_heavy_t2():
    head = draw_head(Grid(40, 4.75), 3)
    labels, mra, heavy = array(head.labels), array(head.mra), array(head.heavy_t2)
    assert set(np.unique(labels)) == set(map(int, Structure))
    assert mra[labels == Structure.VESSELS].mean() > 1.8 * mra[labels == Structure.CEREBRUM].mean()
    assert heavy[labels == Structure.VESSELS].mean() < 0.5 * heavy[array(head.mask) == 1].max()
    assert head.vessel_ml > 0


def test_without_flow_void_vessels_in_the_brain_are_as_bright_as_the_brain_and_angiography_shows_them_still():
    """Thin vessels mix with what surrounds them, so the contrast left is compared with that of black blood."""
    contrasts = {}
    for flow_void in (1.0, 0.5, 0.0):
        head = draw_head(Grid(48, 4.0), 3, flow_void)
        labels, heavy = array(head.labels), array(head.heavy_t2)
        brain = labels == Structure.CEREBRUM
        deep = (labels == Structure.VESSELS) & (ndimage.uniform_filter(brain * 1.0, 3) > 0.5)
        contrasts[flow_void] = 1 - heavy[deep].mean() / heavy[brain].mean()
        assert array(head.mra)[deep].mean() > 1.5 * array(head.mra)[brain].mean()
    assert contrasts[1.0] > 0.15
    assert contrasts[0.5] == pytest.approx((contrasts[1.0] + contrasts[0.0]) / 2, abs=0.02)
    assert abs(contrasts[0.0]) < 0.1


@pytest.mark.parametrize("subjects", [8, 16, 24])
def test_every_split_has_both_outcomes(subjects):
    names = split_names(subjects)
    for split in set(names):
        assert {number % 2 for number, name in enumerate(names) if name == split} == {0, 1}
    assert names.count("train") >= subjects / 2


@pytest.mark.parametrize(
    ("kind", "roles"), [("prostate", ["us", "t2w", "zones"]), ("head", ["heavyT2", "mra", "labels"])]
)
def test_the_command_writes_images_masks_and_a_cohort(kind, roles, tmp_path):
    command = [sys.executable, "-m", "crosscontrast.cli", "synth", "phantom", "--kind", kind]
    command += ["--subjects", "4", "--size", "20", "--out", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    cohort = read_cohort(tmp_path / "cohort.tsv")
    assert [row.role for row in cohort.rows[:3]] == roles
    assert {row.outcomes["outcome"] for row in cohort.rows} == {"0", "1"}
    for source, target in cohort.pairs(roles[0], roles[1]):
        assert source.mask
        assert same_grid(read_image(source.image), read_image(target.image))
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "phantoms in" in again.stderr


def test_the_cohort_of_one_is_not_overwritten(tmp_path):
    write_phantoms("prostate", tmp_path, subjects=1, size=16)
    before = (tmp_path / "cohort.tsv").read_bytes()
    with pytest.raises(OutputError, match="already"):
        write_phantoms("head", tmp_path, subjects=1, size=16)
    assert (tmp_path / "cohort.tsv").read_bytes() == before
