import numpy as np
import pytest
import SimpleITK as sitk
from tools.random_translator import write_random_translator

from crosscontrast.errors import BadInputError, ModelError, OutputError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.ground.provenance import Provenance
from crosscontrast.models.bundle import BundleMetadata, write_bundle
from crosscontrast.models.library import ModelLibrary
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import ModelSpec, NetworkSpec, Preprocessing, Windowing
from crosscontrast.progress import silent
from crosscontrast.synthesis.jobs import TranslateImage
from crosscontrast.synthesis.translate import cycle_error


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


def test_one_of_several_outputs_is_made_and_one_that_is_none_of_them_is_refused(translator, job):
    both = [read_image(path) for path in job.run(silent).images]
    alone = job.model_copy(update={"output": "pet", "out": job.out / "alone"}).run(silent)
    assert [path.name for path in alone.images] == ["sub-01_T1w_pet.nii.gz"]
    made = sitk.GetArrayFromImage(read_image(alone.images[0]))
    assert np.array_equal(made, sitk.GetArrayFromImage(both[1]))
    with pytest.raises(ModelError, match=r"random-translator@1 makes ct and pet, not T2w"):
        job.model_copy(update={"output": "T2w"}).run(silent)


def test_results_say_in_their_header_and_beside_it_that_they_are_synthetic(translator, job):
    result = job.run(silent)
    for path in result.images:
        notes = sitk.ReadImage(str(path)).GetMetaData("ITK_FileNotes")
        assert notes.startswith("SYNTHETIC, not acquired")
        assert "random-translator@1" in notes
    assert Provenance.read(result.sidecar).parameters["synthetic"] is True


def test_results_on_cubes_show_the_same_places(model_home, job, awkward_image, tmp_path):
    inner = {"spatial_dims": 3, "in_channels": 1, "out_channels": 1, "channels": [2, 2]}
    ends = {"source_range": [-1.0, 1.0], "target_range": [-1.0, 1.0], "residual": [1.0, 0.0]}
    network = NetworkSpec(name="Translator", arguments={"network": "SkipNet", "arguments": inner, **ends})
    spec = ModelSpec(task="translation", network=network, outputs=("same",), activation="none",
                     windowing=Windowing(size=(16, 16, 16)))  # fmt: skip
    nothing = {key: 0 * value for key, value in build_network("Translator", **network.arguments).state_dict().items()}
    words = dict.fromkeys(("name", "version", "task", "description", "authors", "copyright", "licence"), "test")
    write_bundle(tmp_path / "same", spec, nothing, BundleMetadata(**words, changelog={}), "")
    given = {"model": str(tmp_path / "same"), "isotropic": 1.5}
    cubes = read_image(job.model_copy(update=given).run(silent).images[0])
    assert cubes.GetSpacing() == pytest.approx((1.5, 1.5, 1.5))
    assert cubes.GetDirection() == pytest.approx(awkward_image.GetDirection(), abs=1e-5)
    extent = np.array(awkward_image.GetSize()) * awkward_image.GetSpacing()
    assert np.abs(np.array(cubes.GetSize()) * 1.5 - extent).max() <= 0.75
    again = sitk.GetArrayFromImage(sitk.Resample(cubes, awkward_image))[1:-1, 1:-1, 1:-1]
    assert np.corrcoef(again.ravel(), sitk.GetArrayFromImage(awkward_image)[1:-1, 1:-1, 1:-1].ravel())[0, 1] > 0.9


def test_what_is_not_an_unchanged_result_of_ours_is_replaced_only_when_that_is_asked_for(translator, job):
    first = job.run(silent)
    job.run(silent)  # over its own results
    write_image(read_image(first.images[1]) * 2, first.images[1])
    changed = first.images[1].read_bytes()
    with pytest.raises(OutputError, match=r"sub-01_T1w_pet.nii.gz was changed by someone"):
        job.run(silent)
    assert first.images[1].read_bytes() == changed
    first.sidecar.unlink()
    with pytest.raises(OutputError, match=r"sub-01_T1w_ct.nii.gz exists already and was not made by this program"):
        job.run(silent)
    again = job.model_copy(update={"overwrite": True}).run(silent)
    assert Provenance.read(again.sidecar).changed_since(job.out) == []


def test_a_segmentation_model_is_not_taken_for_a_translator(model_home, job):
    with pytest.raises(ModelError, match="softcord@10 is a model for segmentation, not for translation"):
        job.model_copy(update={"model": "softcord"}).run(silent)
    assert list(job.out.iterdir()) == []


def test_a_missing_image_leaves_nothing(translator, job, tmp_path):
    with pytest.raises(BadInputError, match="does not exist"):
        job.model_copy(update={"image": tmp_path / "absent.nii.gz"}).run(silent)
    assert list(job.out.iterdir()) == []


@pytest.fixture
def trained(model_home, tmp_path):
    """A 2D translator with dropout, random weights, whose target's unit lies between 100 and 300."""
    arguments = {
        "network": "MonaiUNet",
        "arguments": {"spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": [4, 8], "strides": [2]},
        "source_range": [0, 1],
        "target_range": [100, 300],
        "activation": "tanh",
    }
    arguments["arguments"]["dropout"] = 0.3
    write_translator(tmp_path / "model-000001", arguments)
    return tmp_path / "model-000001"


def write_translator(folder, arguments):
    spec = ModelSpec(
        task="translation",
        network=NetworkSpec(name="Translator", arguments=arguments),
        outputs=("t2w",),
        windowing=Windowing(size=(16, 16), divisible_by=2),
        preprocessing=Preprocessing(spacing=None),
        activation="none",
    )
    words = dict.fromkeys(("name", "version", "task", "description", "authors", "copyright", "licence"), "test")
    weights = build_network("Translator", **arguments).state_dict()
    write_bundle(folder, spec, weights, BundleMetadata(**words, changelog={}), "A model for tests.")


def values(path):
    return sitk.GetArrayFromImage(read_image(path))


def test_the_answer_is_in_the_target_s_unit_on_the_awkward_grid(trained, job, awkward_image):
    result = job.model_copy(update={"model": str(trained)}).run(silent)
    assert same_grid(read_image(result.images[0]), awkward_image)
    assert 100 <= values(result.images[0]).min() < values(result.images[0]).max() <= 300


def test_the_average_of_axes_is_the_mean_of_the_three(trained, job):
    answers = {
        axis: values(job.model_copy(update={"model": str(trained), "axis": axis}).run(silent).images[0])
        for axis in ("0", "1", "2", "average")
    }
    expected = np.mean([answers[axis] for axis in "012"], axis=0)
    np.testing.assert_allclose(answers["average"], expected, atol=1e-3)
    assert not np.allclose(answers["0"], answers["1"])


def test_dropout_spreads_and_the_next_answer_is_free_of_it(trained, job):
    asked = job.model_copy(update={"model": str(trained), "uncertainty": True, "samples": 3})
    result = asked.run(silent)
    assert [path.name for path in result.uncertainty] == ["sub-01_T1w_t2w_uncertainty.nii.gz"]
    assert values(result.uncertainty[0]).mean() > 0
    first = values(result.images[0])
    np.testing.assert_array_equal(values(asked.run(silent).images[0]), first)


def test_two_models_are_averaged_and_their_spread_is_the_uncertainty(translator, job, tmp_path):
    write_random_translator(tmp_path / "other")
    two = {"model": str(translator.folder), "more_models": (str(tmp_path / "other"),), "uncertainty": True}
    result = job.model_copy(update=two).run(silent)
    each = [
        values(job.model_copy(update={"model": str(f), "out": tmp_path / f"m{n}"}).run(silent).images[0])
        for n, f in enumerate((translator.folder, tmp_path / "other"))
    ]
    np.testing.assert_allclose(values(result.images[0]), np.mean(each, axis=0), atol=1e-5)
    np.testing.assert_allclose(values(result.uncertainty[0]), np.std(each, axis=0, ddof=1), atol=1e-5)


def test_a_model_that_always_answers_the_same_has_no_uncertainty(translator, job):
    with pytest.raises(ModelError, match="answers the same every time"):
        job.model_copy(update={"uncertainty": True}).run(silent)
    assert list(job.out.iterdir()) == []


def test_only_slices_have_an_axis(translator, job):
    with pytest.raises(ModelError, match="no axis of slices"):
        job.model_copy(update={"axis": "1"}).run(silent)


def test_the_cycle_error_of_a_perfect_way_back_is_zero(awkward_image):
    np.testing.assert_array_equal(sitk.GetArrayFromImage(cycle_error(awkward_image, awkward_image)), 0)
    brighter = sitk.GetArrayFromImage(cycle_error(awkward_image, awkward_image * 3))
    assert brighter.max() < 1e-3
