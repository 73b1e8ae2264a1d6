"""The engine with networks whose answer is known: what goes in at a place must come out at that place."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from support import centre_of_mass
from torch import nn

from crosscontrast.errors import BadInputError, ModelError, OutOfMemoryError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like
from crosscontrast.inference.engine import GridPredictor
from crosscontrast.models.spec import Finder, Localisation, ModelSpec, NetworkSpec, Preprocessing, Windowing

CPU = torch.device("cpu")
#: Enough evidence for a bright corner, which is shorter than anything that windows should follow.
SHORT = 0.35


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
        evidence=SHORT,
        finder=Finder(network=NetworkSpec(name="unused"), windowing=Windowing(size=(32, 32, 32), divisible_by=8)),
    )
    settings = spec(task="segmentation", activation="sigmoid", outputs=("cord",), localisation=localisation)
    finder, fine = Function(lambda x: (x > 300) * 4.0 - 3), Function(lambda x: (x > 300) * 40.0 - 20)
    result = GridPredictor(settings, fine, CPU, finder=finder).predict([awkward_image])["cord"]
    truth = sitk.Cast(awkward_image > 300, sitk.sitkFloat32)
    assert same_grid(result, awkward_image, 0)
    assert np.abs(centre_of_mass(sitk.Cast(result > 0.5, sitk.sitkFloat32)) - centre_of_mass(truth)).max() < 0.5
    assert sitk.GetArrayFromImage(result).max() > 0.99


def searching(fine, finder, **changes):
    """A predictor that searches along the body, with a finder and a fine network that are plain functions."""
    localisation = Localisation(
        output="cord",
        follow=0,
        margin=4.0,
        evidence=SHORT,
        finder=Finder(network=NetworkSpec(name="unused"), windowing=Windowing(size=(32, 32, 32), divisible_by=8)),
    )
    changed = {"task": "segmentation", "activation": "sigmoid", "outputs": ("cord",), "localisation": localisation}
    return GridPredictor(spec(**changed | changes), Function(fine), CPU, finder=Function(finder))


@pytest.mark.parametrize(("sure", "found"), [(True, True), (False, False)])
def test_a_finder_that_is_hardly_sure_only_proposes_and_the_fine_network_decides(awkward_image, sure, found):
    """The finder says 0.12 of the corner and 0 elsewhere; the fine network says 1 of it, or 0.73."""
    level = 20.0 if sure else 1.0
    predictor = searching(lambda x: level * ((x > 300) * 2 - 1), lambda x: (x > 300) * 8.0 - 10)
    maps = predictor.predict([awkward_image])
    if not found:
        assert "sure 0.00" in maps.doubt
        assert sitk.GetArrayFromImage(maps["cord"]).max() == 0
        return
    assert maps.doubt == ""
    assert maps.evidence > SHORT
    place = centre_of_mass(sitk.Cast(maps["cord"] > 0.5, sitk.sitkFloat32))
    assert np.abs(place - centre_of_mass(sitk.Cast(awkward_image > 300, sitk.sitkFloat32))).max() < 0.5


def test_the_tube_is_kept_and_not_the_larger_ball_that_the_finder_is_surer_of():
    z, y, x = np.meshgrid(*(np.arange(n) for n in (64, 48, 96)), indexing="ij")
    tube = np.hypot(y - 24 - 3 * np.sin(z / 12), x - 20) < 5
    ball = (z - 32) ** 2 + (y - 24) ** 2 + (x - 70) ** 2 < 14**2
    predictor = searching(lambda x: (x > 0.5) * 12.0 - 6, lambda x: 4.0 * (x > 1.5) + 8 * (x > 0.5) - 9)
    seen: list[float] = []
    image = _ras(np.where(ball, 2, tube).astype(np.float32))
    maps = predictor.predict([image], lambda done, total, _: seen.append(done / total))
    assert seen == sorted(seen)
    result = sitk.GetArrayFromImage(maps["cord"])
    assert (result > 0.5)[tube].mean() > 0.98
    assert result[:, :, 50:].max() == 0


@pytest.mark.parametrize("seen", [True, False], ids=["the finder sees it", "only the fine network knows it"])
def test_the_fine_network_looks_everywhere_only_where_the_finder_shows_nothing_clear(seen):
    z, y, x = np.meshgrid(*(np.arange(n) for n in (64, 96, 96)), indexing="ij")
    tube = np.hypot(y - 60 - 3 * np.sin(z / 12), x - 20) < 5
    fine, finder = (lambda x: (x > 0.5) * 12.0 - 6), (lambda x: seen * (x > 0.5) * 12.0 - 6)
    predictor = searching(fine, finder)
    image = _ras(np.where(tube, 1, np.where(x < 90, 0.4, 0)).astype(np.float32))
    found = sitk.GetArrayFromImage(predictor.predict([image])["cord"]) > 0.5
    assert np.array_equal(found, tube)
    assert (predictor._network.voxels < tube.size / 2) == seen


def test_looking_everywhere_passes_over_air():
    z, y, x = np.meshgrid(*(np.arange(n) for n in (32, 128, 128)), indexing="ij")
    tube = np.hypot(y - 20 - 2 * np.sin(z / 12), x - 20) < 5
    looked = []
    for background in (0.0, 0.4):
        predictor = searching(lambda x: (x > 0.5) * 12.0 - 6, lambda x: 0 * x - 20)
        image = np.where((x < 40) & (y < 40), np.where(tube, 1, 0.4), background).astype(np.float32)
        found = sitk.GetArrayFromImage(predictor.predict([_ras(image)])["cord"]) > 0.5
        assert np.array_equal(found, tube)
        looked.append(predictor._network.voxels)
    assert looked[0] < looked[1] / 2


def test_stretches_of_one_tube_that_windows_cannot_bridge_are_joined():
    """Nothing is seen over 40 mm of a tube."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in (128, 40, 40)), indexing="ij")
    tube = (np.hypot(y - 20, x - 20) < 5) & (np.abs(z - 60) > 20)
    predictor = searching(lambda x: (x > 0.5) * 12.0 - 6, lambda x: (x > 0.5) * 4.0 - 5)
    found = sitk.GetArrayFromImage(predictor.predict([_ras(tube.astype(np.float32))])["cord"]) > 0.5
    assert np.array_equal(found, tube)


@pytest.mark.parametrize("axes", ["kji", "ijk"])
def test_from_a_point_only_what_lies_there_is_followed(awkward_image, axes):
    """A second block is larger and brighter, and the finder sees nothing; the point is in the first one."""
    values = sitk.GetArrayFromImage(awkward_image)
    values[8:11, 14:19, 17:28] = 900
    image = image_like(values, awkward_image)
    preprocessing = Preprocessing(normalisation="none", axes=axes)
    windowing = Windowing(size=(16, 8, 8), divisible_by=8)
    predictor = searching(
        lambda x: (x > 300) * 40.0 - 20, lambda x: 0 * x - 20, preprocessing=preprocessing, windowing=windowing
    )
    seen: list[float] = []
    left, back, top = image.TransformContinuousIndexToPhysicalPoint((7.5, 4.5, 2.0))
    point = (-left, -back, top)
    maps = predictor.predict([image], lambda done, total, _: seen.append(done / total), at=[point, point])
    found = sitk.Cast(maps["cord"] > 0.5, sitk.sitkFloat32)
    truth = sitk.Cast(awkward_image > 300, sitk.sitkFloat32)
    assert same_grid(found, image, 0)
    assert np.abs(centre_of_mass(found) - centre_of_mass(truth)).max() < 0.5
    assert seen == sorted(seen)
    anywhere = sitk.Cast(predictor.predict([image])["cord"] > 0.5, sitk.sitkFloat32)
    assert np.abs(centre_of_mass(anywhere) - centre_of_mass(truth)).max() > 8


def test_points_outside_of_the_image_and_models_that_follow_nothing_are_refused(awkward_image):
    with pytest.raises(BadInputError, match=r"point \(900, 0, -3.5\) mm lies outside of the image"):
        searching(lambda x: x, lambda x: x).predict([awkward_image], at=[(900.0, 0.0, -3.5)])
    with pytest.raises(ModelError, match="cannot start at a point"):
        GridPredictor(spec(), Function(lambda x: x), CPU).predict([awkward_image], at=[(0.0, 0.0, 0.0)])


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
            evidence=0,
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
        evidence=SHORT,
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
