import numpy as np
import pytest
import SimpleITK as sitk
from tools.random_translator import write_random_translator

from CrossContrastLib.errors import BadInputError, ModelError
from CrossContrastLib.ground.geometry import same_grid
from CrossContrastLib.ground.images import read_image
from CrossContrastLib.ground.provenance import Provenance
from CrossContrastLib.models.library import ModelLibrary
from CrossContrastLib.progress import silent
from SynthSegLib.jobs import TranslateImage


@pytest.fixture
def translator(model_home, tmp_path):
    write_random_translator(tmp_path / "bundle")
    return ModelLibrary().add(tmp_path / "bundle", "random-translator")


@pytest.fixture
def job(tmp_path, awkward_image):
    sitk.WriteImage(awkward_image, str(tmp_path / "sub-01_T1w.nii.gz"))
    return TranslateImage(image=tmp_path / "sub-01_T1w.nii.gz", out=tmp_path / "out", model="random-translator")


def test_every_output_lies_on_the_images_grid_and_says_what_made_it(translator, job, awkward_image):
    reports = []
    result = job.run(lambda *report: reports.append(report))
    assert [path.name for path in result.images] == ["sub-01_T1w_ct.nii.gz", "sub-01_T1w_pet.nii.gz"]
    ct, pet = (read_image(path) for path in result.images)
    assert same_grid(ct, awkward_image)
    assert same_grid(pet, awkward_image)
    assert ct.GetPixelID() == sitk.sitkFloat32
    assert not np.allclose(sitk.GetArrayFromImage(ct), sitk.GetArrayFromImage(pet))
    provenance = Provenance.read(result.sidecar)
    assert (provenance.model.name, provenance.model.version) == ("random-translator", 1)
    assert provenance.changed_since(job.out) == []
    assert reports[-1][:2] == (1, 1)
    assert [done for done, _, _ in reports] == sorted(done for done, _, _ in reports)


def test_a_segmentation_model_is_not_taken_for_a_translator(model_home, job):
    with pytest.raises(ModelError, match="softcord@1 is a model for segmentation, not for translation"):
        job.model_copy(update={"model": "softcord"}).run(silent)
    assert list(job.out.iterdir()) == []


def test_a_missing_image_leaves_nothing(translator, job, tmp_path):
    with pytest.raises(BadInputError, match="does not exist"):
        job.model_copy(update={"image": tmp_path / "absent.nii.gz"}).run(silent)
    assert list(job.out.iterdir()) == []
