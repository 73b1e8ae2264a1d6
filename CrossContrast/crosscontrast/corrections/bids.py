"""The name of an image in the Brain Imaging Data Structure (BIDS), and the names of what belongs to it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem

#: Contrasts by the words that file names use for them: (what else BIDS says of them, suffix). A pair with and without
#: MT pulse makes a magnetisation transfer ratio (MTR); a protocol of MT saturation (MTS) has flip angles in its names.
#: BIDS has no suffix for inversion recovery that nulls fat (STIR) or keeps the sign (PSIR): their weighting is one.
_CONTRASTS = {
    "t1": ("", "T1w"),
    "t1w": ("", "T1w"),
    "t2": ("", "T2w"),
    "t2w": ("", "T2w"),
    "t2s": ("", "T2star"),
    "t2star": ("", "T2star"),
    "t2starw": ("", "T2starw"),
    "mt0": ("mt-off", "MTR"),
    "mtoff": ("mt-off", "MTR"),
    "mt1": ("mt-on", "MTR"),
    "mton": ("mt-on", "MTR"),
    "dwi": ("", "dwi"),
    "flair": ("", "FLAIR"),
    "pd": ("", "PDw"),
    "pdw": ("", "PDw"),
    "psir": ("acq-PSIR", "T1w"),
    "stir": ("acq-STIR", "T2w"),
    "unit1": ("", "UNIT1"),
}
#: What a contrast is called whose file says nothing of it. BIDS has no suffix for "some image of the anatomy".
_UNKNOWN = ("acq-unknown", "T2w")
#: What spine-generic's protocol called its images before BIDS had names for them.
_OLD_MTS = {"MToff": ("mt-off", "MTR"), "MTon": ("mt-on", "MTR"), "T1w": ("acq-MTS", "T1w")}
#: The order of the entities that are set here; the others of a name that is one of BIDS stay where they are.
_FIRST = ("sub", "ses", "acq")
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
        tells the person's images apart. ``contrast`` is such a word, or a suffix with what goes before it,
        ``mt-on_MTR``. Names that BIDS does not know any more, such as ``acq-MTon_MTS``, become those that it has.
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
            rest = entities.pop("acq", "") if not own else ""
            for key in ("acq", "mt"):
                entities.pop(key, None)
            said, suffix = _contrast(contrast, stem)
            entities |= said | _both(said.get("acq", ""), "" if "acq-" in contrast else rest)
        if suffix == "MTS" and not {"flip", "mt"} <= entities.keys() and entities.get("acq") in _OLD_MTS:
            known, suffix = _OLD_MTS[entities.pop("acq")]
            key, _, value = known.partition("-")
            entities[key] = value
        elif suffix.lower() in ("stir", "psir"):
            known, suffix = _CONTRASTS[suffix.lower()]
            entities["acq"] = entities.get("acq", "") + known.removeprefix("acq-")
        first = [key for key in _FIRST if key in entities]
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
        """What tells this image from others of the same visit: ``T2w``, ``mt-on_MTR``."""
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


def _contrast(said: str, stem: str) -> tuple[dict[str, str], str]:
    """Return entities and suffix of what the user says or else the file's name."""
    if not said:
        entity, suffix = next((_CONTRASTS[word.lower()] for word in _words(stem) if _is_contrast(word)), _UNKNOWN)
    elif re.fullmatch(r"([a-z]+-[A-Za-z0-9]+_)*[A-Za-z0-9]+", said):
        *entities, last = said.split("_")
        entity, suffix = ("_".join(entities), last) if entities else _CONTRASTS.get(said.lower(), ("", said))
    else:
        raise BadInputError(f"{said!r} cannot name a contrast.", "write it like T2w or mt-on_MTR")
    pairs = (part.partition("-") for part in entity.split("_") if part)
    return {key: value for key, _, value in pairs}, suffix


def _both(acquisition: str, rest: str) -> dict[str, str]:
    """Name the acquisition by what is known of it, and what else tells the person's images apart."""
    known = "" if rest and acquisition == _UNKNOWN[0].removeprefix("acq-") else acquisition
    return {"acq": rest + known} if rest or known else {}
