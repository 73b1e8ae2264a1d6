import re

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from small_studies import ARMS, phantom, write_study
from support import centre_of_mass

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import image_like
from crosscontrast.progress import silent
from crosscontrast.reading.blinding import blind_case, write_blinded
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.program import program_of
from crosscontrast.reading.study import Display, read_study

SECRET = "SYNTHETIC-by-pix2pix"


def block_centre(image):
    """Where the bright corner block of ``awkward_image`` lies."""
    values = sitk.GetArrayFromImage(image)
    above = np.clip(values - np.median(values) - 0.1 * np.ptp(values), 0, None)
    return centre_of_mass(image_like(above.astype(np.float32), image))


def test_images_on_one_grid_are_not_interpolated_and_lose_only_their_window(awkward_image):
    other = sitk.Cast(awkward_image * -3 + 50, sitk.sitkInt32)
    made = blind_case({"a": awkward_image, "b": other}, Display(percentiles=(0, 100)), "case")
    for image in made.values():
        assert same_grid(image, awkward_image)
        assert image.GetPixelID() == sitk.sitkInt16
        values = sitk.GetArrayFromImage(image)
        assert (values.min(), values.max()) == (0, 1000)
    rank = np.corrcoef(*(sitk.GetArrayFromImage(made[arm]).ravel() for arm in "ab"))[0, 1]
    assert rank < -0.9999
    assert np.allclose(block_centre(made["a"]), block_centre(awkward_image), atol=0.01)


def test_images_on_different_grids_share_one_and_anatomy_stays_in_its_place(awkward_image):
    finer = sitk.Resample(awkward_image, [40, 36, 22], sitk.Transform(), sitk.sitkLinear, awkward_image.GetOrigin(),
                          (0.5, 0.7, 2.0), awkward_image.GetDirection())  # fmt: skip
    turned = sitk.DICOMOrient(finer, "SAL")
    made = blind_case({"a": awkward_image, "b": turned}, Display(percentiles=(0, 100)), "case")
    assert same_grid(made["a"], made["b"])
    assert made["a"].GetSpacing() == pytest.approx((0.7, 1.3, 4.0))
    for image in made.values():
        assert np.allclose(block_centre(image), block_centre(awkward_image), atol=0.6)


def test_what_one_arm_does_not_show_no_arm_shows(awkward_image):
    part = awkward_image[5:25, 3:18, 1:9]
    made = blind_case({"a": awkward_image, "b": part}, Display(spacing=(1, 1, 2)), "case")
    empty = [sitk.GetArrayFromImage(image) == 0 for image in made.values()]
    assert same_grid(made["a"], made["b"])
    size = np.multiply(made["a"].GetSize(), made["a"].GetSpacing())
    assert (size <= np.multiply(part.GetSize(), part.GetSpacing()) + 0.01).all()
    assert (empty[0] | empty[1]).mean() < 0.3


def test_images_of_different_places_are_no_case(awkward_image):
    far = sitk.Image(awkward_image)
    far.SetOrigin((500.0, 0.0, 0.0))
    with pytest.raises(BadInputError, match="case: the images of the arms"):
        blind_case({"a": awkward_image, "b": far}, Display(), "case")
    with pytest.raises(BadInputError, match=r"case \(b\) is constant"):
        blind_case({"a": awkward_image, "b": awkward_image * 0}, Display(), "case")


def telling_phantom(number, arm):
    """An image whose header, size and grid tell its arm in every way there is."""
    image = phantom(number, arm, size=(16 + arm, 14, 12))
    image.SetMetaData("descrip", f"{SECRET} {ARMS[arm]['name']}")
    image.SetMetaData("intent_name", ARMS[arm]["role"])
    image.SetMetaData("aux_file", SECRET)
    return image


@pytest.fixture
def telling_study(tmp_path):
    """A study with NIfTI, NRRD and DICOM sources that all carry the arm in their headers."""
    path = write_study(tmp_path / SECRET, subjects=3, image=telling_phantom)
    table = (path.parent / "cohort.tsv").read_text()
    nrrd = telling_phantom(0, 1)
    nrrd.SetMetaData("maker", SECRET)
    sitk.WriteImage(nrrd, str(path.parent / "synthetic.nrrd"))
    assert SECRET.encode() in (path.parent / "synthetic.nrrd").read_bytes()
    write_dicom(telling_phantom(0, 2), path.parent / "ultrasound")
    table = table.replace("sub-00_synthT1w.nii.gz", "synthetic.nrrd").replace("sub-00_us.nii.gz", "ultrasound")
    (path.parent / "cohort.tsv").write_text(table)
    plan = prepare_study(read_study(path), tmp_path / "out", silent)
    return plan, tmp_path / "out"


def write_dicom(image, folder):
    folder.mkdir()
    image = sitk.Cast(image, sitk.sitkInt16)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for k in range(image.GetSize()[2]):
        part = image[:, :, k]
        position = image.TransformIndexToPhysicalPoint((0, 0, k))
        tags = {
            "0020|0032": "\\".join(map(str, position)),
            "0020|0037": "1\\0\\0\\0\\1\\0",
            "0020|0013": str(k),
            "0020|000e": "1.2.3.4",
            "0018|0050": "2.0",
            "0008|103e": SECRET,
            "0010|0010": "Doe^Jane",
        }
        for tag, value in tags.items():
            part.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{k:02}.dcm"))
        writer.Execute(part)
    assert pydicom.dcmread(folder / "00.dcm").SeriesDescription == SECRET


def test_no_copy_tells_its_arm_by_name_header_size_or_grid(telling_study):
    plan, folder = telling_study
    allowed = {"type", "dimension", "space", "sizes", "space directions", "kinds", "endian", "encoding", "space origin"}
    files = sorted((folder / "images").iterdir())
    assert len(files) == 9
    words = [SECRET, "Doe", "sub-", "pix2pix", *(arm[key] for arm in ARMS for key in ("name", "role"))]
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{16}\.nrrd", file.name)
        header, _, voxels = file.read_bytes().partition(b"\n\n")
        lines = [line for line in header.decode("ascii").splitlines()[1:] if not line.startswith("#")]
        assert {line.partition(":")[0] for line in lines} <= allowed
        assert not [word for word in words if word.encode().lower() in header.lower()]
        assert len(voxels) == 2 * np.prod(sitk.ReadImage(str(file)).GetSize())
    for case in plan.cases:
        copies = [folder / "images" / image.file for image in plan.images if image.case == case.name]
        headers = {copy.read_bytes().partition(b"\n\n")[0] for copy in copies}
        assert len(headers) == 1, "the headers of the arms of a case differ"
        assert len({copy.stat().st_size for copy in copies}) == 1


def test_a_reader_s_program_names_no_case_arm_or_source(telling_study):
    plan, _ = telling_study
    told = "".join(program_of(plan, reader).model_dump_json() for reader in plan.study.readers)
    words = [SECRET, "sub-", "synthT1w", "T1w", "ultrasound", "mri", "pix2pix", "nii", "dcm", plan.salt, "seed"]
    assert not [word for word in words if word in told]
    names = [r.image for reader in plan.study.readers for r in program_of(plan, reader).readings]
    assert all(re.fullmatch(r"[0-9a-f]{16}\.nrrd", name) for name in names)


def test_the_same_study_planned_again_has_other_names_in_the_same_order(tmp_path):
    study = read_study(write_study(tmp_path, subjects=3))
    first, second = (prepare_study(study, tmp_path / name, silent) for name in "ab")
    assert not {image.file for image in first.images} & {image.file for image in second.images}
    assert [(r.case, r.arm) for r in first.readings] == [(r.case, r.arm) for r in second.readings]


def test_a_copy_lies_where_its_source_lies_after_writing(awkward_image, tmp_path):
    made = blind_case({"a": awkward_image}, Display(percentiles=(0, 100)), "case")["a"]
    write_blinded(made, tmp_path / "x.nrrd")
    again = sitk.ReadImage(str(tmp_path / "x.nrrd"))
    assert same_grid(again, awkward_image)
    assert (sitk.GetArrayFromImage(again) == sitk.GetArrayFromImage(made)).all()


@pytest.mark.parametrize("spacing", [None, (0.7, 1.3, 2.0)])
def test_what_one_arm_did_not_measure_within_its_field_of_view_no_arm_shows(awkward_image, spacing):
    """A program that resampled wrote NaN where nothing was measured: grey there would tell the arm."""
    values = sitk.GetArrayFromImage(awkward_image)
    values[:, :, 20:] = np.nan
    holed = image_like(values, awkward_image)
    with pytest.warns(match="NaN"):
        made = blind_case({"a": awkward_image, "b": holed}, Display(spacing=spacing), "case")
    grey = {arm: sitk.GetArrayFromImage(image) for arm, image in made.items()}
    for array in grey.values():
        assert (array[:, :, 20:] == 0).all()
        assert np.median(array[:, :, :19]) > 0
    assert same_grid(made["a"], made["b"])
