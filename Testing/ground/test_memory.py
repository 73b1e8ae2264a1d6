"""How much memory arrays take on the way from an image to its results: large images must fit, whatever they show."""

import tracemalloc

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.overlay import draw_overlay
from crosscontrast.cord.postprocess import keep_cord
from crosscontrast.ground.images import clean_intensities, read_image, write_image

#: Bytes a voxel that NumPy may hold at any time within a step: a copy in float32 and some masks, none in float64.
MOST = 7.0


@pytest.fixture(scope="module")
def soft():
    """A map of 2 million voxels with a small cord through it, whose axes lie otherwise than any step wants them."""
    values = np.random.default_rng(1).random((100, 160, 128), np.float32) * 0.2
    values[:, 70:84, 60:76] = 0.9
    image = sitk.GetImageFromArray(values)
    image.SetDirection((0, -1, 0, 1, 0, 0, 0, 0, -1))
    return image


def peak(soft, step):
    """Run a step and return what NumPy and Python held at most, in bytes a voxel."""
    step()  # imports
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1] / soft.GetNumberOfPixels()
    finally:
        tracemalloc.stop()


def test_no_step_after_the_network_copies_the_whole_image_in_float64(soft, tmp_path):
    cord = keep_cord(soft)[0]
    steps = {
        "cleaning": lambda: clean_intensities(soft, "x"),
        "choosing the cord": lambda: keep_cord(soft),
        "measuring": lambda: measure_csa(cord),
        "drawing": lambda: draw_overlay(soft, cord, tmp_path / "x.png", threshold=0.5, title="x"),
    }
    taken = {name: peak(soft, step) for name, step in steps.items()}
    assert {name: bytes_ for name, bytes_ in taken.items() if bytes_ > MOST} == {}


def test_reading_holds_a_packed_file_once(soft, tmp_path):
    write_image(soft, tmp_path / "x.nii.gz")
    assert peak(soft, lambda: read_image(tmp_path / "x.nii.gz")) < MOST
