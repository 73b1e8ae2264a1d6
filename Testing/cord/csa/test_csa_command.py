"""The command ``cord csa`` as a user runs it, its job and its picture."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result
from cord_phantoms import Tube, draw

from crosscontrast.cli.cord_csa import csa
from crosscontrast.cord.csa.jobs import CsaSummary, MeasureCsa
from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.csa.plot import plot_csa
from crosscontrast.cord.csa.table import CsaTable
from crosscontrast.errors import BadInputError
from crosscontrast.ground.provenance import Provenance
from crosscontrast.progress import silent

TUBE = Tube(lean=15, towards=90)
PROGRAM = "from crosscontrast.cli.cord_csa import csa; csa(prog_name='csa')"


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def called(*arguments: object) -> Result:
    """Run the command in this process, which saves the seconds of the imports."""
    return CliRunner().invoke(csa, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good segmentations, disc points and what is none of these."""
    made = tmp_path_factory.mktemp("segmentations")
    cord = draw(TUBE.excess, (36, 44, 30))
    sitk.WriteImage(cord, str(made / "good_softseg.nii.gz"))
    sitk.WriteImage(sitk.Cast(cord > 0.5, sitk.sitkUInt8), str(made / "binary_seg.nrrd"))
    discs = sitk.Image(cord.GetSize(), sitk.sitkUInt8)
    discs.CopyInformation(cord)
    for value, k in ((2, 26), (3, 16), (4, 6)):
        discs[18, 22, k] = value
    sitk.WriteImage(discs, str(made / "discs.nii.gz"))
    sitk.WriteImage(sitk.Image((16, 16, 6), sitk.sitkFloat32), str(made / "empty.nii.gz"))
    sitk.WriteImage(sitk.Cast(cord * 1000, sitk.sitkInt16), str(made / "image.nii.gz"))
    (made / "text.nii.gz").write_text("no image")
    return made


def test_two_segmentations_give_their_tables_pictures_and_records(folder: Path, tmp_path: Path) -> None:
    run = command(folder / "good_softseg.nii.gz", folder / "binary_seg.nrrd", "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    names = {f"{stem}_csa.{kind}" for stem in ("good_softseg", "binary_seg") for kind in ("csv", "png", "json")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert "good_softseg.nii.gz: mean area" in run.stdout
    with (tmp_path / "out" / "good_softseg_csa.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 30
    assert np.mean([float(line["MEAN(true soft area)"]) for line in lines]) == pytest.approx(TUBE.area, rel=0.01)
    assert lines[0]["Filename"] == str(folder / "good_softseg.nii.gz")


def test_aggregating_over_levels_gives_a_line_each_and_json_says_the_same(folder: Path, tmp_path: Path) -> None:
    discs = folder / "discs.nii.gz"
    run = called(folder / "good_softseg.nii.gz", "--out", tmp_path, "--discs", discs, "--aggregate", "--json")
    assert run.exit_code == 0, run.stderr
    (result,) = json.loads(run.stdout)
    with Path(result["table"]).open(newline="") as stream:
        lines = {line["VertLevel"]: float(line["MEAN(true soft area)"]) for line in csv.DictReader(stream)}
    assert sorted(lines) == sorted(result["levels"]) == ["2", "3"]
    assert lines["2"] == pytest.approx(result["levels"]["2"], abs=1e-3)


def test_a_bad_segmentation_is_named_in_one_sentence_and_the_good_one_is_done(folder: Path, tmp_path: Path) -> None:
    run = command(folder / "text.nii.gz", folder / "good_softseg.nii.gz", "--out", tmp_path, "--json")
    assert run.returncode == 2
    assert run.stderr.splitlines()[1:] == ["1 of 2 images done"]
    assert "text.nii.gz" in run.stderr
    bad, good = json.loads(run.stdout)
    assert bad["error"]["kind"] == "bad-input"
    assert Path(good["table"]).exists()
    assert not list(tmp_path.glob("text*"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["missing.nii.gz"], "does not exist"),
        (["image.nii.gz"], "0 to 1000"),
        (["good_softseg.nii.gz", "good_softseg.nii.gz"], "good_softseg"),
        (["good_softseg.nii.gz", "--levels", "discs.nii.gz"], "disc points"),
        (["good_softseg.nii.gz", "--discs", "good_softseg.nii.gz"], "disc points"),
        (["good_softseg.nii.gz", "--discs", "discs.nii.gz", "--levels", "discs.nii.gz"], "not from both"),
        (["good_softseg.nii.gz", "--levels", "text.nii.gz"], "text.nii.gz"),
        (["good_softseg.nii.gz", "--threshold", "0"], "threshold"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_bad_input_ends_with_2_and_the_reason_and_leaves_no_result(
    folder: Path, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    run = called(*[folder / a if a.endswith(".gz") else a for a in arguments], "--out", tmp_path)
    assert run.exit_code == 2
    assert reason in run.stderr
    assert not run.stdout
    assert not list(tmp_path.iterdir())


def test_an_output_folder_that_is_a_file_is_refused(folder: Path) -> None:
    run = called(folder / "good_softseg.nii.gz", "--out", folder / "text.nii.gz")
    assert run.exit_code == 2
    assert "Cannot write" in run.stderr


def test_a_segmentation_without_cord_is_answered_with_a_warning(folder: Path, tmp_path: Path) -> None:
    run = called(folder / "empty.nii.gz", "--out", tmp_path, "--aggregate", "--json")
    assert run.exit_code == 0
    assert "holds no cord" in run.stderr
    assert json.loads(run.stdout)[0]["mean_area_true"] is None


def test_help_has_an_example_and_loads_no_heavy_library() -> None:
    program = f"import sys; import click\ntry:\n {PROGRAM}\nfinally:\n print({{'numpy', 'torch'}} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True)
    assert "Example: crosscontrast cord csa" in run.stdout
    assert run.stdout.endswith("set()\n")


def test_the_job_keeps_a_record_of_what_it_read_and_wrote(folder: Path, tmp_path: Path) -> None:
    summary = MeasureCsa(seg=folder / "good_softseg.nii.gz", out=tmp_path, discs=folder / "discs.nii.gz").run(silent)
    assert isinstance(summary, CsaSummary)
    record = Provenance.read(summary.sidecar)
    assert record is not None
    assert [Path(file.path).name for file in record.inputs] == ["good_softseg.nii.gz", "discs.nii.gz"]
    assert record.measures["mean_area_true"] == summary.mean_area_true
    assert not record.changed_since(tmp_path)


def test_the_job_names_the_file_that_cannot_be_measured(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"image\.nii\.gz cannot be measured"):
        MeasureCsa(seg=folder / "image.nii.gz", out=tmp_path / "out").run(silent)
    assert not (tmp_path / "out").exists()


def test_the_picture_shows_both_areas_along_the_cord(tmp_path: Path) -> None:
    from matplotlib.image import imread

    table = measure_csa(draw(TUBE.excess, (36, 44, 30)), discs={2: (0, 0, 10), 3: (0, 0, -5), 50: (0, 10, 60)})
    plot_csa(table, tmp_path / "csa.png", title="phantom")
    colours = np.unique((imread(tmp_path / "csa.png")[..., :3] * 255).round().astype(int).reshape(-1, 3), axis=0)
    for colour in ("0072B2", "E69F00", "009E73", "CC79A7"):
        assert (colours == list(bytes.fromhex(colour))).all(axis=1).any(), colour


def test_a_picture_of_nothing_says_so(tmp_path: Path) -> None:
    plot_csa(CsaTable((), original_axis=2), tmp_path / "csa.png", title="knee")
    assert (tmp_path / "csa.png").stat().st_size > 0
