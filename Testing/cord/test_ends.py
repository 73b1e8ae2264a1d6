"""Ends of a cord that somebody marks: nothing beyond their slices, on the image's own grid, whatever its axes."""

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from support import oblique_direction

from crosscontrast.cli.cord import segment
from crosscontrast.cord.ends import cut_at, stops
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import continuous_index, reorient
from crosscontrast.ground.images import image_like, read_image, write_image
from crosscontrast.ground.provenance import Provenance
from crosscontrast.inference.ends import range_between

EVEN = np.ones(20)


def ras(image, index):
    x, y, z = image.TransformContinuousIndexToPhysicalPoint([float(place) for place in index])
    return -x, -y, z


@pytest.mark.parametrize(
    ("ends", "inside", "kept"),
    [
        ([5.4], [10], (5, 19)),
        ([5.4], [2, 3], (0, 5)),
        ([5, 12], [8], (5, 12)),
        ([5, 12], [], (0, 5)),
        ([-3, 40], [8], (0, 19)),
        ([4], [], (4, 19)),
    ],
)
def test_what_is_kept_lies_between_the_ends_and_about_the_points(ends, inside, kept):
    masses = EVEN.copy()
    masses[:4] = 9 if ends == [5, 12] else 1
    assert range_between(ends, inside, masses) == kept


@pytest.mark.parametrize("inside", [[3, 9], [5.2]])
def test_an_end_that_contradicts_the_points_is_refused(inside):
    with pytest.raises(BadInputError, match="cannot end between two points"):
        range_between([5], inside, EVEN)


@pytest.mark.parametrize("left_handed", [False, True])
def test_a_map_is_cut_at_the_slice_of_a_point_on_the_side_away_from_the_cord(left_handed):
    soft = sitk.GetImageFromArray(np.full((11, 20, 29), 0.7, np.float32))
    soft.SetSpacing((0.7, 1.3, 4.0))
    soft.SetOrigin((-31.0, 12.5, 77.25))
    soft.SetDirection(oblique_direction(left_handed))
    end, point = ras(soft, (20, 4, 6.3)), ras(soft, (3, 15, 2))
    oriented = reorient(soft, "RAS")
    kept = sitk.GetArrayFromImage(reorient(cut_at(soft, [point], [end]), "RAS"))[:, 0, 0] > 0
    above, below = (continuous_index(place, oriented)[2] for place in (end, point))
    assert kept[round(above)]
    assert kept[round(below)]
    expected = np.arange(11) <= round(above) if below < above else np.arange(11) >= round(above)
    np.testing.assert_array_equal(kept, expected)
    (border,) = stops(soft, [point], [end])
    assert abs(continuous_index(border, oriented)[2] - round(above)) == pytest.approx(0.5)
    assert stops(soft, [], [end]) == ()


@pytest.mark.parametrize("shown", [True, False], ids=["from a point", "without a point"])
def test_the_cord_of_a_file_ends_where_it_is_said(tmp_path, shown):
    body = CordPhantom(size=(48, 48, 40), origin=(-24.0, 24.0, -20.0))
    image = sitk.Flip(body.image("T2w"), [False, False, True])  # left-handed
    write_image(image, tmp_path / "here.nii.gz")
    heights = reorient(image, "RAS")
    end = ras(heights, (24, 24, 14))
    truth = sitk.GetArrayFromImage(reorient(body.soft_truth(), "RAS"))
    centre = np.argwhere(truth[25] > 0.9).mean(0)
    point = ras(heights, (centre[1], centre[0], 25))
    arguments = [str(tmp_path / "here.nii.gz"), "--out", str(tmp_path / "out"), "--device", "cpu"]
    arguments += ["--end", ",".join(f"{place:.2f}" for place in end)]
    if shown:
        arguments += ["--at", ",".join(f"{place:.2f}" for place in point)]
    done = CliRunner().invoke(segment, arguments)
    assert done.exit_code == 0, done.output
    soft = sitk.GetArrayFromImage(reorient(read_image(tmp_path / "out" / "here_softseg.nii.gz"), "RAS"))
    assert not soft[:14].any()
    whole = 2 * (truth[14:] * soft[14:]).sum() / ((truth[14:] ** 2).sum() + (soft[14:] ** 2).sum())
    assert whole > 0.9
    assert soft[14].sum() == pytest.approx(truth[14].sum(), rel=0.2), "the slice of the mark belongs to the cord"
    assert len(Provenance.read(tmp_path / "out" / "here_softseg.json").parameters["ends"]) == 1


def test_an_end_outside_of_the_image_is_refused(tmp_path):
    noise = np.random.default_rng(0).random((8, 9, 10), np.float32)
    write_image(image_like(noise, sitk.Image(10, 9, 8, sitk.sitkFloat32)), tmp_path / "a.nrrd")
    done = CliRunner().invoke(segment, [str(tmp_path / "a.nrrd"), "--out", str(tmp_path / "out"), "--end", "0,0,400"])
    assert done.exit_code == 2
    assert "The point (0, 0, 400) mm lies outside of a.nrrd" in done.output
