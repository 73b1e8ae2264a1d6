import numpy as np
import pytest
import SimpleITK as sitk
from support import oblique_direction

from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.jobs import SegmentCord
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.cord.segment import segment_volume
from crosscontrast.cord.uncertainty import VERSIONS, measure_uncertainty
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like, read_image, write_image
from crosscontrast.progress import silent


class Threshold:
    """A predictor for which everything brighter than ``level`` of the brightest voxel is cord."""

    outputs = ("cord",)

    def __init__(self, level: float) -> None:
        self.level, self.calls = level, 0

    def predict(self, images, progress=silent):
        self.calls += 1
        values = sitk.GetArrayFromImage(images[0])
        return {"cord": image_like((values > self.level * values.max()).astype(np.float32), images[0])}


def column(left_handed: bool) -> sitk.Image:
    """A bright column beside the middle, in a dimmer sleeve on its right side, on an oblique anisotropic grid."""
    values = np.zeros((30, 24, 28), np.float32)
    values[:, 8:17, 4:12] = 1.0
    values[:, 8:17, 12:15] = 0.5
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.9, 1.1, 2.0))
    image.SetDirection(oblique_direction(left_handed))
    image.SetOrigin((-17.0, 23.0, 5.0))
    return image


@pytest.mark.parametrize("left_handed", [False, True])
def test_versions_that_agree_agree_voxel_by_voxel_on_the_grid_of_the_image(left_handed):
    """A mirrored answer that was not brought back would differ, as the column is not in the middle."""
    image = column(left_handed)
    predictor = Threshold(0.1)
    soft = predictor.predict([image])["cord"]
    result = measure_uncertainty(image, soft, measure_csa(soft), predictor, "cord")
    assert predictor.calls == 1 + len(VERSIONS)
    assert same_grid(result.image, image, 0)
    assert sitk.GetArrayFromImage(result.image).max() == 0
    assert result.mean == 0
    areas = result.csa.values("area_uncertainty")
    assert np.isfinite(areas).any()
    assert np.nanmax(areas) < 1e-9


@pytest.mark.parametrize("left_handed", [False, True])
def test_what_depends_on_the_brightness_is_unsure_where_it_does(left_handed):
    """The sleeve is 0.5 ** 1.33 = 0.40 and 0.5 ** 0.75 = 0.59 bright in the versions: cord in two of six."""
    image = column(left_handed)
    predictor = Threshold(0.55)
    soft = predictor.predict([image])["cord"]
    result = measure_uncertainty(image, soft, measure_csa(soft), predictor, "cord")
    spread, values = sitk.GetArrayFromImage(result.image), sitk.GetArrayFromImage(image)
    assert spread[values == 0.5] == pytest.approx(np.std([0, 0, 0, 0, 1, 1]), abs=1e-6)
    assert spread[values != 0.5].max() == 0
    assert result.mean == pytest.approx(np.std([0, 0, 0, 0, 1, 1]) * 3 / 11, abs=1e-6)


def test_the_area_is_as_unsure_as_the_areas_of_the_versions_differ():
    image = sitk.GetImageFromArray(np.pad(np.ones((20, 8, 8), np.float32), ((0, 0), (6, 6), (6, 10))))
    values = sitk.GetArrayFromImage(image)
    values[:, 6:14, 14:16] = 0.5
    image = image_like(values, image)
    predictor = Threshold(0.55)
    soft = predictor.predict([image])["cord"]
    result = measure_uncertainty(image, soft, measure_csa(soft), predictor, "cord")
    inner = result.csa.values("area_uncertainty")[3:-3]
    assert inner == pytest.approx(np.std([64, 64, 64, 64, 80, 80]), rel=0.01)


def test_versions_are_not_averaged_with_their_mirror_images_which_would_hide_how_much_these_differ():
    image = column(False)
    averaged, plain = Threshold(0.1), Threshold(0.55)
    result = segment_volume(image, averaged, 0.5, silent, plain=plain)
    assert (averaged.calls, plain.calls) == (1, len(VERSIONS))
    sleeve = sitk.GetArrayFromImage(result.uncertainty.image)[15, 10, 12:15]
    assert sleeve == pytest.approx(np.std([1, 0, 0, 0, 1, 1]), abs=1e-6)


def test_an_image_without_cord_is_not_uncertain():
    image = image_like(np.zeros((12, 12, 12), np.float32), sitk.Image(12, 12, 12, sitk.sitkFloat32))
    predictor = Threshold(0.5)
    soft = predictor.predict([image])["cord"]
    result = measure_uncertainty(image, soft, measure_csa(soft), predictor, "cord")
    assert result.mean == 0
    assert sitk.GetArrayFromImage(result.image).max() == 0


def test_the_uncertainty_of_a_segmentation_is_written_on_request_and_removed_with_the_result_it_belonged_to(tmp_path):
    phantom = CordPhantom(size=(48, 48, 40), origin=(-24.0, 24.0, -20.0))
    write_image(phantom.image("T2w"), tmp_path / "phantom.nii.gz")
    job = SegmentCord(image=tmp_path / "phantom.nii.gz", out=tmp_path / "out", device="cpu", uncertainty=True)
    result = job.run(silent)
    written = tmp_path / "out" / "phantom_uncertainty.nii.gz"
    spread = read_image(written)
    assert same_grid(spread, read_image(tmp_path / "phantom.nii.gz"), 1e-6)
    values = sitk.GetArrayFromImage(spread)
    assert 0 < values.max() <= 0.5
    assert 0 < result.uncertainty < 0.5
    assert "MEAN(uncertainty of true soft area)" in result.csa.read_text().splitlines()[0]
    plain = job.model_copy(update={"uncertainty": False}).run(silent)
    assert plain.uncertainty is None
    assert not written.exists()
    first, second = (sitk.GetArrayFromImage(read_image(r.softseg)) for r in (result, plain))
    assert np.array_equal(first, second)
