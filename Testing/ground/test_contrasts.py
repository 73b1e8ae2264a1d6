"""What names and sentences say of a contrast, and headers of synthetic images."""

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.ground.contrasts import contrast_of, contrasts_in
from crosscontrast.ground.images import write_image
from crosscontrast.ground.synthetic import mark_header, synthetic_output_of


@pytest.mark.parametrize(
    ("name", "contrast"),
    [
        ("sub-01_ses-02_acq-sagittal_T2w", "T2w"),
        ("sub-us01_T1w", "T1w"),
        ("sub-01_T2star", "T2*w"),
        ("t2s_axial", "T2*w"),
        ("T2 SPACE sag", "T2w"),
        ("5: t2_tse_sag_320", "T2w"),
        ("T2_FLAIR", "FLAIR"),
        ("sample-prostate_us", "ultrasound"),
        ("sample-head_heavyT2", "heavily T2-weighted MRI"),
        ("TOF_3D", "MR angiography"),
        ("head CT", "CT"),
        ("sub-01_MTon", "MT"),
        ("sub-01_T1w_T2w", ""),  # of which of the two?
        ("t12_lesion", ""),
        ("product", ""),
        ("series 4", ""),
    ],
)
def test_a_name_says_one_contrast_or_none(name, contrast):
    assert contrast_of(name) == contrast


def test_a_model_may_expect_several_contrasts():
    assert set(contrasts_in("T1w and T2-weighted MRI of the brain")) == {"T1w", "T2w"}
    assert contrasts_in("ultrasound of the generated prostate") == ("ultrasound",)
    assert contrasts_in("heavily T2-weighted MRI of the generated head") == ("heavily T2-weighted MRI",)
    everything = contrasts_in("MRI of the spine, any contrast")
    assert {"T1w", "FLAIR", "MT"} <= set(everything)
    assert "CT" not in everything
    assert contrasts_in("MR image") == ()


def test_a_header_says_what_was_made(tmp_path):
    image = sitk.GetImageFromArray(np.zeros((3, 4, 5), np.float32))
    write_image(image, tmp_path / "real.nii.gz")
    mark_header(image, "T2w", "cordsynth@1")
    write_image(image, tmp_path / "made.nii.gz")
    (tmp_path / "broken.nii.gz").write_bytes(b"no image")
    assert [synthetic_output_of(tmp_path / f"{n}.nii.gz") for n in ("real", "made", "broken", "none")] == [
        "",
        "T2w",
        "",
        "",
    ]
