"""DICOM files of an image, as scanners write them: classic or enhanced, in any order, compressed, tilted, scaled."""

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
    generate_uid,
)
from pydicom.valuerep import DS

SYNTAXES = {
    "RLE": RLELossless,
    "deflated": DeflatedExplicitVRLittleEndian,
    "JPEG-LS": JPEGLSLossless,
    "JPEG 2000": JPEG2000Lossless,
}


@dataclass(frozen=True)
class Slice:
    """Stored values (rows, columns), where they lie, and what else a header says (classic keywords)."""

    values: np.ndarray
    position: np.ndarray
    row: np.ndarray
    column: np.ndarray
    #: Between rows, between columns, between slices.
    spacing: tuple[float, float, float]
    slope: float = 1.0
    intercept: float = 0.0
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "M", "NONE")
    echo_time: float = 80.0
    more: dict[str, Any] = field(default_factory=dict)

    def moved(self, *by: float) -> "Slice":
        return replace(self, position=self.position + np.array(by))


def slices_of(image: sitk.Image, **said: Any) -> list[Slice]:
    """The slices of an image of whole numbers, in the order of its last axis."""
    values = sitk.GetArrayFromImage(image).astype(np.int16)
    axes = np.array(image.GetDirection()).reshape(3, 3)
    spacing = image.GetSpacing()
    return [
        Slice(
            values=values[k],
            position=np.array(image.TransformIndexToPhysicalPoint((0, 0, k))),
            row=axes[:, 0],
            column=axes[:, 1],
            spacing=(spacing[1], spacing[0], spacing[2]),
            **said,
        )
        for k in range(len(values))
    ]


def write_classic(
    folder: Path, slices: list[Slice], *, seed: int = 0, syntax: str = ExplicitVRLittleEndian, **said: Any
):
    """Write a file a slice, named and numbered in an order that ``seed`` draws; returns the paths by slice."""
    folder.mkdir(parents=True, exist_ok=True)
    series = said.pop("SeriesInstanceUID", None) or generate_uid()
    numbers = np.random.default_rng(seed).permutation(len(slices))
    paths = []
    for number, one in zip(numbers, slices, strict=True):
        data = _dataset(one, MRImageStorage, series, said)
        data.InstanceNumber = int(number) + 1
        data.ImageType, data.EchoTime = list(one.image_type), _ds(one.echo_time)
        data.ImagePositionPatient = [_ds(x) for x in one.position]
        data.ImageOrientationPatient = [_ds(x) for x in (*one.row, *one.column)]
        data.PixelSpacing = [_ds(x) for x in one.spacing[:2]]
        data.SliceThickness = data.SpacingBetweenSlices = _ds(one.spacing[2])
        data.RescaleSlope, data.RescaleIntercept = _ds(one.slope), _ds(one.intercept)
        for keyword, value in one.more.items():
            setattr(data, keyword, value)
        data.PixelData = np.ascontiguousarray(one.values).tobytes()
        path = folder / f"{said.get('SeriesNumber', 4)}-{number:04d}"
        _save(data, path, syntax)
        paths.append(path)
    return paths


def write_enhanced(
    path: Path, slices: list[Slice], *, seed: int = 0, syntax: str = ExplicitVRLittleEndian, **said: Any
):
    """Write one multi-frame file whose frames are in an order that ``seed`` draws; returns frame numbers by slice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(seed).permutation(len(slices))
    shuffled = [slices[n] for n in order]
    first = slices[0]
    data = _dataset(first, EnhancedMRImageStorage, said.pop("SeriesInstanceUID", None) or generate_uid(), said)
    data.ImageType, data.InstanceNumber, data.NumberOfFrames = ["ORIGINAL", "PRIMARY", "M", "MIXED"], 1, len(slices)
    measures = _of(PixelSpacing=[_ds(x) for x in first.spacing[:2]], SliceThickness=_ds(first.spacing[2]))
    data.SharedFunctionalGroupsSequence = Sequence([_of(PixelMeasuresSequence=Sequence([measures]))])
    data.PerFrameFunctionalGroupsSequence = Sequence(_group(one) for one in shuffled)
    data.PixelData = np.stack([one.values for one in shuffled]).tobytes()
    _save(data, path, syntax)
    return [int(place) for place in np.argsort(order)]


def _group(one: Slice) -> Dataset:
    scale = _of(RescaleSlope=_ds(one.slope), RescaleIntercept=_ds(one.intercept), RescaleType="US")
    orientation = _of(ImageOrientationPatient=[_ds(x) for x in (*one.row, *one.column)])
    return _of(
        PlanePositionSequence=Sequence([_of(ImagePositionPatient=[_ds(x) for x in one.position])]),
        PlaneOrientationSequence=Sequence([orientation]),
        PixelValueTransformationSequence=Sequence([scale]),
        MREchoSequence=Sequence([_of(EffectiveEchoTime=one.echo_time)]),
        MRImageFrameTypeSequence=Sequence([_of(FrameType=list(one.image_type))]),
        FrameContentSequence=Sequence([_of(**one.more)]),
    )


def _of(**said: Any) -> Dataset:
    made = Dataset()
    for keyword, value in said.items():
        setattr(made, keyword, value)
    return made


def _dataset(one: Slice, kind: str, series: str, said: dict[str, Any]) -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = kind
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.SeriesInstanceUID, data.StudyInstanceUID, data.FrameOfReferenceUID = series, "1.2.3", "1.2.4"
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = "Test^Cord", "7", "19800101", "O"
    data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = "20260301", "120000", "1", ""
    data.ReferringPhysicianName, data.Manufacturer = "", "CrossContrast"
    data.Modality, data.SeriesNumber, data.SeriesDescription = "MR", 4, "t2 sag"
    data.Rows, data.Columns = one.values.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, int(one.values.dtype.kind == "i")
    for keyword, value in said.items():
        setattr(data, keyword, value)
    return data


def _save(data: Dataset, path: Path, syntax: str) -> None:
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if syntax != ExplicitVRLittleEndian:
        if syntax == JPEG2000Lossless:
            _as_jpeg_2000(data)
        elif UID(syntax).is_encapsulated:
            data.compress(syntax, generate_instance_uid=False)
        data.file_meta.TransferSyntaxUID = syntax
    data.save_as(path, enforce_file_format=True)


def _as_jpeg_2000(data: Dataset) -> None:
    """By Pillow, for values that are not negative."""
    frames = np.frombuffer(data.PixelData, np.uint16).reshape(-1, data.Rows, data.Columns)
    coded = []
    for frame in frames:
        stream = io.BytesIO()
        Image.fromarray(frame).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
        coded.append(stream.getvalue())
    data.PixelRepresentation, data.PixelData = 0, encapsulate(coded)
    data["PixelData"].VR = "OB"


def as_lossless_jpeg(path: Path) -> None:
    """Compress a classic file of values that are not negative, by the GDCM in SimpleITK: pydicom cannot."""
    data = pydicom.dcmread(path)
    pixels = sitk.GetImageFromArray(data.pixel_array.astype(np.uint16)[None])
    pixels.SetMetaData("0008|0060", "MR")
    writer = sitk.ImageFileWriter()
    writer.SetFileName(str(path.with_name("coded.dcm")))
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.Execute(pixels)
    coded = pydicom.dcmread(path.with_name("coded.dcm"))
    path.with_name("coded.dcm").unlink()
    data.file_meta.TransferSyntaxUID = coded.file_meta.TransferSyntaxUID
    assert data.file_meta.TransferSyntaxUID.name.startswith("JPEG Lossless")
    for keyword in ("PixelRepresentation", "BitsStored", "HighBit"):
        setattr(data, keyword, coded[keyword].value)
    data.PixelData = coded.PixelData
    data["PixelData"].VR = "OB"
    data.save_as(path)


def _ds(value: float) -> DS:
    return DS(float(value), auto_format=True)
