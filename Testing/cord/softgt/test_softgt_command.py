"""The command ``cord soft-gt`` as a user runs it, its job and its files."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result
from moved_scans import Scan, pose, shifted

from crosscontrast.cli.cord_softgt import soft_gt
from crosscontrast.cord.softgt.files import contrast_stem, subject_name
from crosscontrast.cord.softgt.jobs import MakeSoftGroundTruth
from crosscontrast.ground.provenance import Provenance
from crosscontrast.jobs.registry import find_job

PROGRAM = "from crosscontrast.cli.main import main; main()"
SMALL = (30, 30, 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three masks of one person (one with its image), one of another place, and what is no mask."""
    made = tmp_path_factory.mktemp("masks")
    scans = [Scan(role, SMALL, (1.0, 1.0, 2.4)) for role in ("T2w", "MToff")]
    scans.append(Scan("T1w", SMALL, (1.0, 1.0, 2.4), orientation="PIR", patient=pose((0, 0, 3), (2, -1, 0))))
    for scan in scans:
        sitk.WriteImage(sitk.Cast(scan.contrast().mask, sitk.sitkUInt8), str(made / f"sub-1_{scan.role}_seg.nii.gz"))
    image = sitk.AdditiveGaussianNoise(scans[0].truth() * 100, 5, 0, 1)
    sitk.WriteImage(image, str(made / "sub-1_T2w.nii.gz"))
    sitk.WriteImage(shifted(scans[1].contrast(), (0, 12, 0)).mask, str(made / "sub-1_far_seg.nii.gz"))
    sitk.WriteImage(image, str(made / "hundred.nii.gz"))
    sitk.WriteImage(image * 0, str(made / "empty.nii.gz"))
    sitk.WriteImage(image[2:], str(made / "cropped.nii.gz"))
    (made / "text.nii.gz").write_text("no image")
    return made


def called(*arguments: object) -> Result:
    """Run the command in this process, which saves the seconds of the imports."""
    return CliRunner().invoke(soft_gt, [str(argument) for argument in arguments])


def masks(folder: Path, *roles: str) -> list[str]:
    return [word for role in roles for word in ("--mask", f"{role}={folder / f'sub-1_{role}_seg.nii.gz'}")]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def results(*roles: str) -> set[str]:
    kinds = ("label-SC_softseg.nii.gz", "desc-softseg_label-SC_seg.nii.gz", "label-SC_softseg.json")
    made = {f"sub-1_{role}_{kind}" for role in roles for kind in kinds}
    return made | {"sub-1_softgt.html", "sub-1_softgt.json"}


def test_the_whole_command_leaves_masks_records_and_a_report(folder: Path, tmp_path: Path) -> None:
    words = [*masks(folder, "T2w", "T1w"), "--image", f"T2w={folder / 'sub-1_T2w.nii.gz'}"]
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, "cord", "soft-gt", *words, "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert names(tmp_path / "out") == results("T2w", "T1w")
    assert "soft mask of 2 of 2 contrasts, registered to T2w" in run.stdout
    for role in ("T2w", "T1w"):
        mask = sitk.ReadImage(str(folder / f"sub-1_{role}_seg.nii.gz"))
        soft = sitk.ReadImage(str(tmp_path / "out" / f"sub-1_{role}_label-SC_softseg.nii.gz"))
        seg = sitk.ReadImage(str(tmp_path / "out" / f"sub-1_{role}_desc-softseg_label-SC_seg.nii.gz"))
        assert soft.GetPixelID() == sitk.sitkFloat32
        assert seg.GetPixelID() == sitk.sitkUInt8
        for image in (soft, seg):
            assert image.GetSize() == mask.GetSize()
            assert np.allclose(image.GetOrigin(), mask.GetOrigin(), atol=1e-4)
            assert np.allclose(image.GetDirection(), mask.GetDirection(), atol=1e-5)
        assert ((sitk.GetArrayFromImage(soft) >= 0.5) == (sitk.GetArrayFromImage(seg) == 1)).all()


def test_the_report_holds_a_picture_of_every_contrast_and_needs_no_other_file(folder: Path, tmp_path: Path) -> None:
    run = called(*masks(folder, "T2w", "T1w", "far"), "--out", tmp_path, "--json")
    assert run.exit_code == 0, run.output
    html = (tmp_path / "sub-1_softgt.html").read_text()
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    assert len(pictures) == 3
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    assert html.count("src=") == 3
    assert "href=" not in html
    assert "far: left out: its mask lies" in html
    (told,) = json.loads(run.stdout)
    assert [contrast["kept"] for contrast in told["contrasts"]] == [True, True, False]
    assert told["contrasts"][2]["softseg"] is None
    assert "warning: sub-1: far was left out" in run.stderr
    assert names(tmp_path) == results("T2w", "T1w")


def test_the_records_tell_what_was_read_measured_and_written(folder: Path, tmp_path: Path) -> None:
    assert called(*masks(folder, "T2w", "T1w"), "--out", tmp_path, "--reference", "T1w").exit_code == 0
    whole = Provenance.read(tmp_path / "sub-1_softgt.json")
    one = Provenance.read(tmp_path / "sub-1_T2w_label-SC_softseg.json")
    assert whole is not None
    assert one is not None
    assert {record.path for record in whole.outputs} == names(tmp_path) - {"sub-1_softgt.json"}
    assert (whole.measures["reference"], whole.parameters["reference"]) == ("T1w", "T1w")
    assert one.measures["after"]["dice"] > 0.9
    assert not whole.changed_since(tmp_path)


def test_own_results_are_replaced_and_those_of_a_contrast_now_missing_go(folder: Path, tmp_path: Path) -> None:
    assert called(*masks(folder, "T2w", "MToff", "T1w"), "--out", tmp_path).exit_code == 0
    assert called(*masks(folder, "T2w", "T1w"), "--out", tmp_path).exit_code == 0
    assert names(tmp_path) == results("T2w", "T1w")


@pytest.mark.parametrize(
    "name", ["sub-1_T1w_desc-softseg_label-SC_seg.nii.gz", "sub-1_T1w_softgt.html", "sub-1_T1w_softgt.json"]
)
def test_what_someone_else_made_is_not_overwritten(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}" if name.endswith("json") else "mine")
    run = called(*masks(folder, "T1w"), "--out", tmp_path)
    assert run.exit_code == 2
    assert "was not made by this program" in run.stderr
    assert names(tmp_path) == {name}


def test_a_mask_corrected_by_hand_is_overwritten_on_demand_only(folder: Path, tmp_path: Path) -> None:
    assert called(*masks(folder, "T2w"), "--out", tmp_path).exit_code == 0
    corrected = next(tmp_path.glob("*_desc-softseg_label-SC_seg.nii.gz"))
    corrected.write_bytes(b"corrected")
    run = called(*masks(folder, "T2w"), "--out", tmp_path)
    assert run.exit_code == 2
    assert "was changed by someone" in run.stderr
    assert corrected.read_bytes() == b"corrected"
    assert called(*masks(folder, "T2w"), "--out", tmp_path, "--overwrite").exit_code == 0
    assert corrected.read_bytes() != b"corrected"


def test_two_that_disagree_end_with_2_and_leave_nothing_until_all_are_to_be_kept(folder: Path, tmp_path: Path) -> None:
    words = [*masks(folder, "T2w", "far"), "--out", tmp_path / "out"]
    run = called(*words)
    assert run.exit_code == 2
    assert "sub-1: The masks of T2w and far disagree" in run.stderr
    assert not (tmp_path / "out").exists()
    run = called(*words, "--keep-all")
    assert run.exit_code == 0
    assert "far was kept although its mask lies" in run.stderr
    assert names(tmp_path / "out") == results("T2w", "far")


def test_every_visit_of_a_cohort_gets_its_folder_and_a_bad_one_does_not_stop_the_others(
    folder: Path, tmp_path: Path
) -> None:
    table = folder / "cohort.tsv"
    lines = ["subject\tsession\trole\timage\tmask"]
    for subject, session, role, mask in (
        ("1", "a", "T2w", "sub-1_T2w_seg.nii.gz"),
        ("1", "a", "T1w", "sub-1_T1w_seg.nii.gz"),
        ("1", "a", "DWI", ""),
        ("2", "", "T2w", "empty.nii.gz"),
    ):
        lines.append("\t".join([subject, session, role, mask or "sub-1_T2w.nii.gz", mask]))
    table.write_text("\n".join(lines) + "\n")
    run = called("--cohort", table, "--out", tmp_path, "--json")
    assert run.exit_code == 2
    good, bad = json.loads(run.stdout)
    assert good["subject"] == "1_a"
    assert Path(good["report"]) == tmp_path / "1" / "a" / "1_a_softgt.html"
    assert Path(good["contrasts"][1]["softseg"]).exists()
    assert "holds no cord" in bad["error"]["message"]
    assert "1 a DWI has no mask and is skipped" in run.stderr
    assert names(tmp_path) == {"1"}
    table.write_text("subject\trole\timage\tmask\n../1\tT2w\tsub-1_T2w.nii.gz\tsub-1_T2w_seg.nii.gz\n")
    run = called("--cohort", table, "--out", tmp_path)
    assert run.exit_code == 2
    assert "cannot name a folder" in run.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "--mask, or --cohort"),
        (["--mask", "T2w"], "not written CONTRAST=FILE"),
        (["--mask", "T2w=missing.nii.gz"], "does not exist"),
        (["--mask", "T2w=text.nii.gz"], "text.nii.gz"),
        (["--mask", "T2w=hundred.nii.gz"], "a mask has values from 0 to 1"),
        (["--mask", "T2w=empty.nii.gz"], "holds no cord"),
        (["--mask", "T2w=sub-1_T2w_seg.nii.gz", "--mask", "T2w=sub-1_T2w_seg.nii.gz"], "twice"),
        (["--mask", "T2w=sub-1_T2w_seg.nii.gz", "--mask", "T1w=sub-1_T2w_seg.nii.gz"], "results called sub-1_T2w"),
        (["--mask", "T2w=sub-1_T2w_seg.nii.gz", "--image", "T1w=sub-1_T2w.nii.gz"], "an image but no mask"),
        (["--mask", "T2w=sub-1_T2w_seg.nii.gz", "--image", "T2w=cropped.nii.gz"], "does not lie on the grid"),
        (["--mask", "T2w=sub-1_T2w_seg.nii.gz", "--reference", "T1w"], "no contrast 'T1w'"),
        (["--mask", "T2w=sub-1_T2w_seg.nii.gz", "--cohort", "missing.tsv"], "--mask, or --cohort"),
        (["--cohort", "missing.tsv"], "missing.tsv"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value) or "nothing",
)
def test_bad_input_ends_with_2_and_one_sentence_and_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], reason: str
) -> None:
    monkeypatch.chdir(folder)
    run = called(*words, "--out", tmp_path / "out")
    assert run.exit_code == 2
    assert reason in run.stderr
    assert run.stderr.count("error:") == 1
    assert not run.stdout
    assert not (tmp_path / "out").exists()


def test_masks_are_named_after_their_image_without_what_marks_them() -> None:
    stems = {
        "sub-1_T2w_seg.nii.gz": "sub-1_T2w",
        "sub-1_T2w_seg-manual.nii.gz": "sub-1_T2w",
        "sub-1_T2w_label-SC_seg.nii.gz": "sub-1_T2w",
        "sub-1_T2w_desc-softseg_label-SC_seg.nii.gz": "sub-1_T2w",
        "sub-1_T2w_softseg.nrrd": "sub-1_T2w",
        "drawn.nii.gz": "drawn",
    }
    assert {name: contrast_stem(None, Path(name)) for name in stems} == stems
    assert contrast_stem(Path("a/sub-1_T2w.nii.gz"), Path("seg.nii.gz")) == "sub-1_T2w"
    assert subject_name(["sub-1_ses-2_T1w", "sub-1_ses-2_T2w"]) == "sub-1_ses-2"
    assert subject_name(["T1w", "T2w"]) == "subject"


def test_the_job_is_known_by_its_kind() -> None:
    assert find_job("cord.soft-gt") is MakeSoftGroundTruth
