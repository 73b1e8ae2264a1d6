"""What the current validator of BIDS says of a dataset with an image of every contrast that this program names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_corrections import box_mask, box_soft, small_image

from crosscontrast.corrections.bids import _CONTRASTS
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.export.write import export_corrections
from crosscontrast.ground.images import write_image

#: Names of spine-generic's protocol, of BIDS, and of none.
_FILES = ("sub-80_acq-MTon_MTS", "sub-80_acq-MToff_MTS", "sub-80_acq-T1w_MTS", "sub-80_STIR", "scan 81", "mt1")


def validated(folder: Path, home: Path) -> dict[str, set[str]]:
    """Return the places of what the validator says, by code; codes of errors begin with ``error``."""
    program = Path(sys.executable).with_name("bids-validator-deno")
    run = subprocess.run(
        [program, str(folder), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DENO_DIR": str(home), "DENO_NO_UPDATE_CHECK": "1"},
    )
    issues = json.loads(run.stdout)["issues"]["issues"]
    found: dict[str, set[str]] = {}
    for issue in issues:
        kind = "error " if issue.get("severity") == "error" else ""
        found.setdefault(f"{kind}{issue['code']}", set()).add(issue.get("location", ""))
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A dataset with one image of each name, as it is after a correction; and its export."""
    folder = tmp_path_factory.mktemp("bids")
    dataset = CorrectionDataset.create(folder / "dataset", authors=["B. Author"])
    files = [f"pat{n:02d}_{word}" for n, word in enumerate(_CONTRASTS)] + list(_FILES)
    for seed, name in enumerate(files):
        write_image(small_image(seed), folder / f"{name}.nii.gz")
        case = dataset.add(folder / f"{name}.nii.gz", subject="" if name != "mt1" else "90").name
        grid = dataset.record(case).grid()
        dataset.save(case, box_soft(grid), box_mask(grid), author="A. Reader")
    export_corrections(dataset, "bids", folder / "export")
    return folder


@pytest.mark.parametrize("part", ["dataset", "export", "export/derivatives/labels"])
def test_the_validator_finds_no_error_and_nothing_amiss_with_the_description(part, made):
    found = validated(made / part, made / "deno")
    assert not [(code, sorted(places)[:3]) for code, places in found.items() if code.startswith("error")]
    assert not {"NO_AUTHORS", "README_FILE_MISSING", "README_FILE_SMALL"} & found.keys()
    description = json.loads((made / part / "dataset_description.json").read_text())
    assert description["Authors"] == ["B. Author", "A. Reader"]


def test_the_validator_would_have_found_the_names_of_earlier_versions(made, tmp_path):
    image = made / "dataset" / "sub-80" / "anat" / "sub-80_mt-on_MTR.nii.gz"
    (tmp_path / "sub-80" / "anat").mkdir(parents=True)
    (tmp_path / "dataset_description.json").write_text('{"Name": "old", "BIDSVersion": "1.10.0"}')
    (tmp_path / "sub-80" / "anat" / "sub-80_acq-MTon_MTS.nii.gz").write_bytes(image.read_bytes())
    assert "error MISSING_REQUIRED_ENTITY" in validated(tmp_path, made / "deno")


def test_the_pulse_is_kept_and_what_the_json_beside_an_image_tells_but_no_person(tmp_path):
    dataset = CorrectionDataset.create(tmp_path / "d")
    write_image(small_image(1), tmp_path / "pat1_mt1.nii.gz")
    told = {"EchoTime": 0.0037, "RepetitionTime": 0.035, "FlipAngle": 9, "PatientName": "Doe^Jane", "MTState": False}
    (tmp_path / "pat1_mt1.json").write_text(json.dumps(told))
    case = dataset.add(tmp_path / "pat1_mt1.nii.gz")
    assert case.name == "sub-pat1_mt-on_MTR"
    kept = json.loads(case.image.with_name("sub-pat1_mt-on_MTR.json").read_text())
    assert kept == {"EchoTime": 0.0037, "FlipAngle": 9, "MTState": True}
    # A protocol of MT saturation is kept where it says all that BIDS asks for.
    write_image(small_image(2), tmp_path / "sub-2_flip-1_mt-off_MTS.nii.gz")
    (tmp_path / "sub-2_flip-1_mt-off_MTS.json").write_text(json.dumps(told))
    case = dataset.add(tmp_path / "sub-2_flip-1_mt-off_MTS.nii.gz")
    kept = json.loads(case.image.with_name(f"{case.name}.json").read_text())
    assert kept["RepetitionTimeExcitation"] == 0.035
    assert not [code for code in validated(dataset.folder, tmp_path / "deno") if code.startswith("error")]


def test_images_of_older_names_keep_them_where_they_are(tmp_path):
    dataset = CorrectionDataset.create(tmp_path / "d")
    inside = dataset.folder / "sub-1" / "anat" / "sub-1_acq-MTon_MTS.nii.gz"
    inside.parent.mkdir(parents=True)
    write_image(small_image(1), inside)
    assert dataset.add(inside).name == "sub-1_acq-MTon_MTS"
    outside = tmp_path / inside.name
    outside.write_bytes(inside.read_bytes())
    assert dataset.add(outside).name == "sub-1_acq-MTon_MTS"
    assert [case.name for case in dataset.cases()] == ["sub-1_acq-MTon_MTS"]
