"""The name of an image in the Brain Imaging Data Structure (BIDS), and the names of what belongs to it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem

#: Contrasts by the words that file names use for them: (acquisition, BIDS suffix).
_CONTRASTS = {
    "t1": ("", "T1w"),
    "t1w": ("", "T1w"),
    "t2": ("", "T2w"),
    "t2w": ("", "T2w"),
    "t2s": ("", "T2star"),
    "t2star": ("", "T2star"),
    "t2starw": ("", "T2starw"),
    "mt0": ("MToff", "MTS"),
    "mtoff": ("MToff", "MTS"),
    "mt1": ("MTon", "MTS"),
    "mton": ("MTon", "MTS"),
    "dwi": ("", "dwi"),
    "flair": ("", "FLAIR"),
    "pd": ("", "PDw"),
    "pdw": ("", "PDw"),
    "psir": ("", "PSIR"),
    "stir": ("", "STIR"),
    "unit1": ("", "UNIT1"),
}
#: What a contrast is called whose file says nothing of it. BIDS has no suffix for "some image of the anatomy".
_UNKNOWN = ("unknown", "T2w")
_FOLDERS = {"dwi": "dwi", "bold": "func", "sbref": "func", "ct": "ct", "pet": "pet"}
_NAME = re.compile(r"sub-[A-Za-z0-9]+(_[a-z]+-[A-Za-z0-9+]+)*_[A-Za-z0-9]+")


@dataclass(frozen=True)
class CaseName:
    """One image's name, ``sub-01_ses-2_acq-sag_T2w``: entities in the order of the name, and the suffix."""

    entities: tuple[tuple[str, str], ...]
    suffix: str

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a name; raises :class:`BadInputError` where it is not one of BIDS."""
        if not _NAME.fullmatch(name):
            raise BadInputError(f"{name!r} is not the BIDS name of an image.", "it looks like sub-01_T2w")
        *parts, suffix = name.split("_")
        entities = tuple((key, value) for key, _, value in (part.partition("-") for part in parts))
        keys = [key for key, _ in entities]
        if len(set(keys)) < len(keys):
            raise BadInputError(f"{name!r} is not the BIDS name of an image: it names an entity twice.")
        return cls(entities, suffix)

    @classmethod
    def of_file(
        cls, path: Path, *, subject: str = "", session: str = "", contrast: str = "", patient: str = ""
    ) -> Self:
        """Name an image after its file, as far as its name tells, and after what the user says of it.

        A BIDS name is kept. Otherwise the contrast is a word of the file's name such as ``T2w`` or ``mt0``, and the
        subject is the rest of it without signs, so that the contrasts of a person stay together: ``pat01`` for
        ``pat01_T1w``. ``patient`` is the subject where the file itself tells it (DICOM); the rest of the name then
        tells the person's images apart. ``contrast`` is such a word, or a suffix with its acquisition,
        ``acq-MTon_MTS``.
        """
        stem = image_stem(path)
        own = cls.parse(stem) if _NAME.fullmatch(stem) else None
        entities = dict(own.entities) if own else _entities(stem, patient, f"{path} cannot name a subject")
        suffix = own.suffix if own else ""
        if subject:
            entities["sub"] = _label(subject.removeprefix("sub-"), f"{subject!r} cannot name a subject")
        if session:
            entities["ses"] = _label(session.removeprefix("ses-"), f"{session!r} cannot name a session")
        if contrast or not own:
            acquisition, suffix = _contrast(contrast, stem, entities.pop("acq", "") if not own else "")
            entities.pop("acq", None)
            entities |= {"acq": acquisition} if acquisition else {}
        first = [key for key in ("sub", "ses") if key in entities]
        order = [*first, *(key for key in entities if key not in first)]
        return cls(tuple((key, entities[key]) for key in order), suffix)

    def __str__(self) -> str:
        return "_".join([*(f"{key}-{value}" for key, value in self.entities), self.suffix])

    @property
    def subject(self) -> str:
        """Label of the subject, without ``sub-``."""
        return dict(self.entities)["sub"]

    @property
    def session(self) -> str:
        """Label of the session, without ``ses-``; empty where there is none."""
        return dict(self.entities).get("ses", "")

    @property
    def contrast(self) -> str:
        """What tells this image from others of the same visit: ``T2w``, ``acq-MTon_MTS``."""
        others = [f"{key}-{value}" for key, value in self.entities if key not in ("sub", "ses")]
        return "_".join([*others, self.suffix])

    @property
    def folder(self) -> Path:
        """Folder of the image below a dataset or a derivative: ``sub-01/ses-2/anat``."""
        visit = Path(f"sub-{self.subject}", *([f"ses-{self.session}"] if self.session else []))
        return visit / _FOLDERS.get(self.suffix, "anat")


def _label(text: str, fault: str) -> str:
    label = re.sub(r"[^A-Za-z0-9]", "", text)
    if not label:
        raise BadInputError(f"{fault}: it has no letter or digit (of English).")
    return label


def _entities(stem: str, patient: str, fault: str) -> dict[str, str]:
    """Subject, session and what else tells an image from the person's others, from a name that is not one of BIDS."""
    parts = dict(re.findall(r"(?:^|_)(sub|ses)-([A-Za-z0-9]+)(?=_|$)", stem))
    named = r"(^|_)((sub|ses)-[A-Za-z0-9]+|acq-)" if "sub" in parts else r"(^|_)acq-"
    rest = "".join(word for word in _words(re.sub(named, r"\1", stem)) if not _is_contrast(word))
    known = patient or parts.get("sub", "")
    found = {"sub": known or rest or _label(stem, fault)}
    found |= {"ses": parts["ses"]} if "sub" in parts and "ses" in parts else {}
    return found | ({"acq": rest} if known and rest else {})


def _words(stem: str) -> list[str]:
    return re.split(r"[^A-Za-z0-9]+", stem)


def _is_contrast(word: str) -> bool:
    return word.lower() in _CONTRASTS


def names_subject(path: Path) -> bool:
    """Tell whether a file's name says more than a contrast: ``mt0.nii.gz`` does not say whose image it is."""
    return any(word and not _is_contrast(word) for word in _words(image_stem(path)))


def _contrast(said: str, stem: str, rest: str) -> tuple[str, str]:
    if said:
        found = re.fullmatch(r"(?:acq-([A-Za-z0-9]+)_)?([A-Za-z0-9]+)", said)
        if not found:
            raise BadInputError(f"{said!r} cannot name a contrast.", "write it like T2w or acq-MTon_MTS")
        if found[1]:
            return found[1], found[2]
        acquisition, suffix = _CONTRASTS.get(said.lower(), ("", said))
        return acquisition or rest, suffix
    known = next((_CONTRASTS[word.lower()] for word in _words(stem) if _is_contrast(word)), None)
    if known is None:
        return (rest, _UNKNOWN[1]) if rest else _UNKNOWN
    return known[0] or rest, known[1]
