"""``exclude_from_training.yml``: a list of subjects, sessions or images, each with its reason as a comment behind it.

::

    - sub-03                   # metal in the field of view
    - sub-07_ses-2_T2w.nii.gz  # motion (A. Reader, 2026-03-01 14:05:09)

People edit the file by hand, so lines that are not about the case in question are left as they are.
"""

import re
from pathlib import Path

from crosscontrast.corrections.bids import CaseName
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write

FILE = "exclude_from_training.yml"
_ENTRY = re.compile(r"^\s*-\s+['\"]?(?P<name>[^\s'\"#:]+)['\"]?\s*(?:#\s*(?P<reason>.*?))?\s*$")
_NO_REASON = "no reason given"


def read_exclusions(path: Path) -> dict[str, str]:
    """Return what is excluded and why, as written: subjects, subjects with session, or images.

    Entries may stand in one list or in a list per contrast. Raises :class:`BadInputError` naming the file where it is
    not that.
    """
    text = _text(path)
    reasons = {
        found["name"]: found["reason"] or _NO_REASON for line in text.splitlines() if (found := _ENTRY.match(line))
    }
    return {name: reasons.get(name, _NO_REASON) for name in _names(text, path)}


def why_excluded(case: str, exclusions: dict[str, str]) -> str:
    """Return the reason why a case is excluded, itself or with its session or subject; empty where it is not."""
    name = CaseName.parse(case)
    visit = f"sub-{name.subject}" + (f"_ses-{name.session}" if name.session else "")
    for entry, reason in exclusions.items():
        if entry.removesuffix(".gz").removesuffix(".nii") in (case, visit, f"sub-{name.subject}"):
            return reason
    return ""


def add_exclusion(path: Path, case: str, reason: str) -> None:
    """Write a case into the list; an entry of its own that is there already gets the new reason."""
    kept = _lines_without(path, case)
    # As deep as the entry before it, so that in a file of several lists it joins the last one.
    depth = next((len(line) - len(line.lstrip()) for line in reversed(kept) if _ENTRY.match(line)), 0)
    _write(path, [*kept, f"{' ' * depth}- {case}.nii.gz  # {' '.join(reason.split())}"])


def remove_exclusion(path: Path, case: str) -> None:
    """Take a case off the list; raises :class:`BadInputError` where its subject or session is on it as a whole."""
    kept = _lines_without(path, case)
    rest = _names("\n".join(kept), path)
    if why_excluded(case, dict.fromkeys(rest, _NO_REASON)):
        raise BadInputError(f"{case} is excluded with its whole subject or session.", f"edit {path}")
    _write(path, kept)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path} cannot be read as text: {error}.") from error


def _names(text: str, path: Path) -> list[str]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInputError(f"{path} is not a YAML file: {' '.join(str(error).split())}.") from error
    lists = list(found.values()) if isinstance(found, dict) else [found or []]
    entries = [entry for part in lists for entry in (part or [] if isinstance(part, list | None) else [None])]
    if not all(isinstance(entry, str) for entry in entries):
        raise BadInputError(f"{path} is not a list of subjects or images.", "each line looks like: - sub-01  # reason")
    return [str(entry) for entry in entries]


def _lines_without(path: Path, case: str) -> list[str]:
    text = _text(path)
    _names(text, path)
    own = {case, f"{case}.nii", f"{case}.nii.gz"}
    return [line for line in text.splitlines() if not ((found := _ENTRY.match(line)) and found["name"] in own)]


def _write(path: Path, lines: list[str]) -> None:
    _names("\n".join(lines), path)  # before the file is touched: an unusual way of writing the list may not take a line
    with atomic_write(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
