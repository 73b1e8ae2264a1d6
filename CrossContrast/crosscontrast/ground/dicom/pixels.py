"""The voxels of DICOM frames, whatever they are compressed by, with each frame's own slope and intercept."""

import importlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.dicom.frames import Frame, open_dicom, pydicom
from crosscontrast.ground.files import native_stderr_silenced

if TYPE_CHECKING:
    from pydicom import Dataset


def load_readers() -> None:
    """Import all that reading DICOM may need, for a process that can import nothing later."""
    pydicom()
    for module in ("highdicom.spatial", "pydicom.encaps", "pydicom.pixels", "PIL.Jpeg2KImagePlugin", "tempfile"):
        importlib.import_module(module)


def volume_values(frames: Sequence[Frame]) -> np.ndarray:
    """Return the values (k, j, i) of slices in their order: as stored where no slice is scaled.

    Scaled ones are int16 or int32 where slopes and intercepts are whole numbers, else float32. Raises
    :class:`BadInputError` naming the file.
    """
    of_file: dict[Path, list[int]] = defaultdict(list)
    for place, frame in enumerate(frames):
        of_file[frame.path].append(place)
    values: np.ndarray | None = None
    for path, places in of_file.items():
        try:
            stored = list(_stored(path, [frames[place].number for place in places]))
        except Exception as error:  # whatever damaged pixels make of a decoder
            raise BadInputError(f"{path} cannot be read: its pixels are incomplete or damaged.") from error
        for place, slice_ in zip(places, stored, strict=True):
            if values is None:
                values = np.empty((len(frames), *frames[0].shape), _type(frames, slice_.dtype))
            frame = frames[place]
            scaled = (frame.slope, frame.intercept) != (1, 0)
            values[place] = slice_ * np.float64(frame.slope) + frame.intercept if scaled else slice_
    assert values is not None
    return values


def _type(frames: Sequence[Frame], stored: np.dtype) -> np.dtype:
    scales = {(frame.slope, frame.intercept) for frame in frames}
    if scales == {(1.0, 0.0)}:
        return np.dtype(stored)
    if not all(slope.is_integer() and intercept.is_integer() for slope, intercept in scales):
        return np.dtype(np.float32)
    info = np.iinfo(stored)
    ends = [end * slope + intercept for slope, intercept in scales for end in (int(info.min), int(info.max))]
    return np.dtype(next((t for t in (np.int16, np.int32) if all(abs(e) <= np.iinfo(t).max for e in ends)), np.float32))


def _stored(path: Path, numbers: Sequence[int]) -> Iterator[np.ndarray]:
    data = open_dicom(path)
    assert data is not None
    from pydicom.pixels import iter_pixels

    syntax = data.file_meta.TransferSyntaxUID
    try:
        yield from list(iter_pixels(data, indices=list(numbers), raw=True))
    except Exception:  # lossless and 12-bit JPEG are beyond the decoders that come with highdicom
        if not syntax.is_encapsulated:
            raise
        yield from [_by_gdcm(data, number) for number in numbers]


def _by_gdcm(data: "Dataset", number: int) -> np.ndarray:
    """Decode a frame by the GDCM in SimpleITK, which knows lossless JPEG: as a picture that has no place or scale."""
    from pydicom.encaps import encapsulate, get_frame
    from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

    picture = pydicom().Dataset()
    picture.file_meta = pydicom().dataset.FileMetaDataset()
    picture.file_meta.TransferSyntaxUID = data.file_meta.TransferSyntaxUID
    picture.file_meta.MediaStorageSOPClassUID = picture.SOPClassUID = SecondaryCaptureImageStorage
    picture.file_meta.MediaStorageSOPInstanceUID = picture.SOPInstanceUID = generate_uid()
    for keyword in (
        "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
        "PixelRepresentation",
    ):  # fmt: skip
        setattr(picture, keyword, data[keyword].value)
    count = int(data.get("NumberOfFrames") or 1)
    picture.PixelData = encapsulate([get_frame(data.PixelData, number, number_of_frames=count)])
    picture["PixelData"].VR = "OB"
    with tempfile.TemporaryDirectory() as folder, native_stderr_silenced():
        path = Path(folder) / "frame.dcm"
        picture.save_as(path, enforce_file_format=True)
        return sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO")).reshape(data.Rows, data.Columns)
