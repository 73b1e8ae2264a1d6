"""The translators that come with the software, on the samples that come with them."""

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.desk.samples import SAMPLES, make_sample
from crosscontrast.ground.geometry import reorient, same_grid
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.models.about import about
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.manifest import verify
from crosscontrast.progress import silent
from crosscontrast.synthesis.jobs import TranslateImage

TRANSLATORS = [entry for entry in ModelLibrary().entries() if entry.shipped and entry.task == "translation"]
NAMES = ("cordsynth", "demo-head-heavyt2-mra", "demo-prostate-us-t2w")


#: The mask of each sample's organ.
MASKS = {
    "cord": "truth/phantom_softseg.nii.gz",
    "prostate": "sub-001_t2w_mask.nii.gz",
    "head": "sub-001_mra_mask.nii.gz",
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """The image, the truth and the mask of the sample of each kind."""
    folder, found = tmp_path_factory.mktemp("samples"), {}
    for kind, mask in MASKS.items():
        image, target, *_ = make_sample(kind, folder / kind)
        found[kind] = image, target, folder / kind / mask
    return found


def test_three_translators_are_shipped_and_are_small():
    assert {entry.name for entry in TRANSLATORS} == set(NAMES)
    size = sum(file.stat().st_size for entry in TRANSLATORS for file in entry.folder.rglob("*") if file.is_file())
    assert size < 25e6


@pytest.mark.parametrize("name", NAMES)
def test_a_translator_says_what_it_takes_what_it_makes_and_what_it_is_for(name):
    entry = ModelLibrary().find(name)
    verify(entry.folder)
    said = about(entry)
    assert said.expects
    assert said.produces
    assert said.licence == "Apache-2.0"
    assert said.sample in SAMPLES
    card = (entry.folder / "docs/README.md").read_text()
    assert "Apache-2.0" in card
    assert "must not be believed" in card
    assert said.demonstration == name.startswith("demo-") == ("demonstration" in card.lower())


@pytest.mark.parametrize("name", NAMES)
def test_its_sample_is_translated_better_than_by_the_best_line_and_judged(name, samples, tmp_path):
    sample = samples[about(ModelLibrary().find(name)).sample]
    made = TranslateImage(image=sample[0], out=tmp_path, model=name).run(silent)
    image, answer, truth, mask = (read_image(p) for p in (sample[0], made.images[0], *sample[1:]))
    assert same_grid(answer, truth)
    reach = sitk.BinaryDilate(sitk.Cast(mask > 0.5, sitk.sitkUInt8), [6, 6, 6])
    inside = sitk.GetArrayFromImage(reach) > 0
    y = sitk.GetArrayFromImage(truth)[inside].astype(float)
    errors = {}
    for kind, given in (("image", image), ("translation", answer)):
        x = sitk.GetArrayFromImage(given)[inside].astype(float)
        errors[kind] = np.abs(np.polyval(np.polyfit(x, y, 1), x) - y).mean()
    assert errors["translation"] < 0.8 * errors["image"]
    assert made.verdict is not None
    assert made.verdict.decision != "stop", made.verdict.reasons


def test_the_cord_translator_answers_alike_however_an_image_is_stored(awkward_image, tmp_path):
    write_image(awkward_image, tmp_path / "as-is.nii.gz")
    write_image(3 * reorient(awkward_image, "ASL") + 50, tmp_path / "turned.nii.gz")
    one, other = (
        read_image(
            TranslateImage(image=tmp_path / f"{n}.nii.gz", out=tmp_path, model="cordsynth").run(silent).images[0]
        )
        for n in ("as-is", "turned")
    )
    assert same_grid(one, awkward_image)
    again = sitk.Resample(other, one, sitk.Transform(), sitk.sitkNearestNeighbor)
    assert np.abs(sitk.GetArrayFromImage(again) - sitk.GetArrayFromImage(one)).max() < 0.02
