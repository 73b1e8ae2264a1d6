"""Windows over an array: the places, weights and answers of MONAI's sliding window, without what MONAI costs."""

import subprocess
import sys

import pytest
import torch
from torch.nn import functional

from crosscontrast.inference.windows import importance, slide
from crosscontrast.models.spec import Windowing
from crosscontrast.progress import silent


def edges(x):
    """A network whose answer depends on where a window ends."""
    return torch.cat([functional.avg_pool3d(x, 5, 1, 2), x.mean((2, 3, 4), keepdim=True).expand_as(x)], 1)


@pytest.mark.parametrize(
    ("shape", "overlap", "batch"), [((40, 37, 50), 0.5, 2), ((33, 32, 61), 0.0, 3), ((16, 90, 20), 0.25, 1)]
)
def test_windows_are_those_of_monai(shape, overlap, batch):
    from monai.inferers import sliding_window_inference

    x = torch.rand(1, *shape, generator=torch.Generator().manual_seed(3))
    size = (16, 32, 16)
    ours = slide(edges, x, Windowing(size=size, divisible_by=8, batch=batch), overlap, silent)
    theirs = sliding_window_inference(x[None], size, batch, edges, overlap=overlap, mode="gaussian")[0]
    assert ours.shape == (2, *shape)
    assert (ours - theirs).abs().max() < 1e-6


def test_weights_are_those_of_monai():
    from monai.data.utils import compute_importance_map

    for size in ((48, 32, 33), (16, 7)):
        assert torch.allclose(importance(size), compute_importance_map(size, mode="gaussian"), atol=1e-7)


def test_segmenting_needs_nothing_that_takes_seconds_to_import():
    code = """
import sys
import numpy as np
import SimpleITK as sitk
import torch
from crosscontrast.inference import load_predictor
from crosscontrast.models.library import ModelLibrary
image = sitk.GetImageFromArray(np.random.default_rng(0).random((16, 32, 32), np.float32))
load_predictor(ModelLibrary().find("softcord@3"), torch.device("cpu")).predict([image])
import crosscontrast.cord.segment, crosscontrast.synthesis.translate
print({"monai", "pandas", "torch._dynamo", "sklearn", "nibabel"} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
