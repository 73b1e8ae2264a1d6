"""Segmenting without a front end: the shipped model on a phantom in a real scene."""

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.desk.segment import Segmenter
from crosscontrast.scene.cord.inputs import write_inputs
from crosscontrast.scene.images import add_volume, image_of, put_on
from crosscontrast.scene.results import model_of, source_of
from crosscontrast.scene.sources import image_of_map, why_not_together


@pytest.fixture
def segmenter(runner):
    made = Segmenter(runner, lambda results: made.found.extend(results))
    made.found, made.model = [], "softcord"
    return made


def test_it_says_in_turn_what_is_lacking(segmenter, runner, source, soft):
    assert segmenter.why_not() == "Open an image first."
    segmenter.image = soft
    assert segmenter.why_not() == "T2w soft cord is a soft map and no image."
    segmenter.image, segmenter.model = source, ""
    assert segmenter.why_not() == "The library has no model for segmentation."
    segmenter.model = "softcord"
    runner.busy = True
    assert segmenter.why_not() == "Wait until the work under way is done."
    segmenter.run(lambda _folder: [])
    assert runner.jobs == []
    runner.busy = False
    assert segmenter.why_not() == ""
    segmenter.run(lambda folder: write_inputs([source, soft], folder))
    assert runner.refused == "T2w soft cord is a soft map and no image."


def test_a_volume_and_an_item_of_a_sequence_are_segmented_each_with_its_image(segmenter, runner, scene, model_home):
    phantom = CordPhantom(size=(64, 64, 24), spacing=(1.0, 1.0, 2.0))
    t2w = add_volume(scene, phantom.image("T2w"), "T2w")
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "echoes")
    sequence.SetDataNodeAtValue(add_volume(scene, phantom.image("T1w"), "T1w"), "7")
    segmenter.image = t2w
    loaded = []
    segmenter._segmented = lambda results: loaded.extend(one.load(scene, one.given.name) for one in results)
    segmenter.run(lambda folder: write_inputs([t2w, sequence], folder))
    assert runner.refused == ""
    of_volume, of_item = loaded
    assert source_of(of_volume) is t2w
    assert image_of_map(of_item) is sequence.GetDataNodeAtValue("7")
    assert [why_not_together(soft) for soft in loaded] == ["", ""]
    assert model_of(of_volume).name == "softcord"
    truth = sitk.GetArrayFromImage(phantom.soft_truth())
    found = sitk.GetArrayFromImage(put_on(image_of(of_volume), phantom.image("T2w"))) > 0.5
    assert np.abs(np.argwhere(found).mean(axis=0) - np.argwhere(truth > 0.5).mean(axis=0)).max() < 1.5
