"""A cohort checked against itself: strangers are named, natural spread is not, and nobody is told twice."""

import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow
from crosscontrast.ground.consistency import (
    Findings,
    coverage,
    incomplete,
    look_at,
    other_spacings,
    other_units,
    uncovered,
)


def picture(seed: int = 0, low: float = 0, high: float = 650, spacing=(1.0, 1.0, 2.5)) -> sitk.Image:
    values = np.random.default_rng(seed).uniform(low, high, (8, 10, 12))
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    return image


def row(number: int, role: str = "t2w") -> CohortRow:
    return CohortRow(subject=f"sub-{number:03}", role=role, image=Path(f"sub-{number:03}_{role}.nii.gz"))


def looks(images) -> list:
    return [look_at(row(number), image) for number, image in enumerate(images)]


def cohort(**strange: sitk.Image) -> list:
    """Six alike images; ``n3`` replaces the one of sub-003."""
    return looks([strange.get(f"n{number}", picture(number)) for number in range(6)])


@pytest.mark.parametrize(
    ("factor", "words"), [(1000, "times brighter"), (0.001, "times darker"), (6, "times brighter")]
)
def test_one_image_in_another_unit_is_named_with_its_factor(factor, words):
    (found,) = other_units(cohort(n3=picture(3) * factor))
    told = f"about {max(factor, 1 / factor):g} {words}"
    assert found == f"sub-003_t2w.nii.gz of sub-003 is {told} than the other images of role t2w"


def test_another_zero_is_named_and_a_cropped_image_is_not():
    ct = [picture(n, -1000, 1500) for n in range(6)]
    (found,) = other_units(looks([*ct[:5], ct[5] + 1024]))
    assert re.match(r"sub-005_t2w.nii.gz of sub-005 lies 102\d(\.\d)? above the other images of role t2w", found)
    assert not other_units(looks([*ct[:5], picture(5, -200, 1500)]))  # no air in it


def test_half_of_a_cohort_in_another_unit_is_named():
    found = other_units(looks([picture(n) * (1 if n < 3 else 1000) for n in range(6)]))
    assert [line.split(" of ")[0] for line in found] == [f"sub-00{n}_t2w.nii.gz" for n in (3, 4, 5)]


def test_what_differs_in_any_cohort_is_not_named():
    scanners = [picture(n, 0, 300 * 1.9**n) for n in range(6)]  # raw MRI: a factor of 25 between the ends
    assert not other_units(looks(scanners))
    hot = sitk.GetArrayFromImage(picture(3))
    hot[0, 0, 0] = 1e8
    nan = sitk.GetArrayFromImage(picture(2))
    nan[1] = np.nan
    assert not other_units(cohort(n3=sitk.GetImageFromArray(hot), n2=sitk.GetImageFromArray(nan)))
    assert not other_units([])


def test_a_constant_image_is_named():
    assert other_units(cohort(n1=picture() * 0)) == ["sub-001_t2w.nii.gz of sub-001 is constant: 0"]


def test_voxels_of_another_size_are_named_in_the_patients_directions():
    thick = [picture(n, spacing=(1, 1, 7.5)) for n in (2, 4)]
    found = other_spacings(cohort(n2=thick[0], n4=thick[1]))
    assert found == [
        f"sub-00{n}_t2w.nii.gz of sub-00{n} has voxels of 1 x 1 x 7.5 mm, where 1 x 1 x 2.5 mm is usual for role t2w"
        for n in (2, 4)
    ]
    # Stored along other axes it is the same voxel; a third finer is the same protocol.
    assert not other_spacings(cohort(n2=sitk.DICOMOrient(picture(2), "SAR"), n4=picture(4, spacing=(0.7, 0.7, 2.5))))
    assert not other_spacings(cohort(n2=picture(2, spacing=(1, 1, 2.5))))
    halves = looks([picture(n, spacing=(1, 1, 2.5 if n < 3 else 7.5)) for n in range(6)])
    assert len(other_spacings(halves)) == 3


def test_coverage_is_the_share_of_the_field_of_view_by_position(awkward_image):
    grid = look_at(row(0), awkward_image)
    assert coverage(grid, grid) == 1
    assert coverage(grid, look_at(row(0), sitk.DICOMOrient(awkward_image, "SAR"))) == 1
    half = sitk.RegionOfInterest(awkward_image, [29, 10, 11], [0, 5, 0])
    assert coverage(grid, look_at(row(0), half)) == pytest.approx(0.5, abs=0.07)
    assert coverage(look_at(row(0), half), grid) == 1


def test_a_target_that_covers_less_than_the_others_is_named_and_where_all_end_is_said():
    sources = [look_at(row(n, "us"), picture(n)) for n in range(5)]
    whole = [look_at(row(n), picture(n)) for n in range(5)]
    part = look_at(row(3), picture(3)[:4])
    assert uncovered(list(zip(sources, whole, strict=True))) == Findings()
    found = uncovered(list(zip(sources, [*whole[:3], part, whole[4]], strict=True)))
    assert found.refused == ["sub-003_t2w.nii.gz of sub-003 covers 33% of sub-003_us.nii.gz, where 100% is usual"]
    halves = [look_at(row(n), picture(n)[3:9]) for n in range(5)]
    found = uncovered(list(zip(sources, halves, strict=True)))
    assert not found.refused
    assert "5 of 5 images of role t2w do not cover the whole of their us (from 50%)" in found.said[0]


def test_who_lacks_an_image_is_named_with_what_would_be_left_out():
    rows = [row(1), row(1, "us"), row(2), row(3, "us"), row(4, "zones")]
    assert incomplete(rows, ("us", "t2w")) == [
        "sub-002 has no image of role us beside sub-002_t2w.nii.gz",
        "sub-003 has no image of role t2w beside sub-003_us.nii.gz",
    ]


def test_findings_are_refused_or_forced_and_then_still_said():
    findings = Findings(["a is strange"], ["b ends early"])
    with pytest.raises(BadInputError, match=r"cohort.tsv: a is strange\. \(.*--force\)"):
        findings.settle(Path("cohort.tsv"), force=False)
    assert findings.settle(Path("cohort.tsv"), force=True) == [
        "cohort.tsv: a is strange.",
        "cohort.tsv: b ends early.",
    ]
    assert Findings(said=["b"]).settle(Path("c"), force=False) == ["c: b."]
