"""Translating without a front end: which model, what speaks against it, why not, and the whole way."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from crosscontrast.desk.translate import ALL, Offer, Translator, offers
from crosscontrast.errors import BadInputError
from crosscontrast.models.about import About
from crosscontrast.scene.images import add_volume
from crosscontrast.scene.synthetic import mark_synthetic
from crosscontrast.scene.volumes import write_volume

CORD = About(expects="MRI of the spine, any contrast", produces="T2w and T1w", sample="cord")
DEMO = About(expects="ultrasound of the generated prostate", produces="T2w", demonstration=True, sample="prostate")
OFFERS = [
    Offer("a-mine", "a-mine@1", About(expects="T1w of the brain"), ("FLAIR",), current=True, shipped=False),
    Offer("cordsynth", "cordsynth@1", CORD, ("T2w", "T1w"), current=True, shipped=True),
    Offer("demo-us", "demo-us@1", DEMO, ("T2w",), current=True, shipped=True),
    Offer("cordsynth@0", "cordsynth@0", CORD, ("T2w",), current=False, shipped=True),
]


@pytest.fixture
def image(scene):
    """Adds a volume of this name."""
    return lambda name: add_volume(scene, sitk.GetImageFromArray(np.ones((3, 4, 5), np.float32)), name)


@pytest.fixture
def of_sample(scene, image):
    """Adds a volume that was loaded from the folder of a sample."""
    from platformdirs import user_cache_path

    from crosscontrast.version import __version__

    def add(kind, name):
        import slicer

        node, storage = image(name), scene.AddNode(slicer.vtkMRMLVolumeArchetypeStorageNode())
        folder = user_cache_path("CrossContrast", appauthor=False) / "samples" / __version__ / kind
        storage.SetFileName(str(folder / f"{name}.nii.gz"))
        node.SetAndObserveStorageNodeID(storage.GetID())
        return node

    return add


@pytest.fixture
def translator():
    return Translator(offers=list(OFFERS))


def test_the_model_suits_the_image_until_a_person_chooses(translator, image, of_sample):
    assert translator.model == "cordsynth"  # before there is an image
    for name in ("sub-01_T1w", "4: sag", "sub-01_us"):  # of a person, for which the demonstration is not
        translator.image = image(name)
        assert translator.model == "cordsynth"
    translator.image = of_sample("prostate", "sub-001_us")
    assert translator.model == "demo-us"
    translator.chosen = "a-mine"
    assert translator.model == "a-mine"
    translator.chosen = "removed-since"
    assert translator.model == "demo-us"
    assert Translator(offers=OFFERS[:1]).model == "a-mine"
    assert Translator().model == ""


def test_of_several_outputs_the_one_that_is_there_already_is_not_made(translator, image):
    made = {}
    for name in ("sub-01_T1w", "sub-01_T2w", "sub-01_T2star", "4: sag"):
        translator.image = image(name)
        made[name] = translator.output
    assert made == {"sub-01_T1w": "T2w", "sub-01_T2w": "T1w", "sub-01_T2star": "", "4: sag": ""}
    translator.image, translator.chosen_output = image("sub-01_T1w"), ALL
    assert translator.output == ""
    translator.chosen_output = "T1w"
    assert translator.output == "T1w"
    translator.chosen = "demo-us"  # makes one thing only
    assert (translator.outputs, translator.output) == ((), "")


def test_what_speaks_against_a_model_is_said_and_keeps_nobody_from_it(translator, image, of_sample):
    translator.image, translator.chosen = image("sub-01_T2w"), "demo-us"
    assert translator.doubts() == [
        "This model expects ultrasound of the generated prostate; the name says T2w.",
        "A demonstration model: what it makes of an image of a person means nothing.",
    ]
    assert translator.why_not() == ""
    translator.image = of_sample("prostate", "sub-001_us")
    assert translator.doubts() == []
    translator.chosen = "cordsynth"
    assert translator.doubts() == ["This model expects MRI of the spine, any contrast; the name says ultrasound."]
    translator.image = image("4: sag")  # which says nothing
    assert translator.doubts() == []
    mark_synthetic(translator.image, "T2w", "cordsynth@1", None)
    assert translator.doubts() == ["4: sag SYNTHETIC is synthetic itself."]
    assert translator.contrast == "T2w"


def test_it_says_in_turn_what_is_lacking(translator, image, soft):
    said = [translator.why_not(), translator.why_not_compare(), translator.why_not_error()]
    assert said == ["Open an image first."] * 3
    translator.image = soft
    assert translator.why_not() == "T2w soft cord is a soft map and no image."
    translator.image = real = image("T1w")
    assert translator.why_not() == ""
    assert translator.why_not_compare() == "Translate the image first."
    translator.result = image("made")
    mark_synthetic(translator.result, "T2w", "cordsynth@1", real)
    assert translator.why_not_compare() == ""
    assert translator.why_not_error() == "Choose the real image that the translation stands for."
    translator.target = translator.result
    assert "is not the real image" in translator.why_not_error()
    translator.target = image("T2w")
    assert translator.why_not_error() == ""
    translator.image = image("another T1w")
    assert translator.why_not_compare() == "Translate the image first."
    translator.image = translator.result
    assert translator.why_not() == "Choose an output volume other than the source."
    translator.image, translator.busy = real, lambda: True
    busy = "Wait until the work under way is done."
    assert [translator.why_not(), translator.why_not_error(), translator.why_not_sample()] == [busy] * 3
    translator.busy, translator.offers = lambda: False, []
    assert translator.why_not().startswith("The library has no model for translation")
    translator.ready = lambda: False  # where the packages come first
    translator.refresh()
    assert translator.why_not() == ""
    translator.offers = [replace(OFFERS[0], words=About())]
    assert translator.why_not_sample() == "a-mine@1 has no sample."


def test_a_model_of_the_library_translates_and_is_held_to_the_real_image(scene, source, model_home, runner, tmp_path):
    from tools.random_translator import write_random_translator

    from crosscontrast.models.library import ModelLibrary
    from crosscontrast.scene.images import file_of, image_of
    from crosscontrast.scene.results import load_image

    write_random_translator(tmp_path / "bundle", ("T1w", "ct"))
    ModelLibrary().add(tmp_path / "bundle", "random")
    translator = Translator(image=source, chosen="random")
    translator.refresh()
    assert "random@1" in [offer.title for offer in offers()]
    assert translator.offer.note == "makes T1w and ct"
    translator.chosen_output = "ct"
    taken = []
    runner.start(lambda folder: translator.job(file_of(source), folder), lambda result: taken.append(result) or "")
    (result,) = taken
    assert (result.outputs, result.model) == (["ct"], "random@1")
    translator.result = load_image(scene, result.images[0])
    mark_synthetic(translator.result, "ct", result.model, source)
    with pytest.raises(BadInputError, match="Choose the real image"):
        translator.error_job(lambda node, role: None, tmp_path)
    translator.target = add_volume(scene, image_of(source), "real ct")

    def write(node, role):
        path = tmp_path / f"{role}.nrrd"
        write_volume(node, path, world=True)
        return path

    runner.start(lambda folder: translator.error_job(write, folder), lambda made: taken.append(made) or "")
    assert runner.refused == ""
    figures = taken[1].figures  # of least squares, which may be worse in absolute errors than one grey
    assert 0.5 * figures.mean < figures.translation < 1.5 * figures.mean
    assert figures.source == pytest.approx(0, abs=1e-2)
