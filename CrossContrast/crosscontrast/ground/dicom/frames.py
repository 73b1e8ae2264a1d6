"""What a DICOM file says of each of its frames: one in a classic file, many in an enhanced one."""

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from crosscontrast.errors import MissingPackageError

if TYPE_CHECKING:
    from pydicom import Dataset

#: Files of these kinds hold no image of their own, whatever pixels they have: the start of the kind's name in DICOM.
_NO_IMAGE = {
    "Segmentation Storage": "a DICOM segmentation (SEG)",
    "Label Map Segmentation": "a DICOM segmentation (SEG)",
    "Surface Segmentation": "a DICOM segmentation",
    "RT ": "an object of radiotherapy",
    "Parametric Map": "a parametric map",
    "Real World Value": "a table of values",
}
#: Sequences of a frame that speak of other images.
_OF_OTHERS = {"ReferencedImageSequence", "DerivationImageSequence", "SourceImageSequence", "ConversionSourceAttributes"}

#: What is read of a header: a third of the time that all of it takes.
HEADER = (
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "ProtocolName",
    "Modality", "FrameOfReferenceUID", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated",
    "ImageType", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "NominalScannedPixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices", "RescaleSlope", "RescaleIntercept", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "EchoTime", "EchoNumbers", "InversionTime", "FlipAngle", "ScanOptions",
    "TemporalPositionIdentifier", "TriggerTime", "DiffusionBValue", "DiffusionGradientOrientation", "SequenceName",
    "AcquisitionNumber", "TransferSyntaxUID", "PatientID", "IssuerOfPatientID",
)  # fmt: skip
#: Representations of elements that tell no slices apart and may be long.
_LONG = {"SQ", "OB", "OW", "OF", "OD", "OL", "UN"}


class NoImage(Exception):  # noqa: N818  (it is a finding about one file, said to the user as a sentence)
    """Why a DICOM file is no slice of an image; an empty reason where nobody would take it for one."""


@dataclass(frozen=True)
class Frame:
    """One slice: where it lies (mm, LPS), how its stored values become values, and what sets it apart from others."""

    path: Path
    #: Its number in the file from 0, and how many the file has.
    number: int
    count: int
    sop_instance: str
    series: str
    series_number: int
    description: str
    modality: str
    #: Rows and columns.
    shape: tuple[int, int]
    #: Centre of the first voxel.
    position: tuple[float, float, float]
    #: Direction of a row and of a column.
    orientation: tuple[float, ...]
    #: Between rows and between columns.
    spacing: tuple[float, float]
    thickness: float
    slope: float
    intercept: float
    frame_of_reference: str
    image_type: tuple[str, ...]
    echo_time: float
    #: Whatever else is said of the frame, by DICOM's keywords.
    said: dict[str, Any] = field(compare=False, repr=False)

    @property
    def normal(self) -> np.ndarray:
        """Direction (x, y, z) at right angles to the slice."""
        return np.cross(self.orientation[:3], self.orientation[3:])


def pydicom() -> ModuleType:
    """Import pydicom; raises :class:`MissingPackageError`.

    The decoders of python-gdcm are not asked for: its GDCM and that of ITK in one process crash when it ends.
    """
    hidden = "gdcm" not in sys.modules
    if hidden:
        sys.modules["gdcm"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("pydicom.pixels.decoders")
        return importlib.import_module("pydicom")
    except ImportError as error:
        raise MissingPackageError(
            "DICOM needs the packages pydicom (3 or later) and highdicom.", "pip install highdicom"
        ) from error
    finally:
        if hidden:
            del sys.modules["gdcm"]


def open_dicom(path: Path, *, pixels: bool = True) -> "Dataset | None":
    """Read a DICOM file, or only the :data:`HEADER` of it; ``None`` where the file is not DICOM."""
    with path.open("rb") as stream:
        start = stream.read(132)
    # Some archives leave out the preamble; such files begin with an element of group 8.
    bare = start[:2] == b"\x08\x00" and start[2:4] < b"\x20\x00"
    if start[128:] != b"DICM" and not bare:
        return None
    data: Dataset = pydicom().dcmread(
        path, stop_before_pixels=not pixels, force=bare, specific_tags=None if pixels else list(HEADER)
    )
    if bare and "TransferSyntaxUID" not in data.file_meta:
        data.file_meta.TransferSyntaxUID = pydicom().uid.ImplicitVRLittleEndian
    return data


def frames_of(path: Path) -> list[Frame]:
    """Return the frames of a DICOM file in the order of the file; raises :class:`NoImage` with the reason."""
    try:
        data = open_dicom(path, pixels=False)
        if data is None:
            raise NoImage
        _check_kind(data)
        return [_frame(path, data, number, said) for number, said in enumerate(_said(data))]
    except (NoImage, MissingPackageError):
        raise
    except OSError as error:
        raise NoImage(f"it cannot be opened ({error.strerror or error})") from error
    except Exception as error:  # whatever a damaged header makes of a parser
        raise NoImage("its header cannot be read: damaged") from error


def _check_kind(data: "Dataset") -> None:
    kind = data.get("SOPClassUID") or data.file_meta.get("MediaStorageSOPClassUID") or ""
    name = str(getattr(kind, "name", kind))
    if name == "Media Storage Directory Storage":
        raise NoImage
    for start, what in _NO_IMAGE.items():
        if name.startswith(start):
            raise NoImage(f"it is {what}, no image")
    if not (data.get("Rows") and data.get("Columns")):
        torn = name.endswith("Image Storage")
        raise NoImage("its header is incomplete: damaged" if torn else f"it holds no image ({name})")
    if data.get("SamplesPerPixel", 1) != 1:
        raise NoImage("it is in colour")
    if "MOSAIC" in (data.get("ImageType") or ()):
        raise NoImage(
            "it is a Siemens mosaic: one picture that holds all slices of a volume (convert it with dcm2niix)"
        )


def _said(data: "Dataset") -> Iterator[dict[str, Any]]:
    """Give, for every frame, all that is said of it by keyword: by its file, by all frames' groups, by its own."""
    whole = {element.keyword: element.value for element in data if element.VR not in _LONG and element.keyword}
    frames = data.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        if int(data.get("NumberOfFrames") or 1) > 1:
            raise NoImage("it holds several frames that do not say where they lie")
        yield whole
        return
    if len(frames) != int(data.get("NumberOfFrames") or 1):
        raise NoImage("it describes another number of frames than it has")
    shared = data.get("SharedFunctionalGroupsSequence") or [[]]
    whole |= _flat(shared[0])
    for frame in frames:
        yield whole | _flat(frame)


def _flat(group: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for element in group:
        if element.VR == "SQ":
            if element.value and element.keyword and element.keyword not in _OF_OTHERS:
                found |= _flat(element.value[0])
        elif element.keyword and element.VR not in _LONG:
            found[element.keyword] = element.value
    return found


def _frame(path: Path, data: "Dataset", number: int, said: dict[str, Any]) -> Frame:
    try:
        position = tuple(float(x) for x in said["ImagePositionPatient"])
        orientation = tuple(float(x) for x in said["ImageOrientationPatient"])
        # Programs that write slices as secondary captures (ITK among them) put the pixels' size into the second field.
        rows, columns = (float(x) for x in said.get("PixelSpacing") or said["NominalScannedPixelSpacing"])
    except (KeyError, TypeError, ValueError) as error:
        raise NoImage("it does not say where it lies in the patient") from error
    _check_numbers(position, orientation, (rows, columns))
    echo = said.get("EffectiveEchoTime", said.get("EchoTime"))
    return Frame(
        path=path,
        number=number,
        count=int(data.get("NumberOfFrames") or 1),
        sop_instance=str(data.get("SOPInstanceUID", "")),
        series=str(data.get("SeriesInstanceUID", "")),
        series_number=int(data.get("SeriesNumber") or 0),
        description=str(data.get("SeriesDescription") or data.get("ProtocolName") or ""),
        modality=str(data.get("Modality") or ""),
        shape=(int(data.Rows), int(data.Columns)),
        position=position,  # type: ignore[arg-type]
        orientation=orientation,
        spacing=(rows, columns),
        thickness=abs(float(said.get("SpacingBetweenSlices") or said.get("SliceThickness") or 1)),
        slope=float(said.get("RescaleSlope", 1)),
        intercept=float(said.get("RescaleIntercept", 0)),
        frame_of_reference=str(said.get("FrameOfReferenceUID", "")),
        image_type=tuple(map(str, said.get("FrameType") or said.get("ImageType") or ())),
        echo_time=round(float(echo), 2) if echo else 0.0,
        said=said,
    )


def _check_numbers(position: tuple[float, ...], orientation: tuple[float, ...], spacing: tuple[float, float]) -> None:
    if len(position) != 3 or len(orientation) != 6 or not np.isfinite([*position, *orientation, *spacing]).all():
        raise NoImage("it does not say where it lies in the patient")
    if min(spacing) <= 0:
        raise NoImage("its pixels have no size")
    row, column = np.array(orientation).reshape(2, 3)
    # Some scanners round cosines to three digits.
    if max(abs(row @ row - 1), abs(column @ column - 1), abs(row @ column)) > 4e-3:
        raise NoImage("its rows and columns are not at right angles")
