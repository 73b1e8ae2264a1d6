import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_makers import slices_of, write_classic, write_enhanced
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from crosscontrast.errors import BadInputError
from crosscontrast.ground.dicom.study import read_study
from crosscontrast.ground.images import read_image
from crosscontrast.ground.inputs import find_images
from crosscontrast.ground.provenance import FileRecord

SIZE = (6, 7, 5)


def write_series(folder, skip=(), number=1):
    """An oblique series of five slices, files in an order that is not the slices'."""
    folder.mkdir(exist_ok=True)
    series, frame = generate_uid(), generate_uid()
    row, column = np.array([0.8, 0.6, 0.0]), np.array([0.0, 0.0, -1.0])
    normal = np.cross(row, column)
    values = np.arange(np.prod(SIZE), dtype=np.uint16).reshape(SIZE[::-1])
    for k in range(SIZE[2]):
        if k in skip:
            continue
        data = pydicom.Dataset()
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CTImageStorage
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
        data.SeriesInstanceUID, data.FrameOfReferenceUID, data.StudyInstanceUID = series, frame, frame
        data.Modality, data.SeriesNumber, data.InstanceNumber = "MR", number, SIZE[2] - k
        data.ImagePositionPatient = [float(v) for v in np.array([5.0, -3.0, 2.0]) + 2.5 * k * normal]
        data.ImageOrientationPatient = [*row, *column]
        data.PixelSpacing, data.SliceThickness = [0.5, 0.7], 2.5
        data.Rows, data.Columns = SIZE[1], SIZE[0]
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation = 15, 0
        data.PixelData = values[k].tobytes()
        data.save_as(folder / f"{number}-{(k * 3) % 5}.dcm", enforce_file_format=True)
    return values


def test_a_series_lies_where_its_slices_say(tmp_path):
    values = write_series(tmp_path / "series")
    image = read_image(tmp_path / "series")
    assert image.GetSize() == SIZE
    assert np.allclose(image.GetSpacing(), (0.7, 0.5, 2.5))
    for i, j, k in ((0, 0, 0), (5, 2, 4), (1, 6, 3)):
        point = np.array([5.0, -3, 2]) + 0.7 * i * np.array([0.8, 0.6, 0]) + 0.5 * j * np.array([0, 0, -1.0])
        point += 2.5 * k * np.array([-0.6, 0.8, 0])
        index = image.TransformPhysicalPointToIndex(point.tolist())
        assert image[index] == values[k, j, i]


def test_a_missing_slice_is_refused_rather_than_bridged(tmp_path):
    write_series(tmp_path / "series", skip=(2,))
    with pytest.raises(BadInputError, match=r"missing or doubled slices.*2\.50 to 5\.00 mm"):
        read_image(tmp_path / "series")


def test_two_series_in_one_folder_are_a_question_for_the_user(tmp_path):
    write_series(tmp_path / "series", number=1)
    write_series(tmp_path / "series", number=2)
    with pytest.raises(BadInputError, match="2 DICOM series"):
        read_image(tmp_path / "series")


def test_folders_stand_for_their_series_or_their_images(tmp_path):
    write_series(tmp_path / "series")
    images = tmp_path / "images"
    images.mkdir()
    for name in ("b.nrrd", "a.nii.gz", "notes.txt", ".hidden.nii"):
        (images / name).touch()
    assert find_images([tmp_path / "series", images]) == [tmp_path / "series", images / "a.nii.gz", images / "b.nrrd"]


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="holds no image"):
        find_images([tmp_path])


def test_two_images_with_results_of_one_name_are_refused(tmp_path):
    with pytest.raises(BadInputError, match="would both give results called x"):
        find_images([tmp_path / "1" / "x.nii.gz", tmp_path / "2" / "x.nrrd"])


@pytest.fixture
def study(awkward_image, tmp_path):
    """Two MR series in folders of their own, a CT, a picture with one slice, a torn series and a segmentation."""
    plain = sitk.Cast(sitk.Round(awkward_image), sitk.sitkInt16)
    folder = tmp_path / "patient"
    t1 = {"SeriesNumber": 2, "SeriesDescription": "T1 ax", "SeriesInstanceUID": "1.2.5"}
    write_classic(folder / "S2", slices_of(plain + 1), **t1)
    write_enhanced(folder / "S4" / "IM1", slices_of(plain))
    write_classic(folder / "S6", slices_of(plain + 2), SeriesNumber=6, SeriesDescription="CT", Modality="CT")
    write_classic(folder / "S7", slices_of(plain)[:1], SeriesNumber=7, SeriesDescription="scout")
    write_classic(folder / "S8", slices_of(plain)[:3] + slices_of(plain)[5:], SeriesNumber=8, SeriesDescription="torn")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    return folder


def test_a_study_is_read_series_by_series_and_what_is_left_out_is_named(study, awkward_image):
    said = []
    images = find_images([study], modality="MR", tell=said.append)
    assert [image.relative_to(study).as_posix() for image in images] == ["2_T1_ax.dcmseries", "4_t2_sag.dcmseries"]
    first, second = (sitk.GetArrayFromImage(read_image(image)).astype(int) for image in images)
    assert np.array_equal(first, second + 1)
    assert [sentence.partition(": ")[2] for sentence in said] == [
        "The DICOM series 8_torn has missing or doubled slices: gaps between neighbours go from 4.00 to 12.00 mm.",
        "The DICOM series 6_CT is CT, not MR; choose it with --series.",
        "The DICOM series 7_scout is a single slice.",
    ]
    with pytest.raises(BadInputError, match="holds no DICOM series 3_x"):
        read_image(study / "3_x.dcmseries")


@pytest.mark.parametrize(
    ("word", "name"), [("1.2.5", "2_T1_ax"), ("6", "6_CT"), ("t2 SAG", "4_t2_sag"), ("7_scout", "7_scout")]
)
def test_a_series_is_chosen_by_uid_number_description_or_name(study, word, name):
    assert find_images([study], series=[word], modality="MR") == [study / f"{name}.dcmseries"]


def test_a_series_that_is_not_there_is_an_error_that_names_what_is(study):
    with pytest.raises(BadInputError, match=r"holds no DICOM series 99; it has 2_T1_ax, 4_t2_sag, 6_CT, 7_scout\."):
        find_images([study], series=["99"])


def test_where_a_series_comes_from_does_not_hang_on_the_other_files(study):
    path = study / "2_T1_ax.dcmseries"
    before = FileRecord.of(path)
    assert before.path.endswith("patient/2_T1_ax.dcmseries")
    (study / "S4" / "IM1").unlink()
    assert FileRecord.of(path) == before
    with next((study / "S2").iterdir()).open("ab") as stream:
        stream.write(b"\0\0")
    assert FileRecord.of(path).sha256 != before.sha256


#: Real files, and what each is: name, size, spacing and place of the first voxel of its volumes, or why it is none.
REAL = {
    "dcm_qa_enh/Philips_IM_0027_fMAP.dcm": ["801_B0_NS_FIELD_MAP 64x64x32", "801_B0_NS_M 64x64x32"],
    "dcm_qa_enh/Siemens_XA10_6_1.dcm": ["6_REST1_w_SMS_PF7-8 64x64x6"],
    "dcm_qa_nih_siemens/epi_pe_ap-00001.dcm": "it is a Siemens mosaic",
    "dcm_qa_siemens_mosaic/ax_axasc35_MR.1.3.12.2.1107.5.2.32.35131.2014031012493950715786673.dcm": "a Siemens mosaic",
    "small/MR2_J2KR.dcm": ["1_T1W_SE_1024 1024x1024x1"],
    "small/ct_image.dcm": ["1 128x128x1"],
    "small/emri_small.dcm": "it holds several frames that do not say where they lie",
    "small/emri_small_RLE.dcm": "several frames that do not say where they lie",
    "small/emri_small_big_endian.dcm": "several frames that do not say where they lie",
    "small/emri_small_jpeg_2k_lossless.dcm": "several frames that do not say where they lie",
    "small/emri_small_jpeg_ls_lossless.dcm": "several frames that do not say where they lie",
    "small/seg_image_ct_binary.dcm": "it is a DICOM segmentation (SEG), no image",
}


@pytest.mark.parametrize("name", list(REAL))
def test_real_files_are_read_right_or_refused_with_the_reason(name, real_data, tmp_path):
    if not (real_data / "dicom" / name).is_file():
        pytest.skip("no real data here of this kind")
    shutil.copy(real_data / "dicom" / name, tmp_path)
    found = read_study(tmp_path)
    if isinstance(REAL[name], str):
        assert found.volumes == []
        assert REAL[name] in found.left_out[0]
        return
    assert [f"{v.name} {'x'.join(map(str, v.size))}" for v in found.volumes] == REAL[name]
    for volume in found.volumes:
        image = volume.image()
        # By pydicom alone: every slice's first voxel lies where its frame says.
        for k, frame in enumerate(volume.frames):
            assert np.allclose(image.TransformIndexToPhysicalPoint((0, 0, k)), frame.position, atol=0.02)
        assert np.ptp(sitk.GetArrayViewFromImage(image)) > 0
