"""The files that a segmentation leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from crosscontrast.ground.case import check_replaceable, check_same_input
from crosscontrast.ground.files import image_stem
from crosscontrast.ground.inputs import check_unique

#: What the results of an image are called after: its file, or its folder or its subject as well.
NameBy = Literal["file", "parent", "subject"]
NAMES_BY: tuple[NameBy, ...] = get_args(NameBy)

#: What users are told where two images have one name.
NAMING = "--name-by parent or subject"

#: Folders of BIDS in which images lie, below the subject and the session.
_DATATYPES = ("anat", "dwi", "fmap", "func", "ct", "pet", "perf")


def places_of(images: Sequence[Path], out: Path, name_by: NameBy = "file") -> list[Path]:
    """Return where each image's results go below ``out``, as folder and first part of the names.

    Images in folders of BIDS keep these folders. Raises :class:`BadInputError` where two would go to one place.
    """
    places = [out / _bids_folder(image) / _name(image, name_by) for image in images]
    check_unique(images, places)
    return places


def _bids_folder(image: Path) -> Path:
    """The folders of the subject, the session and the kind of image, where the file's name says the same."""
    folders = image.absolute().parent.parts
    visit = [part for part in image_stem(image).split("_")[:2] if part.startswith(("sub-", "ses-"))]
    kept = folders[-len(visit) - 1 :]
    return Path(*kept) if visit and kept[:-1] == tuple(visit) and kept[-1] in _DATATYPES else Path()


def _name(image: Path, name_by: NameBy) -> str:
    stem = image_stem(image)
    if name_by == "parent":
        return f"{image.absolute().parent.name}_{stem}"
    if name_by == "subject":
        from crosscontrast.corrections.bids import CaseName
        from crosscontrast.corrections.subjects import patient_of, pseudonym

        subject = CaseName.of_file(image, patient=pseudonym(patient_of(image))).subject
        return stem if stem.startswith(f"sub-{subject}_") else f"sub-{subject}_{stem}"
    return stem


@dataclass(frozen=True)
class SegmentationFiles:
    """Paths of one case's results: ``<stem>_softseg.nii.gz`` and its companions in one folder."""

    folder: Path
    stem: str

    @property
    def softseg(self) -> Path:
        """Soft segmentation, float32 in [0, 1]."""
        return self.folder / f"{self.stem}_softseg.nii.gz"

    @property
    def seg(self) -> Path:
        """Binary segmentation, uint8."""
        return self.folder / f"{self.stem}_seg.nii.gz"

    @property
    def csa(self) -> Path:
        """Cross-sectional area per slice."""
        return self.folder / f"{self.stem}_csa.csv"

    @property
    def overlay(self) -> Path:
        """Picture of the soft map over the image."""
        return self.folder / f"{self.stem}_overlay.png"

    @property
    def uncertainty(self) -> Path:
        """Standard deviation of the soft value, float32; on request only."""
        return self.folder / f"{self.stem}_uncertainty.nii.gz"

    @property
    def sidecar(self) -> Path:
        """Provenance of all of them."""
        return self.folder / f"{self.stem}_softseg.json"

    def results(self) -> tuple[Path, ...]:
        """All files but the sidecar."""
        return self.softseg, self.seg, self.csa, self.overlay, self.uncertainty

    def check_replaceable(self, image: Path | None = None) -> None:
        """See :func:`crosscontrast.ground.case.check_replaceable`, and for ``image`` :func:`check_same_input`."""
        if image:
            check_same_input(image, self.sidecar, NAMING)
        check_replaceable(self.folder, self.results(), self.sidecar)
