"""DICOM segmentations of a series with oblique slices, checked by dciodvfy, pydicom, highdicom and by position."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_makers import slices_of, write_enhanced
from support import oblique_direction

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.export.write import export_corrections
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import image_like, read_image
from crosscontrast.ground.provenance import ModelRecord

SIZE = (14, 18, 7)


def write_series(folder: Path) -> None:
    """An MR series of oblique slices whose files are named in no order, with what an MR image must have."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

    folder.mkdir(parents=True)
    direction = np.array(oblique_direction(left_handed=False)).reshape(3, 3)
    values = np.random.default_rng(3).integers(50, 900, SIZE[::-1]).astype(np.uint16)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k in range(SIZE[2]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, frame
        d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = "Test^Cord", "7", "19800101", "O"
        d.StudyDate, d.StudyTime, d.StudyID, d.AccessionNumber = "20260301", "120000", "1", ""
        d.ReferringPhysicianName, d.Modality, d.Manufacturer = "", "MR", "CrossContrast"
        d.SeriesNumber, d.InstanceNumber = 3, k + 1
        d.ScanningSequence, d.SequenceVariant, d.ScanOptions, d.MRAcquisitionType = "SE", "NONE", "", "2D"
        d.EchoTime, d.RepetitionTime, d.EchoTrainLength = 80, 3000, 1
        d.ImageType, d.PositionReferenceIndicator = ["ORIGINAL", "PRIMARY", "OTHER"], ""
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = SIZE[1], SIZE[0], 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
        d.PixelSpacing, d.SliceThickness = [1.1, 0.8], 4
        d.ImageOrientationPatient = [*np.round(direction[:, 0], 8), *np.round(direction[:, 1], 8)]
        d.ImagePositionPatient = [round(float(x), 6) for x in np.array([-20, 15, 40]) + direction[:, 2] * 4 * k]
        d.PixelData = values[k].tobytes()
        d.save_as(folder / f"{(k * 5) % 7:02}.dcm", enforce_file_format=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, Path]:
    """The two objects of a soft blob that no flip or swap leaves in place, and the dataset and series."""
    folder = tmp_path_factory.mktemp("dicom")
    write_series(folder / "sub-9_T2w")
    dataset = CorrectionDataset.create(folder / "dataset")
    case = dataset.add(folder / "sub-9_T2w").name
    grid = dataset.record(case).grid()
    soft = np.zeros(SIZE[::-1], np.float32)
    soft[1:4, 3:8, 2:6] = np.random.default_rng(0).random((3, 5, 4), np.float32)
    soft = image_like(soft, grid)
    model = ModelRecord(name="softcord", version=2, sha256="ab" * 32)
    dataset.save(case, soft, soft >= 0.5, author="Ada B. Reader", model=model)
    done = export_corrections(dataset, "dicom-seg", folder / "out")
    assert (done.cases, done.warnings) == (1, ())
    paths = {kind: folder / "out" / f"sub-9_T2w_label-SC_{kind}.dcm" for kind in ("binary", "fractional")}
    return paths | {"series": folder / "sub-9_T2w", "dataset": dataset.folder}


@pytest.mark.parametrize("kind", ["binary", "fractional"])
def test_the_validator_finds_no_error(made, kind):
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy is not installed (Debian: dicom3tools)")
    told = subprocess.run(["dciodvfy", str(made[kind])], capture_output=True, text=True, check=False)
    errors = [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]
    assert errors == []
    assert "Segmentation" in told.stderr + told.stdout


def positions_and_values(path: Path) -> dict[tuple[float, ...], float]:
    """Value by the position in the patient of every voxel above 0, read with pydicom alone."""
    import pydicom

    dataset = pydicom.dcmread(path)
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns).astype(float)
    frames /= dataset.get("MaximumFractionalValue", 1)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    across, down = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
    row_spacing, column_spacing = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    found = {}
    for frame, item in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        origin = np.array(item.PlanePositionSequence[0].ImagePositionPatient, float)
        for row, column in np.argwhere(frame > 0):
            place = origin + across * column * column_spacing + down * row * row_spacing
            found[tuple(np.round(place, 2) + 0.0)] = frame[row, column]
    return found


def expected(image: sitk.Image) -> dict[tuple[float, ...], float]:
    values = sitk.GetArrayFromImage(image).astype(float)
    return {
        tuple(np.round(image.TransformIndexToPhysicalPoint(place[::-1].tolist()), 2) + 0.0): values[tuple(place)]
        for place in np.argwhere(values > 0)
    }


@pytest.mark.parametrize(("kind", "step"), [("binary", 0), ("fractional", 1 / 255)])
def test_every_voxel_lies_where_it_was_corrected_with_its_value(made, kind, step):
    correction = CorrectionDataset.open(made["dataset"]).load("sub-9_T2w")
    wanted = expected(correction.soft if kind == "fractional" else correction.mask)
    found = positions_and_values(made[kind])
    # Below half a step a probability is stored as 0.
    assert set(found) == {place for place, value in wanted.items() if value > step / 2}
    assert max(abs(found[place] - wanted[place]) for place in found) <= step / 2 + 1e-9


def test_the_objects_say_what_they_are_who_made_them_and_of_which_series(made):
    import pydicom

    source = pydicom.dcmread(next(made["series"].iterdir()))
    for kind in ("binary", "fractional"):
        d = pydicom.dcmread(made[kind])
        assert (d.Modality, d.SegmentationType, d.PatientID) == ("SEG", kind.upper(), "7")
        assert (d.StudyInstanceUID, d.FrameOfReferenceUID) == (source.StudyInstanceUID, source.FrameOfReferenceUID)
        assert d.ReferencedSeriesSequence[0].SeriesInstanceUID == source.SeriesInstanceUID
        segment = d.SegmentSequence[0]
        assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == "2748008"
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert segment.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "softcord"
        assert str(d.ContentCreatorName) == "Reader^Ada B."
    assert d.SegmentationFractionalType == "PROBABILITY"


def test_a_series_that_was_moved_is_found_and_a_changed_one_is_refused(made, tmp_path):
    dataset = CorrectionDataset.open(made["dataset"])
    moved = tmp_path / "archive" / "sub-9_T2w"
    shutil.copytree(made["series"], moved)
    hidden = made["series"].rename(made["series"].with_name("hidden"))
    try:
        with pytest.raises(BadInputError, match="is no longer at"):
            export_corrections(dataset, "dicom-seg", tmp_path / "a")
        assert export_corrections(dataset, "dicom-seg", tmp_path / "b", dicom=tmp_path / "archive").cases == 1
        assert export_corrections(dataset, "dicom-seg", tmp_path / "c", dicom=moved).cases == 1
        next(moved.iterdir()).unlink()
        with pytest.raises(BadInputError, match="are not those that sub-9_T2w was made of"):
            export_corrections(dataset, "dicom-seg", tmp_path / "d", dicom=moved)
    finally:
        hidden.rename(made["series"])


def test_the_image_in_the_dataset_lies_where_the_series_lies(made):
    case = CorrectionDataset.open(made["dataset"]).case("sub-9_T2w")
    assert np.array_equal(
        sitk.GetArrayFromImage(read_image(case.image)), sitk.GetArrayFromImage(read_image(made["series"]))
    )


@pytest.mark.parametrize("part", ["whole", "second echo"])
def test_frames_of_a_multi_frame_source_are_named_whatever_their_order(part, tmp_path, awkward_image):
    import pydicom

    plain = sitk.Cast(sitk.Round(awkward_image), sitk.sitkInt16)
    first, second = slices_of(plain), slices_of(plain + 1000, echo_time=160.0)
    places = write_enhanced(tmp_path / "patient" / "IM1", first + second if part != "whole" else first, seed=5)
    source = tmp_path / "patient" if part == "whole" else tmp_path / "patient" / "4_t2_sag_echo-2.dcmseries"
    dataset = CorrectionDataset.create(tmp_path / "dataset")
    case = dataset.add(source, subject="9", contrast="T2w").name
    grid = dataset.record(case).grid()
    soft = np.zeros(grid.GetSize()[::-1], np.float32)
    soft[1:4, 3:8, 2:6] = 0.75
    soft[7, 2:5, 10:20] = 1
    soft = image_like(soft, grid)
    dataset.save(case, soft, soft >= 0.5, author="Ada B. Reader")
    done = export_corrections(dataset, "dicom-seg", tmp_path / "out")
    assert (done.cases, done.warnings) == (1, ())
    made = tmp_path / "out" / f"{case}_label-SC_binary.dcm"
    assert set(positions_and_values(made)) == set(expected(soft >= 0.5))
    # Every frame of the segmentation names the frame of the source that lies where it lies, and is of its echo.
    frames = pydicom.dcmread(tmp_path / "patient" / "IM1").PerFrameFunctionalGroupsSequence
    offset = 0 if part == "whole" else len(first)
    named = set()
    for group in pydicom.dcmread(made).PerFrameFunctionalGroupsSequence:
        (reference,) = group.DerivationImageSequence[0].SourceImageSequence
        number = int(reference.ReferencedFrameNumber) - 1
        named.add(number)
        here, there = (g.PlanePositionSequence[0].ImagePositionPatient for g in (group, frames[number]))
        assert np.allclose(here, there, atol=1e-3)
    assert len(named) == 4
    assert named < set(places[offset : offset + len(first)])
