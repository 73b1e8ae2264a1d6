"""Where results go, and that nobody else's are overwritten."""

from pathlib import Path

import pytest
import SimpleITK as sitk
from click.testing import CliRunner

from crosscontrast.cli.cord import cord
from crosscontrast.cord.csa.jobs import MeasureCsa
from crosscontrast.cord.outputs import places_of
from crosscontrast.cord.phantom import CordPhantom
from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.ground.files import sha256
from crosscontrast.ground.images import write_image
from crosscontrast.ground.provenance import Provenance
from crosscontrast.progress import silent


def run(*arguments, code=0):
    done = CliRunner().invoke(cord, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def patients(tmp_path):
    """Two patients whose files are called alike, image and soft mask."""
    for number, patient in enumerate(("p1", "p2")):
        body = CordPhantom(size=(32, 32, 12), origin=(-16.0, 16.0, -6.0), seed=number)
        (tmp_path / patient).mkdir()
        write_image(body.image("T2w"), tmp_path / patient / "T2w.nii.gz")
        write_image(body.soft_truth() * (1 - 0.1 * number), tmp_path / patient / "seg.nii.gz")
    return tmp_path


def contents(folder):
    return {path.name: sha256(path) for path in folder.iterdir()}


def test_a_loop_over_patients_does_not_replace_the_first_one_s_results(patients, model_home):
    """The second call replaced all five files of the first, with exit code 0."""
    one, two, out = patients / "p1" / "T2w.nii.gz", patients / "p2" / "T2w.nii.gz", patients / "out"
    run("segment", one, "--out", out)
    first = contents(out)
    refused = run("segment", two, "--out", out, code=2)
    assert str(two) in refused.stderr
    assert str(one) in refused.stderr
    assert "--name-by parent or subject" in refused.stderr
    assert contents(out) == first
    run("segment", one, "--out", out)  # the same image
    run("segment", two, "--out", out, "--name-by", "parent")
    assert contents(out).keys() - first.keys() == {name.replace("T2w", "p2_T2w", 1) for name in first}
    run("segment", two, "--out", out, "--overwrite")
    made = Provenance.read(out / "T2w_softseg.json")
    assert [record.sha256 for record in made.inputs] == [sha256(two)]


def test_areas_of_another_segmentation_are_not_replaced_either(patients):
    segs, out = [patients / patient / "seg.nii.gz" for patient in ("p1", "p2")], patients / "csa"
    run("csa", segs[0], "--out", out)
    first = contents(out)
    assert "of another image" in run("csa", segs[1], "--out", out, code=2).stderr
    assert contents(out) == first
    run("csa", segs[0], "--out", out, "--aggregate")
    assert "called seg" in run("csa", *segs, "--out", out, code=2).stderr
    run("csa", *segs, "--out", out, "--name-by", "parent")
    assert {"p1_seg_csa.csv", "p2_seg_csa.csv"} < contents(out).keys()
    with pytest.raises(OutputError, match="results of another image"):
        MeasureCsa(seg=segs[1], out=out).run(silent)
    MeasureCsa(seg=segs[1], out=out, overwrite=True).run(silent)


def test_images_of_bids_keep_their_folders_and_others_their_names():
    out = Path("/out")
    images = [
        Path("/data/sub-01/ses-2/anat/sub-01_ses-2_T2w.nii.gz"),
        Path("/data/sub-02/anat/sub-02_T2w.nii.gz"),
        Path("/data/sub-03_T2w.nii.gz"),
        Path("/data/sub-04/anat/sub-05_T2w.nii.gz"),
    ]
    assert [str(place.relative_to(out)) for place in places_of(images, out)] == [
        "sub-01/ses-2/anat/sub-01_ses-2_T2w",
        "sub-02/anat/sub-02_T2w",
        "sub-03_T2w",
        "sub-05_T2w",
    ]
    alike = [Path("/x/pat1/T2w.nii"), Path("/x/pat2/T2w.nii")]
    assert [place.name for place in places_of(alike, out, "parent")] == ["pat1_T2w", "pat2_T2w"]
    with pytest.raises(BadInputError, match="would both give results called T2w"):
        places_of(alike, out)
    assert places_of([Path("pat01_T2w.nii")], out, "subject") == [out / "sub-pat01_pat01_T2w"]


def test_an_image_that_cannot_be_used_leaves_no_folders_of_bids(tmp_path, model_home):
    image = tmp_path / "sub-01" / "anat" / "sub-01_T2w.nii.gz"
    image.parent.mkdir(parents=True)
    sitk.WriteImage(sitk.Image([9, 9], sitk.sitkInt16), str(image))
    run("segment", image, "--out", tmp_path / "out", code=2)
    assert not (tmp_path / "out").exists()
