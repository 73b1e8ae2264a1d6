"""``corrections check`` finds in an existing dataset what earlier versions let in without a word."""

import json

import numpy as np
import SimpleITK as sitk
from click.testing import CliRunner
from small_corrections import box_mask, box_soft, small_image

from crosscontrast.cli.corrections import corrections
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.ground.files import sha256
from crosscontrast.ground.images import image_like, write_image
from crosscontrast.ground.provenance import FileRecord, Provenance


def check(dataset, code):
    done = CliRunner().invoke(corrections, ["check", str(dataset.folder), "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def save(dataset, case, soft, mask):
    dataset.save(case, soft, mask, author="A. Reader", force=True)


def plant(dataset, case, soft):
    """Put a soft mask into the newest revision as an earlier version would have saved it."""
    number = dataset.case(case).revision
    folder = dataset.layout.revision(case, number)
    write_image(soft, folder / "softseg.nii.gz")
    record = json.loads((folder / "record.json").read_text())
    record["softseg_sha256"] = sha256(folder / "softseg.nii.gz")
    (folder / "record.json").write_text(json.dumps(record))


def test_a_dataset_in_order_passes(dataset):
    grid = dataset.record("sub-01_T1w").grid()
    save(dataset, "sub-01_T1w", box_soft(grid), box_mask(grid))
    assert check(dataset, 0) == []


def test_persons_masks_images_grids_and_predictions_are_found_and_what_to_do(dataset, images, tmp_path):
    for seed, contrast in enumerate(("T1w", "T2w")):
        write_image(small_image(30 + seed), tmp_path / f"pat01_{contrast}.nii.gz")
        dataset.add(tmp_path / f"pat01_{contrast}.nii.gz", subject=f"pat01{contrast}")
    grids = {case.name: dataset.record(case.name).grid() for case in dataset.cases()}
    grid = grids["sub-01_T1w"]
    inverted = sitk.Cast(box_mask(grid) == 0, sitk.sitkUInt8)
    save(dataset, "sub-01_T1w", sitk.Cast(inverted, sitk.sitkFloat32), inverted)
    grid = grids["sub-01_T2w"]
    save(dataset, "sub-01_T2w", box_soft(grid), box_mask(grid))
    plant(dataset, "sub-01_T2w", image_like(np.zeros(grid.GetSize()[::-1], np.float32), grid))
    write_image(small_image(77), dataset.case("sub-02_T1w").image)
    folder = dataset.layout.prediction("sub-02_T2w")
    folder.mkdir(parents=True)
    write_image(box_soft(grids["sub-02_T2w"]), folder / "sub-02_T2w_softseg.nii.gz")
    other = FileRecord.of(images / "sub-01_T1w.nii.gz")
    Provenance(job="cord.segment", inputs=[other]).write(folder / "sub-02_T2w_softseg.json")
    path = dataset.layout.case("sub-pat01T1w_T1w")
    record = json.loads(path.read_text())
    record["origin"][2] += 15  # as where a viewer's and our reading of the header differed
    path.write_text(json.dumps(record))

    found = check(CorrectionDataset(dataset.folder), 2)
    by_case = {(finding["kind"], *finding["cases"]): finding for finding in found}
    assert by_case.keys() == {
        ("subject", "sub-pat01T1w_T1w", "sub-pat01T2w_T2w"),
        ("mask", "sub-01_T1w"),
        ("mask", "sub-01_T2w"),
        ("image", "sub-02_T1w"),
        ("prediction", "sub-02_T2w"),
        ("grid", "sub-pat01T1w_T1w"),
    }
    assert "covers 87% of the image" in by_case["mask", "sub-01_T1w"]["problem"]
    assert "does not lie where the mask does" in by_case["mask", "sub-01_T2w"]["problem"]
    advice = by_case["subject", "sub-pat01T1w_T1w", "sub-pat01T2w_T2w"]["advice"]
    assert advice.endswith("CASE --subject pat01")
    assert all(finding["advice"] for finding in found)
