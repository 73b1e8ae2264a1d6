"""Which case comes first, with predictions whose doubt and areas are known."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
from small_corrections import box_mask, box_soft
from support import oblique_direction

from crosscontrast.corrections.disagreement import areas_in_common
from crosscontrast.corrections.jobs import OrderWorklist
from crosscontrast.corrections.worklist import local_uncertainty, worklist
from crosscontrast.ground.images import image_like, write_image
from crosscontrast.progress import silent


def predict(dataset, case, soft, spread=None):
    folder = dataset.layout.prediction(case)
    folder.mkdir(parents=True, exist_ok=True)
    write_image(soft, folder / f"{case}_softseg.nii.gz")
    if spread is not None:
        write_image(spread, folder / f"{case}_uncertainty.nii.gz")


def grid(dataset, case):
    return dataset.record(case).grid()


def names(items):
    return [item.case.name for item in items]


def spread_of(image, near, far):
    """Doubt of ``near`` in and around the box, ``far`` in all the rest of the image."""
    values = np.full(image.GetSize()[::-1], far, np.float32)
    values[:, 0:12, 0:9] = near
    return image_like(values, image)


def test_doubt_counts_in_and_around_what_was_found_and_not_in_the_air(dataset):
    """The mean over the whole image would put the second first: its far corner is very unsure."""
    for case, near, far in (("sub-01_T1w", 0.3, 0.0), ("sub-01_T2w", 0.1, 0.5), ("sub-02_T1w", 0.2, 0.0)):
        image = grid(dataset, case)
        predict(dataset, case, box_soft(image), spread_of(image, near, far))
    items = worklist(dataset, "uncertainty")
    assert names(items) == ["sub-01_T1w", "sub-02_T1w", "sub-01_T2w", "sub-02_T2w"]
    assert items[0].score == pytest.approx(0.3, abs=1e-6)
    assert items[0].reason == "mean uncertainty 0.300 in and around what was found"
    assert math.isnan(items[3].score)
    assert items[3].reason == "not predicted yet"


def test_a_missed_structure_comes_before_an_unsure_one(dataset):
    image = grid(dataset, "sub-02_T2w")
    predict(dataset, "sub-02_T2w", box_soft(image) * 0.1, spread_of(image, 0, 0))
    predict(dataset, "sub-01_T1w", box_soft(image), spread_of(image, 0.5, 0))
    predict(dataset, "sub-01_T2w", box_soft(image))
    items = worklist(dataset, "uncertainty")
    assert names(items)[:2] == ["sub-02_T2w", "sub-01_T1w"]
    assert items[0].reason == "nothing was found in it"
    assert "predicted without uncertainty" in [item.reason for item in items]


def test_the_doubt_is_measured_in_mm_on_anisotropic_grids():
    values = np.zeros((9, 9, 9), np.float32)
    values[4, 4, 4] = 1
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((1.0, 1.0, 4.0))
    ones = np.zeros((9, 9, 9), np.float32)
    ones[4] = 1
    assert local_uncertainty(image, image_like(ones, image)) == 1
    assert math.isnan(local_uncertainty(image * 0, image))


def cylinder(area, spacing, orientation="RAI", size=(40, 40, 40), start=0.0, tilt=None) -> sitk.Image:
    """A soft cord of this cross-section along the body, from ``start`` mm in height, seen in this orientation."""
    centre = np.array([(n - 1) / 2 for n in size[:2]])
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetOrigin((-centre[0] * spacing[0], -centre[1] * spacing[1], start))
    if tilt is not None:
        image.SetDirection(tilt)
    j, i = np.meshgrid(
        *[(np.arange(n) - (n - 1) / 2) * s for n, s in zip(size[1::-1], spacing[1::-1], strict=True)], indexing="ij"
    )
    radius = np.sqrt(area / np.pi)
    soft = np.clip((radius - np.hypot(i, j)) / spacing[0] + 0.5, 0, 1).astype(np.float32)
    return sitk.DICOMOrient(image_like(np.broadcast_to(soft, size[::-1]).copy(), image), orientation)


def test_areas_are_compared_over_the_heights_that_all_contrasts_show_whatever_the_orientation():
    found = areas_in_common(
        {
            "axial": cylinder(80, (0.5, 0.5, 3.0), size=(40, 40, 12)),
            "sagittal": cylinder(80, (0.5, 0.5, 1.0), "PIR", start=10.0),
            "thick": cylinder(60, (0.5, 0.5, 5.0), size=(40, 40, 5), start=4.0),
        }
    )
    assert found.length == pytest.approx(14)
    assert found.areas["axial"] == pytest.approx(80, rel=0.03)
    assert found.areas["sagittal"] == pytest.approx(80, rel=0.03)
    assert found.areas["thick"] == pytest.approx(60, rel=0.03)


@pytest.mark.parametrize("left_handed", [True, False])
def test_an_oblique_grid_measures_the_cut_across_the_body(left_handed):
    """A straight cord tilted against the height is cut obliquely: its area grows by 1 / cos."""
    direction = oblique_direction(left_handed)
    mask = cylinder(80, (0.5, 0.5, 1.0), size=(40, 40, 60), tilt=direction)
    found = areas_in_common({"a": mask, "b": mask})
    # The ends of a tilted cord are cut slanting, so only its middle is whole.
    assert found.areas["a"] == pytest.approx(80 / abs(direction[8]), rel=0.12)


def test_contrasts_that_share_no_stretch_are_not_compared():
    apart = areas_in_common({"low": cylinder(80, (1, 1, 1)), "high": cylinder(80, (1, 1, 1), start=35.0)})
    assert apart.areas == {}
    assert apart.length == pytest.approx(4)
    assert areas_in_common({"empty": cylinder(80, (1, 1, 1)) * 0}).areas == {}


def test_the_contrast_that_disagrees_with_the_others_of_its_visit_comes_first(dataset, images):
    dataset.add(images / "sub-01_T1w.nii.gz", contrast="T2star")
    for case, width in (("sub-01_T1w", 4), ("sub-01_T2w", 4), ("sub-01_T2star", 6), ("sub-02_T1w", 4)):
        predict(dataset, case, box_soft(grid(dataset, case), width))
    dataset.save("sub-01_T1w", box_soft(grid(dataset, "sub-01_T1w")), box_mask(grid(dataset, "sub-01_T1w")), author="A")
    items = worklist(dataset, "disagreement")
    assert names(items) == ["sub-01_T2star", "sub-01_T2w", "sub-02_T1w", "sub-02_T2w"]
    assert items[0].score == pytest.approx(0.5, abs=1e-6)
    assert "+50% from the median of 3 contrasts" in items[0].reason
    assert items[2].reason == "no other contrast of this visit shows the same stretch"
    assert items[3].reason == "not predicted yet"


def test_excluded_and_corrected_cases_do_not_wait(dataset):
    dataset.exclude("sub-01_T1w", "motion")
    image = grid(dataset, "sub-02_T1w")
    dataset.save("sub-02_T1w", box_soft(image), box_mask(image), author="A")
    result = OrderWorklist(dataset=dataset.folder).run(silent)
    assert [entry.case for entry in result.entries] == ["sub-01_T2w", "sub-02_T2w"]
    assert {entry.score for entry in result.entries} == {None}
