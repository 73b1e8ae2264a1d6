"""Where a translation is wrong, on its own grid, whatever unit and grid the real image has."""

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import reorient, same_grid
from crosscontrast.ground.images import image_like, read_image, write_image
from crosscontrast.progress import silent
from crosscontrast.synthesis.error_map import MapError, error_map


def test_an_error_is_shown_where_it_is_in_the_real_images_unit(awkward_image, tmp_path):
    values = sitk.GetArrayFromImage(awkward_image).astype(np.float32)
    wrong = values.copy()
    wrong[2:4, 3:6, 1:3] += 4 * values.std()
    # The real image has another unit and is stored turned; the translation has a wrong block.
    write_image(reorient(image_like(10 * values + 700, awkward_image), "ASL"), tmp_path / "real_T2w.nii.gz")
    write_image(image_like(wrong, awkward_image), tmp_path / "x_T2w.nii.gz")
    write_image(image_like(values**2, awkward_image), tmp_path / "x.nii.gz")
    names = {"translation": "x_T2w", "target": "real_T2w", "source": "x"}
    job = MapError(out=tmp_path / "out", **{role: tmp_path / f"{name}.nii.gz" for role, name in names.items()})
    result = job.run(silent)
    assert result.map == tmp_path / "out/x_T2w_error.nii.gz"
    made = read_image(result.map)
    assert same_grid(made, awkward_image)
    error = sitk.GetArrayFromImage(made)
    inside = np.zeros(error.shape, bool)
    inside[2:4, 3:6, 1:3] = True
    assert error[inside].mean() > 10 * error[~inside].mean()
    assert error[inside].mean() == pytest.approx(40 * values.std(), rel=0.3)
    figures = result.figures
    assert figures.translation < figures.mean
    assert figures.source is not None
    assert "one grey everywhere" in figures.sentence()
    perfect, figures = error_map(awkward_image, awkward_image)
    assert figures.translation == pytest.approx(0, abs=1e-3)
    assert sitk.GetArrayViewFromImage(perfect).max() < 1e-2


def test_a_translation_that_says_nothing_is_as_wrong_as_one_grey(awkward_image):
    flat = awkward_image * 0 + 5
    _, figures = error_map(flat, awkward_image)
    assert figures.translation == pytest.approx(figures.mean)


def test_images_of_different_places_are_refused(awkward_image):
    far = sitk.Image(awkward_image)
    far.SetOrigin([value + 1000 for value in awkward_image.GetOrigin()])
    with pytest.raises(BadInputError, match="too few places in common"):
        error_map(awkward_image, far)
