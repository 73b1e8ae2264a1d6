"""The engine with networks whose answer is known: what goes in at a place must come out at that place."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from support import centre_of_mass
from torch import nn

from crosscontrast.errors import BadInputError, OutOfMemoryError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.inference.engine import GridPredictor
from crosscontrast.models.spec import Finder, Localisation, ModelSpec, NetworkSpec, Preprocessing, Windowing

CPU = torch.device("cpu")


class Function(nn.Module):
    """A network that is a plain function, and counts the voxels it was given."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.voxels = 0

    def forward(self, x):
        self.voxels += x.numel()
        return self.function(x)


def spec(window=(16, 16, 16), **changes):
    settings = {
        "task": "translation",
        "network": NetworkSpec(name="unused"),
        "outputs": ("out",),
        "preprocessing": Preprocessing(normalisation="none"),
        "windowing": Windowing(size=window, divisible_by=8),
        "activation": "none",
    }
    return ModelSpec(**settings | changes)


def smooth(image):
    """An image that linear interpolation reproduces well, on the same awkward grid."""
    return sitk.DiscreteGaussian(image, variance=[4.0, 4.0, 16.0])


@pytest.mark.parametrize("orientation", ["RAS", "LPI", "ASL"])
@pytest.mark.parametrize("axes", ["kji", "ijk"])
def test_the_identity_network_returns_the_image_at_its_place(awkward_image, orientation, axes):
    image = smooth(awkward_image)
    preprocessing = Preprocessing(orientation=orientation, spacing=None, axes=axes, normalisation="none")
    predictor = GridPredictor(spec(preprocessing=preprocessing), Function(lambda x: x), CPU)
    result = predictor.predict([image])["out"]
    assert same_grid(result, image, 0)
    assert np.abs(sitk.GetArrayFromImage(result) - sitk.GetArrayFromImage(image)).max() < 1e-2


def test_a_bright_corner_stays_where_it_is_after_resampling_to_one_millimetre(awkward_image):
    predictor = GridPredictor(spec(), Function(lambda x: (x > 300).float()), CPU)
    result = predictor.predict([awkward_image])["out"]
    truth = sitk.Cast(awkward_image > 300, sitk.sitkFloat32)
    assert np.abs(centre_of_mass(result) - centre_of_mass(truth)).max() < 0.5
    assert sitk.GetArrayFromImage(result).min() >= 0
    assert sitk.GetArrayFromImage(result).max() <= 1


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_a_two_dimensional_network_sees_every_slice_in_place(awkward_image, slice_axis):
    windowing = Windowing(size=(16, 16), divisible_by=8, slice_axis=slice_axis)
    predictor = GridPredictor(spec(windowing=windowing), Function(lambda x: (x > 300).float()), CPU)
    result = predictor.predict([awkward_image])["out"]
    truth = sitk.Cast(awkward_image > 300, sitk.sitkFloat32)
    assert np.abs(centre_of_mass(result) - centre_of_mass(truth)).max() < 0.5


def test_neighbouring_slices_become_channels_in_order():
    values = np.arange(8, dtype=np.float32)[:, None, None] * np.ones((1, 16, 16), np.float32)
    windowing = Windowing(size=(16, 16), divisible_by=8, neighbours=1)
    settings = spec(windowing=windowing, outputs=("below", "here", "above"))
    result = GridPredictor(settings, Function(lambda x: x), CPU).predict([_ras(values)])
    picked = [sitk.GetArrayFromImage(result[name])[:, 4, 4] for name in ("below", "here", "above")]
    assert np.allclose(picked, [[0, 0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7, 7]])


def test_a_second_channel_on_another_grid_is_brought_onto_the_first(awkward_image):
    image = smooth(awkward_image)
    other = sitk.DICOMOrient(image, "SRA")
    settings = spec(
        inputs=("a", "b"), preprocessing=Preprocessing(orientation="LPS", spacing=None, normalisation="none")
    )
    difference = Function(lambda x: x[:, :1] - x[:, 1:])
    result = GridPredictor(settings, difference, CPU).predict([image, other])["out"]
    assert np.abs(sitk.GetArrayFromImage(result)).max() < 1e-2


def test_the_wrong_number_of_images_is_said():
    with pytest.raises(BadInputError, match=r"needs 1 image\(s\) \(image\), got 2"):
        GridPredictor(spec(), Function(lambda x: x), CPU).predict([sitk.Image(4, 4, 4, sitk.sitkFloat32)] * 2)


def test_an_image_smaller_than_the_window_and_not_divisible_is_padded_and_cut_back():
    image = _ras(np.random.default_rng(0).random((3, 5, 7), np.float32))
    network = Function(lambda x: x)
    result = GridPredictor(spec(window=(64, 64, 64)), network, CPU).predict([image])["out"]
    assert np.allclose(sitk.GetArrayFromImage(result), sitk.GetArrayFromImage(image), atol=1e-5)
    assert network.voxels == 2 * 16 * 16 * 16  # one window of two divisible units, doubled against slow batches


def test_localisation_gives_the_same_values_around_the_structure_for_less_work():
    values = np.zeros((96, 64, 64), np.float32)
    values[20:70, 20:30, 24:34] = 1
    image = _ras(values)
    whole, boxed = Function(lambda x: 20 * x - 10), Function(lambda x: 20 * x - 10)
    settings = spec(task="segmentation", activation="sigmoid", outputs=("cord",))
    located = settings.model_copy(update={"localisation": Localisation(output="cord", margin=4.0)})
    full = GridPredictor(settings, whole, CPU).predict([image])["cord"]
    fast = GridPredictor(located, boxed, CPU).predict([image])["cord"]
    assert np.abs(sitk.GetArrayFromImage(full) - sitk.GetArrayFromImage(fast)).max() < 1e-6
    assert boxed.voxels < whole.voxels / 2


def test_localisation_without_a_structure_keeps_the_coarse_result():
    settings = spec(
        task="segmentation", activation="sigmoid", outputs=("cord",), localisation=Localisation(output="cord")
    )
    image = _ras(np.random.default_rng(1).random((20, 20, 20), np.float32))
    result = GridPredictor(settings, Function(lambda x: x - 10), CPU).predict([image])["cord"]
    assert sitk.GetArrayFromImage(result).max() < 0.01


def test_following_windows_refine_with_the_fine_network_what_the_finder_found(awkward_image):
    """The finder marks the bright corner vaguely, the fine network exactly; the result lies where the corner is."""
    localisation = Localisation(
        output="cord",
        margin=4.0,
        follow=0,
        finder=Finder(network=NetworkSpec(name="unused"), windowing=Windowing(size=(32, 32, 32), divisible_by=8)),
    )
    settings = spec(task="segmentation", activation="sigmoid", outputs=("cord",), localisation=localisation)
    finder, fine = Function(lambda x: (x > 300) * 2.0 - 1), Function(lambda x: (x > 300) * 40.0 - 20)
    result = GridPredictor(settings, fine, CPU, finder=finder).predict([awkward_image])["cord"]
    truth = sitk.Cast(awkward_image > 300, sitk.sitkFloat32)
    assert same_grid(result, awkward_image, 0)
    assert np.abs(centre_of_mass(sitk.Cast(result > 0.5, sitk.sitkFloat32)) - centre_of_mass(truth)).max() < 0.5
    assert 0 < fine.voxels < finder.voxels
    assert sitk.GetArrayFromImage(result).max() > 0.99


def test_windows_do_not_follow_what_the_finder_is_not_sure_of(awkward_image):
    """A finder that says 0.73 of a structure is sure of no part of it, one that says 0.95 of all of it."""
    fine = Function(lambda x: (x > 300) * 40.0 - 20)
    for level, largest in ((1.0, 0.7311), (3.0, 1.0)):
        localisation = Localisation(
            output="cord",
            follow=0,
            surety=0.35,
            finder=Finder(network=NetworkSpec(name="unused"), windowing=Windowing(size=(32, 32, 32), divisible_by=8)),
        )
        settings = spec(task="segmentation", activation="sigmoid", outputs=("cord",), localisation=localisation)
        finder = Function(lambda x, level=level: (x > 300) * 2 * level - level)
        result = GridPredictor(settings, fine, CPU, finder=finder).predict([awkward_image])["cord"]
        assert sitk.GetArrayFromImage(result).max() == pytest.approx(largest, abs=1e-3)


def test_a_following_window_is_normalised_by_itself():
    """A bright object far away does not change what the fine network sees of the cord."""
    values = np.full((32, 64, 64), 100, np.float32)
    values[:, 30:34, 30:34] = 200
    brighter = values.copy()
    brighter[:, :6, :6] = 5000
    settings = spec(
        task="segmentation",
        activation="sigmoid",
        outputs=("cord",),
        preprocessing=Preprocessing(normalisation="zscore"),
        localisation=Localisation(
            output="cord",
            follow=0,
            margin=4.0,
            finder=Finder(network=NetworkSpec(name="unused"), windowing=Windowing(size=(32, 64, 64), divisible_by=8)),
        ),
    )
    cord = torch.zeros(1, 1, 32, 64, 64)
    cord[..., 30:34, 30:34] = 1
    results = [
        GridPredictor(settings, Function(lambda x: x), CPU, finder=Function(lambda _: 8 * cord - 4)).predict([_ras(v)])
        for v in (values, brighter)
    ]
    near = [sitk.GetArrayFromImage(result["cord"])[:, 28:36, 28:36] for result in results]
    assert np.allclose(*near, atol=1e-5)


def test_mirroring_averages_over_the_allowed_axes_only():
    """A network that answers by position in the window becomes symmetric along the mirrored axis."""
    ramp = torch.linspace(0, 1, 16)
    settings = spec(mirror_axes=(2,))
    image = _ras(np.random.default_rng(2).random((16, 16, 16), np.float32))
    network = Function(lambda x: ramp.expand_as(x).clone())
    plain = sitk.GetArrayFromImage(GridPredictor(settings, network, CPU).predict([image])["out"])
    mirrored = sitk.GetArrayFromImage(GridPredictor(settings, network, CPU, mirror=True).predict([image])["out"])
    assert np.allclose(plain[5, 5], ramp, atol=1e-6)
    assert np.allclose(mirrored, 0.5, atol=1e-6)


def test_relu_divided_by_its_maximum_is_taken_over_the_volume():
    values = np.linspace(-1, 4, 32 * 16 * 16, dtype=np.float32).reshape(32, 16, 16)
    settings = spec(task="segmentation", activation="relu_max")
    result = GridPredictor(settings, Function(lambda x: x), CPU).predict([_ras(values)])["out"]
    assert np.allclose(sitk.GetArrayFromImage(result), values.clip(0) / 4, atol=1e-5)


def test_progress_goes_from_zero_to_one_and_never_back():
    seen = []
    settings = spec(
        task="segmentation", activation="sigmoid", outputs=("cord",), localisation=Localisation(output="cord")
    )
    GridPredictor(settings, Function(lambda x: x), CPU).predict(
        [_ras(np.ones((40, 20, 20), np.float32))], lambda done, total, _message: seen.append(done / total)
    )
    assert seen[0] == 0
    assert seen[-1] == 1
    assert seen == sorted(seen)
    assert len(seen) > 5


def test_too_little_memory_is_an_error_people_can_act_on():
    def exhausted(_x):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(OutOfMemoryError, match="too little memory"):
        GridPredictor(spec(), Function(exhausted), CPU).predict([_ras(np.ones((8, 8, 8), np.float32))])


def _ras(values):
    image = sitk.GetImageFromArray(values)
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    return image


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_relative_channel_shows_the_structure_as_one_whatever_its_contrast(awkward_image, rounds):
    """The fine network marks what is above one half of its second channel: the bright corner, dark in the negative."""
    localisation = Localisation(
        output="cord",
        margin=4.0,
        follow=0,
        relative=("cord", "canal"),
        rounds=rounds,
        finder=Finder(network=NetworkSpec(name="unused"), windowing=Windowing(size=(32, 32, 32), divisible_by=8)),
    )
    settings = spec(task="segmentation", activation="sigmoid", outputs=("cord", "canal"), localisation=localisation)
    truth = sitk.Cast(awkward_image > 300, sitk.sitkFloat32)
    for image, side in ((awkward_image, 1), (400 - awkward_image, -1)):
        level = 300 if side > 0 else 100

        def finder(x, level=level, side=side):
            marked = (side * (x - level) > 0) * 6.0 - 3
            return torch.cat([marked, torch.full_like(marked, 4.0)], 1)

        seen = Function(lambda x: torch.cat([40 * (x[:, 1:] - 0.5), torch.full_like(x[:, 1:], 4.0)], 1))
        result = GridPredictor(settings, seen, CPU, finder=Function(finder)).predict([image])["cord"]
        assert same_grid(result, image, 0)
        found = sitk.Cast(result > 0.5, sitk.sitkFloat32)
        assert np.abs(centre_of_mass(found) - centre_of_mass(truth)).max() < 0.5


def test_a_relative_channel_needs_two_outputs_and_windows_that_follow():
    for wrong in ({"relative": ("cord", "canal")}, {"relative": ("cord", "elsewhere"), "follow": 0}):
        with pytest.raises(ValueError, match="relative needs"):
            spec(
                task="segmentation",
                outputs=("cord", "canal"),
                localisation=Localisation(output="cord", **wrong),
            )
