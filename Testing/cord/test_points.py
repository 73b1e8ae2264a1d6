"""A cord that somebody points at: points as numbers and as Slicer writes them, and what is followed from there."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from support import centre_of_mass

from crosscontrast.cli.cord import segment
from crosscontrast.cord.jobs import SegmentCord
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.cord.points import read_points
from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like, read_image, write_image
from crosscontrast.ground.provenance import Provenance
from crosscontrast.progress import silent

FCSV = """# Markups fiducial file version = {version}
# CoordinateSystem = {system}
# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID
1,{x},-2.5,30,0,0,0,1,1,1,0,"cord, upper",,
2,{x},-3,20,0,0,0,1,1,1,0,F-2,,
"""


def markups(folder, system="LPS", **control):
    path = folder / "F.mrk.json"
    points = [{"id": "1", "position": [4.0, 2.5, 30.0], "positionStatus": "defined"} | control]
    points.append({"id": "2", "position": [0.0, 0.0, 0.0], "positionStatus": "undefined"})
    path.write_text(json.dumps({"markups": [{"coordinateSystem": system, "controlPoints": points}]}))
    return path


def test_numbers_are_ras_and_keep_their_order():
    assert read_points(["-4,2.5,30", " 1 , 2 , 3 "]) == ((-4.0, 2.5, 30.0), (1.0, 2.0, 3.0))


@pytest.mark.parametrize(("system", "expected"), [("LPS", (-4.0, -2.5, 30.0)), ("RAS", (4.0, 2.5, 30.0))])
def test_a_markups_file_says_its_own_coordinate_system(tmp_path, system, expected):
    assert read_points([str(markups(tmp_path, system))]) == (expected,)


@pytest.mark.parametrize(("system", "sign"), [("RAS", 1), ("0", 1), ("LPS", -1), ("1", -1)])
def test_a_table_of_points_says_its_own_coordinate_system(tmp_path, system, sign):
    path = tmp_path / "F.fcsv"
    path.write_text(FCSV.format(version="5.8", system=system, x=4))
    assert read_points([str(path)]) == ((sign * 4.0, sign * -2.5, 30.0), (sign * 4.0, sign * -3.0, 20.0))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("1,2", None, "1,2 is no point"),
        ("1,2,nan", None, "must be finite"),
        ("gone.mrk.json", None, "gone.mrk.json cannot be read"),
        ("a.mrk.json", "{", "a.mrk.json is not a markups file"),
        ("b.mrk.json", '{"markups": [{"controlPoints": []}]}', "b.mrk.json holds no point"),
        ("c.mrk.json", '{"markups": [{"coordinateSystem": "IJK", "controlPoints": []}]}', "coordinate system 'IJK'"),
        ("d.mrk.json", '{"markups": [{"controlPoints": [{"position": [1, 2]}]}]}', "d.mrk.json is no point"),
        ("e.fcsv", "# columns = id,x,y,z\n1,2,3\n", "e.fcsv is no point"),
    ],
)
def test_what_is_no_point_is_refused_by_its_name(tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInputError, match=reason):
        read_points([str(path) if "." in name and "," not in name else name])


def shown(tmp_path, mirrored, **settings):
    """Two phantoms side by side, the larger one not pointed at; return result, image and the truth of the other."""
    one = CordPhantom(size=(48, 48, 40), origin=(-24.0, 24.0, -20.0), bend=2.0)
    image, truth = one.image("T2w"), one.soft_truth()
    doubled = [
        image_like(np.concatenate([sitk.GetArrayFromImage(volume), other], 2), sitk.Image(96, 48, 40, sitk.sitkFloat32))
        for volume, other in ((image, sitk.GetArrayFromImage(image)), (truth, 0 * sitk.GetArrayFromImage(truth)))
    ]
    for volume in doubled:
        volume.SetOrigin(image.GetOrigin())
        volume.SetDirection(image.GetDirection())
    if mirrored:
        doubled = [sitk.Flip(volume, [True, False, False]) for volume in doubled]
    image, truth = doubled
    write_image(image, tmp_path / "two.nii.gz")
    x, y, z = centre_of_mass(truth)
    job = SegmentCord(image=tmp_path / "two.nii.gz", out=tmp_path / "out", device="cpu", at=[(-x, -y, z)], **settings)
    return job.run(silent), image, truth


@pytest.mark.parametrize("mirrored", [False, True], ids=["right-handed", "left-handed"])
def test_of_two_cords_the_one_that_is_shown_is_segmented_and_no_other(tmp_path, mirrored):
    result, image, truth = shown(tmp_path, mirrored)
    soft = read_image(result.softseg)
    assert same_grid(soft, image, 1e-6)
    assert np.abs(centre_of_mass(soft) - centre_of_mass(truth)).max() < 1.5
    found, true = (sitk.GetArrayFromImage(volume) >= 0.5 for volume in (soft, truth))
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.8
    assert len(Provenance.read(result.sidecar).parameters["at"]) == 1
    assert result.evidence > 0.65


def test_the_uncertainty_of_a_shown_cord_is_that_of_its_own_versions(tmp_path):
    """In a mirrored version the point is mirrored too: else the other cord would be segmented there."""
    result, _, truth = shown(tmp_path, False, uncertainty=True)
    spread = sitk.GetArrayFromImage(read_image(tmp_path / "out" / "two_uncertainty.nii.gz"))
    assert spread[sitk.GetArrayFromImage(truth) > 0.95].mean() < 0.15
    assert result.uncertainty < 0.2


def test_the_command_takes_points_and_names_the_image_that_they_are_outside_of(tmp_path, caplog):
    write_image(CordPhantom(size=(48, 48, 24), origin=(-24.0, 24.0, -12.0)).image("T2w"), tmp_path / "here.nii.gz")
    arguments = [str(tmp_path / "here.nii.gz"), "--out", str(tmp_path / "out"), "--device", "cpu"]
    outside = CliRunner().invoke(segment, [*arguments, "--at", "0,0,400"])
    assert outside.exit_code == 2
    assert "The point (0, 0, 400) mm lies outside of here.nii.gz" in outside.output
    points = markups(tmp_path, "RAS", position=[48.0, 0.0, 0.0])
    caplog.set_level("INFO", "time")
    inside = CliRunner().invoke(segment, [*arguments, "--at", str(points), "--verbose"])
    assert inside.exit_code == 0, inside.output
    phases = [record.message for record in caplog.records if record.name == "time"]
    assert [phase.partition(" s ")[2] for phase in phases] == [
        "reading",
        "loading the model",
        "resampling to the model's grid",
        "coarse pass",
        "following what is proposed",
        "resampling to the image's grid",
        "choosing the cord",
        "measuring areas",
        "writing, with the picture",
    ]
