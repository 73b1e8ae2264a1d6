"""A correction of a real scan, through the dataset and out again, by position."""

import numpy as np
import pytest
import SimpleITK as sitk
from support import centre_of_mass

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.export.write import export_corrections
from crosscontrast.corrections.starting import save_edited, starting_point
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like, read_image


def test_a_correction_of_a_real_scan_comes_out_of_the_export_where_it_was_drawn(tmp_path, real_data):
    folder = real_data / "cord" / "mts"
    dataset = CorrectionDataset.create(tmp_path / "d")
    case = dataset.add(folder / "sub-05_acq-MTon_MTS.nii.gz").name
    assert case == "sub-05_mt-on_MTR"
    manual = sitk.Cast(read_image(folder / "sub-05_acq-MTon_MTS_seg.nii.gz") > 0, sitk.sitkUInt8)
    soft = sitk.Cast(sitk.DiscreteGaussian(sitk.Cast(manual, sitk.sitkFloat32), [0.6, 0.6, 1e-6]), sitk.sitkFloat32)
    dataset.save(case, soft, soft >= 0.5, author="A")

    start = starting_point(dataset, case)
    edited = sitk.GetArrayFromImage(start.mask)
    middle = np.argwhere(edited).mean(0).round().astype(int)
    edited[middle[0], middle[1], middle[2] :] = np.arange(edited.shape[2] - middle[2]) < 12
    save_edited(dataset, start, image_like(edited, start.mask), author="B", seconds=10)

    back = dataset.load(case)
    image = read_image(folder / "sub-05_acq-MTon_MTS.nii.gz")
    assert same_grid(back.soft, image, 1e-3)
    assert np.array_equal(sitk.GetArrayFromImage(back.mask), edited)
    assert np.array_equal(sitk.GetArrayFromImage(back.soft) >= 0.5, edited > 0)
    untouched = edited == sitk.GetArrayFromImage(start.mask)
    change = sitk.GetArrayFromImage(back.soft) - sitk.GetArrayFromImage(start.soft)
    assert np.abs(change[untouched]).max() <= 1e-6
    export_corrections(dataset, "bids", tmp_path / "out")
    written = read_image(
        tmp_path / "out" / "derivatives/labels_softseg/sub-05/anat" / f"{case}_label-SC_softseg.nii.gz"
    )
    assert centre_of_mass(written) == pytest.approx(centre_of_mass(back.soft), abs=1e-3)
