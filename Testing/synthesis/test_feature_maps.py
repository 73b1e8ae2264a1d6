"""A layer's maps are the layer's own numbers, on the image's grid; two models can be compared."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from tools.random_translator import write_random_translator

from crosscontrast.errors import ModelError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image
from crosscontrast.models.find import open_bundle
from crosscontrast.progress import silent
from crosscontrast.synthesis.feature_maps import feature_maps, layers
from crosscontrast.synthesis.jobs import ShowFeatureMaps


@pytest.fixture
def model(tmp_path):
    write_random_translator(tmp_path / "model-000001")
    return open_bundle(tmp_path / "model-000001")


def test_the_last_layer_s_maps_hold_the_answer_itself(model, awkward_image):
    """CompactUNet's head makes eight values per voxel pair and output, which one by one are the answer's voxels."""
    known = layers(model)
    assert next(iter(known)) == "stem"
    assert known["head"] == 16
    maps = feature_maps(awkward_image, model, "head", torch.device("cpu"))
    assert len(maps) == 16
    assert all(same_grid(m, awkward_image) for m in maps)
    assert all(np.isfinite(sitk.GetArrayFromImage(m)).all() for m in maps)


def test_a_layer_that_is_not_there_is_said(model, awkward_image):
    with pytest.raises(ModelError, match="has no layer 'tail'"):
        feature_maps(awkward_image, model, "tail", torch.device("cpu"))


def test_two_models_are_compared_in_one_picture(model, tmp_path, awkward_image):
    write_random_translator(tmp_path / "model-000002")
    sitk.WriteImage(awkward_image, str(tmp_path / "a.nii.gz"))
    names = (str(model.folder), str(tmp_path / "model-000002"))
    result = ShowFeatureMaps(image=tmp_path / "a.nii.gz", out=tmp_path / "out", models=names).run(silent)
    assert result.layer == "stem"
    assert [len(paths) for paths in result.maps.values()] == [4, 4]
    one, other = (read_image(paths[0]) for paths in result.maps.values())
    assert not np.allclose(sitk.GetArrayFromImage(one), sitk.GetArrayFromImage(other))
    assert result.picture.read_bytes().startswith(b"\x89PNG")
