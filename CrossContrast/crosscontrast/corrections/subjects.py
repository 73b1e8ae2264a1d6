"""Who is who: the subject that a file tells of, and datasets that part a person into several subjects."""

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.corrections.bids import CaseName
from crosscontrast.corrections.records import CaseRecord
from crosscontrast.errors import BadInputError
from crosscontrast.ground.dicom.frames import open_dicom
from crosscontrast.ground.dicom.study import find_volume, is_dicom
from crosscontrast.ground.files import atomic_write, image_stem, is_image_name
from crosscontrast.ground.geometry import reorient

#: Patients are numbered with few digits, so that trying them all must take long: this costs a tenth of a second each.
_ROUNDS = 200_000


@dataclass(frozen=True)
class Parting:
    """A person who stands in a dataset as several ``subjects``: the ``cases`` concerned and how it was seen."""

    person: str
    subjects: tuple[str, ...]
    cases: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        named = " and ".join(f"sub-{subject}" for subject in self.subjects)
        return f"{named} are one person, {self.why}: {', '.join(self.cases)}."


def voxels_sha256(image: sitk.Image) -> str:
    """Return the SHA-256 of an image's values and of where they lie, whatever file and format they come from.

    Places count to a tenth of a millimetre, as headers round them.
    """
    turned = reorient(image, "RAS")
    place = [*turned.GetSize(), *(round(part, 1) + 0.0 for part in (*turned.GetSpacing(), *turned.GetOrigin()))]
    whole = hashlib.sha256(repr(place).encode())
    for plane in sitk.GetArrayViewFromImage(turned):
        whole.update(np.ascontiguousarray(plane, np.float64).tobytes())
    return whole.hexdigest()


def patient_of(source: Path) -> str:
    """Return the PatientID of a DICOM volume, with its issuer where it is given; empty for what is none."""
    if not is_dicom(source):
        return ""
    try:
        volume, _ = find_volume(source)
    except BadInputError:  # said where the image is read
        return ""
    data = open_dicom(volume.files[0], pixels=False)
    names = (str(getattr(data, field, "") or "").strip("\0 ") for field in ("PatientID", "IssuerOfPatientID"))
    return "@".join(filter(None, names))


def pseudonym(patient: str) -> str:
    """Return the same eight signs for the same PatientID always, from which it cannot be read back; empty for none."""
    if not patient:
        return ""
    key = hashlib.pbkdf2_hmac("sha256", patient.encode(), b"CrossContrast subject", _ROUNDS, dklen=5)
    return base64.b32encode(key).decode().lower()


def write_key(path: Path, patients: dict[str, str]) -> None:
    """Add to a table (TSV), readable by its owner only, which PatientID each subject is."""
    rows = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    known = dict.fromkeys([*rows, *(f"{subject}\t{patient}" for subject, patient in patients.items())])
    with atomic_write(path) as temporary:
        temporary.write_text("\n".join(["subject\tpatient_id", *known]) + "\n", encoding="utf-8")
        temporary.chmod(0o600)


def partings(records: Iterable[CaseRecord]) -> list[Parting]:
    """Return the persons that cases part: one image under several subjects, or one person's contrasts.

    Earlier versions took for the subject the whole name of the file, ``pat01T1w`` for ``pat01_T1w.nii.gz``.
    """
    records = list(records)
    by_image, by_person = defaultdict[str, list[CaseRecord]](list), defaultdict[str, list[CaseRecord]](list)
    for record in records:
        by_image[record.voxels_sha256 or record.source_sha256].append(record)
        by_person[_person(record).lower()].append(record)
    found = [*_parted(by_image, "as they have the same image"), *_parted(by_person, "as their files say")]
    return list({parting.subjects: parting for parting in found}.values())


def _parted(groups: dict[str, list[CaseRecord]], why: str) -> Iterable[Parting]:
    for group in groups.values():
        subjects = tuple(sorted({CaseName.parse(record.case).subject for record in group}))
        if len(subjects) > 1:
            yield Parting(_person(group[0]), subjects, tuple(record.case for record in group), why)


def _person(record: CaseRecord) -> str:
    """Whom a case is of: what its file says where its whole name was made the subject, else the subject."""
    subject, source = CaseName.parse(record.case).subject, Path(record.source)
    stem = image_stem(source)
    if subject != re.sub(r"[^A-Za-z0-9]", "", stem):
        return subject
    if not is_image_name(source) and not source.exists():
        return subject  # a DICOM series that is not there any more
    patient = pseudonym(patient_of(source)) if source.exists() else ""
    return CaseName.of_file(source, patient=patient).subject
