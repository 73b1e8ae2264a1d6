import numpy as np
import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import read_image
from crosscontrast.ground.inputs import find_images

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
