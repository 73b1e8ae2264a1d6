import csv

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.radiomics.jobs import CompareImages


@pytest.fixture
def files(tmp_path):
    values = np.random.default_rng(3).uniform(0, 50, (12, 13, 14)).astype(np.float32)
    mask = np.zeros(values.shape, np.uint8)
    mask[2:9] = 1
    for name, array in {"reference": values, "test": values + 2, "mask": mask}.items():
        sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / f"{name}.nii.gz"))
    return tmp_path


def test_the_job_writes_one_row_that_says_what_was_compared_and_how(files):
    job = CompareImages(
        reference=files / "reference.nii.gz",
        test=files / "test.nii.gz",
        mask=files / "mask.nii.gz",
        out=files / "new" / "similarity.tsv",
    )
    reports = []
    result = job.run(lambda *report: reports.append(report))
    with result.table.open(newline="") as stream:
        (row,) = csv.DictReader(stream, delimiter="\t")
    assert float(row["mae"]) == pytest.approx(2, abs=1e-4)
    assert row["data_range_from"] == "reference in mask"
    assert row["test"].endswith("test.nii.gz")
    assert int(row["voxels"]) == 7 * 13 * 14 == result.similarity.voxels
    assert reports[-1][:2] == (1, 1)


def test_a_measure_without_a_value_is_written_as_not_available(files):
    same = files / "reference.nii.gz"
    result = CompareImages(reference=same, test=same, out=files / "same.tsv").run(silent)
    with result.table.open(newline="") as stream:
        (row,) = csv.DictReader(stream, delimiter="\t")
    assert (row["psnr"], row["mask"]) == ("n/a", "n/a")


def test_nothing_is_written_when_an_image_is_missing(files):
    job = CompareImages(reference=files / "reference.nii.gz", test=files / "absent.nii.gz", out=files / "t.tsv")
    with pytest.raises(BadInputError, match=r"absent\.nii\.gz does not exist"):
        job.run(silent)
    assert not list(files.glob("*.tsv"))
