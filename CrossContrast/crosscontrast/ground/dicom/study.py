"""The volumes in a folder of DICOM files, and why the rest is none.

A folder with one volume stands for it wherever an image is asked for. One of several is named as a path that is no
file: ``STUDY/4_t2_tse_sag.dcmseries``.
"""

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.dicom.frames import Frame, NoImage, frames_of
from crosscontrast.ground.dicom.kinds import parted
from crosscontrast.ground.dicom.pixels import volume_values
from crosscontrast.ground.dicom.stack import NoStack, stacked
from crosscontrast.ground.files import sha256

#: The extension of a path that names one volume of the folder of DICOM files before it.
SERIES_EXTENSION = ".dcmseries"


@dataclass(frozen=True)
class DicomVolume:
    """Slices that make one volume, in the order of its last axis (k)."""

    #: Of the series' number and description, and what sets it apart within the series; one of a kind in its study.
    name: str
    frames: list[Frame]
    #: Between slices, in mm.
    spacing: float

    @property
    def files(self) -> list[Path]:
        """Its files in the order of their names."""
        return sorted({frame.path for frame in self.frames})

    @property
    def size(self) -> tuple[int, int, int]:
        """Voxels along i, j and k."""
        rows, columns = self.frames[0].shape
        return columns, rows, len(self.frames)

    @property
    def promised_bytes(self) -> int:
        """What its voxels will take in memory, by the headers."""
        scaled = any((frame.slope, frame.intercept) != (1, 0) for frame in self.frames)
        bits = max(int(frame.said.get("BitsAllocated") or 16) for frame in self.frames)
        return math.prod(self.size) * max(bits // 8, 4 if scaled else 1)

    def answers_to(self, word: str) -> bool:
        """Tell whether ``word`` is its series' UID, number or description, or its own name."""
        first = self.frames[0]
        names = (first.series, str(first.series_number), first.description, self.name)
        return word.strip().lower() in {name.strip().lower() for name in names}

    def image(self) -> sitk.Image:
        """Read the voxels; raises :class:`BadInputError` naming a file that is damaged."""
        image = sitk.GetImageFromArray(volume_values(self.frames))
        first = self.frames[0]
        row, column = (np.array(part) / np.linalg.norm(part) for part in np.split(np.array(first.orientation), 2))
        normal = np.cross(row, column)
        normal /= np.linalg.norm(normal)
        image.SetOrigin(first.position)
        image.SetSpacing((first.spacing[1], first.spacing[0], self.spacing))
        # A column that is at right angles to the row to the last digit: ITK insists on it.
        image.SetDirection(np.stack([row, np.cross(normal, row), normal], axis=1).ravel().tolist())
        return image


@dataclass
class DicomStudy:
    """What is in a folder: volumes in the order of their series' numbers, and sentences about what is none."""

    volumes: list[DicomVolume] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def chosen(self, words: Sequence[str], modality: str = "") -> tuple[list[DicomVolume], list[str]]:
        """Return the volumes that answer to one of ``words``; without words, all that are more than a single slice.

        Of those, only the ones of ``modality`` if there are any. With them come sentences about what that leaves out;
        of a choice by words nothing need be said.
        """
        if words:
            return [v for v in self.volumes if any(v.answers_to(word) for word in words)], []
        wanted = modality if any(v.frames[0].modality == modality for v in self.volumes) else ""
        chosen, left_out = [], []
        for volume in self.volumes:
            if len(volume.frames) == 1:
                left_out.append(f"The DICOM series {volume.name} is a single slice.")
            elif wanted and volume.frames[0].modality != wanted:
                kind = volume.frames[0].modality or "of an unknown modality"
                left_out.append(f"The DICOM series {volume.name} is {kind}, not {wanted}; choose it with --series.")
            else:
                chosen.append(volume)
        return chosen, left_out


def read_study(folder: Path) -> DicomStudy:
    """Look at all DICOM files in a folder and below it; other files and ``DICOMDIR`` do no harm."""
    study = DicomStudy()
    series: dict[str, list[Frame]] = defaultdict(list)
    seen: dict[tuple[str, int], Frame] = {}
    odd: dict[str, list[str]] = defaultdict(list)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            for frame in frames_of(path):
                other = seen.setdefault((frame.sop_instance or str(path), frame.number), frame)
                if other is not frame:
                    raise NoImage(f"it is a copy of {other.path.name}")
                series[frame.series].append(frame)
        except NoImage as why:
            if str(why):
                odd[str(why)].append(path.name)
    for reason, names in odd.items():
        what = f"{names[0]} was" if len(names) == 1 else f"{names[0]} and {len(names) - 1} more were"
        study.left_out.append(f"{what} left out: {reason}.")
    for frames in sorted(series.values(), key=lambda frames: (frames[0].series_number, frames[0].series)):
        _add_series(study, frames)
    return study


def _add_series(study: DicomStudy, frames: list[Frame]) -> None:
    first = frames[0]
    name = _clean(f"{first.series_number or ''}_{first.description}") or "dicom_series"
    try:
        parts = parted(frames)
    except NoStack as why:
        study.left_out.append(f"The DICOM series {name} {why}.")
        return
    # A slice that fits to no other is odd one out, unless all are such.
    most = max(len(part.frames) for part in parts)
    odd = [part for part in parts if len(part.frames) == 1 < most]
    kept = [part for part in parts if part not in odd]
    for part in odd:
        file = part.frames[0].path.name
        study.left_out.append(f"{file} was left out: it does not fit to the other slices of the series {name}.")
    taken = {volume.name for volume in study.volumes}
    for part in kept:
        own = _clean(f"{name}_{part.name}" if len(kept) > 1 else name)
        own = next(n for n in (own, *(f"{own}_{k}" for k in range(2, 10_000))) if n not in taken)
        taken.add(own)
        try:
            ordered, spacing = stacked(part.frames)
            study.volumes.append(DicomVolume(own, ordered, spacing))
        except NoStack as why:
            study.left_out.append(f"The DICOM series {own} {why}.")


def _clean(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", text).strip("_.-")[:100]


def is_dicom(path: Path) -> bool:
    """Tell whether a path is a folder or names a volume in one."""
    return path.is_dir() or (path.name.endswith(SERIES_EXTENSION) and path.parent.is_dir())


def find_volume(path: Path) -> tuple[DicomVolume, list[str]]:
    """Return the one volume of a folder of DICOM files, or that which a path such as ``STUDY/NAME.dcmseries`` names.

    With it come sentences about what was left out of the folder. Raises :class:`BadInputError` where there is none or
    more than one.
    """
    folder, wanted = (path, None) if path.is_dir() else (path.parent, path.name.removesuffix(SERIES_EXTENSION))
    study = read_study(folder)
    found = [volume for volume in study.volumes if wanted in (None, volume.name)]
    if wanted is not None and not found:
        raise BadInputError(f"The folder {folder} holds no DICOM series {wanted}.")
    if not found:
        if not study.left_out:
            raise BadInputError(f"The folder {folder} holds no image that can be read (NIfTI, NRRD, MHA or DICOM).")
        raise BadInputError(f"The folder {folder} holds no volume that can be read. {study.left_out[0]}")
    if len(found) > 1:
        names = ", ".join(volume.name for volume in found)
        raise BadInputError(
            f"The folder {folder} holds {len(found)} DICOM series; one is expected: {names}.",
            f"choose one with --series, or name it as {folder / (found[0].name + SERIES_EXTENSION)}",
        )
    return found[0], study.left_out if wanted is None else []


def source_sha256(path: Path) -> str:
    """Return the SHA-256 of where an image comes from: a file, a folder, or the files of one volume in a folder."""
    if path.exists() or not is_dicom(path):
        return sha256(path)
    whole = hashlib.sha256()
    for digest in sorted(sha256(file) for file in find_volume(path)[0].files):
        whole.update(f"{digest}\n".encode())
    return whole.hexdigest()
