"""Takes out of texts what differs between two runs of the same program: dates, durations, versions and places."""

import hashlib
import json
import re
from pathlib import Path

from same_results.running import Run

#: Keys of JSON, columns of tables, names in a training's log and names of text files that hold times or memory.
MEASURED = frozenset(
    {
        "minutes",
        "train_minutes",
        "waiting_s",
        "learning_s",
        "seconds_per_volume",
        "peak_mib",
        "Timestamp",
        "created",
        "time",
    }
)

_DATE = re.compile(r"\b20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d| UTC)?)?(?!\d)")
_DURATION = re.compile(r"(?<![\w.])\d+(?:\.\d+)? ?(?:s|ms|seconds?|min|minutes?|hours?)\b(?! *\()")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
#: Python modules of before and after the move; of ``package.module.Class`` the class is kept.
_MODULE = re.compile(
    r"\b(?:CrossContrastLib|SoftCordSegLib|SynthSegLib|RadiomicsCompareLib|crosscontrast)((?:[.:][A-Za-z_]\w*)+)"
)


class Words:
    """Normalises texts of one step of a run.

    A SHA-256 that is that of a file which the run left behind becomes the file's name: the file itself is compared, and
    may hold a date.
    """

    def __init__(self, run: Run, digests: dict[str, str], here: str) -> None:
        version = re.escape(run.version)
        self._digests = digests
        places = {str(here): "<here>", str(run.checkout.prefix): "<environment>", str(run.checkout.root): "<checkout>"}
        self._places = dict(sorted(places.items(), key=lambda place: -len(place[0])))
        self._version = re.compile(rf"(?<![\w.]){version}(?![\w.])")

    def __call__(self, text: str) -> str:
        """Return ``text`` without what two runs may differ in."""
        for place, name in self._places.items():
            text = text.replace(place, name)
        text = self._version.sub("<version>", text)
        text = _DATE.sub("<date>", text)
        text = _DURATION.sub("<duration>", text)
        text = _MODULE.sub(_without_module, text)
        return _DIGEST.sub(lambda found: self._digests.get(found.group(), found.group()), text)


def _without_module(found: re.Match[str]) -> str:
    last = re.split("[.:]", found.group(1))[-1]
    return f"<module>.{last}" if last[0].isupper() else "<module>"


def digests_of(folder: Path) -> dict[str, str]:
    """Return ``<SHA-256 of PATH>`` by the SHA-256 of all files below ``folder``, and of the plans of reader studies.

    The path is that in the step's folder, as a resumed training is compared with that of another step.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found.setdefault(digest, f"<SHA-256 of {'/'.join(path.relative_to(folder).parts[1:])}>")
        if path.name == "plan.json":
            # Of the plan's content, which holds a date.
            fingerprint = json.loads(path.read_text()).get("sha256")
            if fingerprint:  # a retraining has a plan too, without one
                found.setdefault(fingerprint, "<fingerprint of the plan>")
    return found
