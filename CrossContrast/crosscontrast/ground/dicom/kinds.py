"""Parting the slices of a series: echoes, magnitude and phase, stacks at several angles, points of time."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

from crosscontrast.ground.dicom.frames import Frame
from crosscontrast.ground.dicom.stack import NoStack, doubled, same_plane


class _Mark(NamedTuple):
    """What may tell slices at one place apart: its name, DICOM's keywords for it, whether it makes a series of many."""

    name: str
    keywords: tuple[str, ...]
    many: bool = False


_MARKS = (
    _Mark("echo", ("EchoNumbers",)),
    _Mark("inversion", ("InversionTime", "InversionTimes")),
    _Mark("flip", ("FlipAngle",)),
    _Mark("mt", ("MagnetizationTransfer",)),
    _Mark("options", ("ScanOptions",)),
    _Mark("stack", ("StackID",)),
    _Mark("times", ("TemporalPositionIdentifier", "TemporalPositionIndex", "TemporalPositionTimeOffset"), many=True),
    _Mark("phases", ("TriggerTime", "NominalCardiacTriggerDelayTime"), many=True),
    _Mark("b-values", ("DiffusionBValue",), many=True),
    _Mark("directions", ("DiffusionGradientOrientation",), many=True),
    _Mark("sequences", ("SequenceName",), many=True),
    _Mark("acquisitions", ("AcquisitionNumber",), many=True),
)


#: What sets a part apart: image type, echo time, number of the plane, and the mark of slices at one place.
_Key = tuple[tuple[str, ...], float, int, str]


class Part(NamedTuple):
    """Slices of one series that may be one volume; ``name`` is empty where it is the only one."""

    name: str
    frames: list[Frame]


def parted(frames: Sequence[Frame]) -> list[Part]:
    """Part the slices of a series by what they are and how they lie; the parts are in the order of their names.

    Raises :class:`NoStack` where they are volumes over time or of diffusion.
    """
    planes: list[Frame] = []
    groups: dict[tuple[tuple[str, ...], float, int], list[Frame]] = defaultdict(list)
    for frame in frames:
        plane = next((n for n, other in enumerate(planes) if same_plane(frame, other)), len(planes))
        if plane == len(planes):
            planes.append(frame)
        groups[frame.image_type, frame.echo_time, plane].append(frame)
    keyed: dict[_Key, list[Frame]] = {}
    for key, group in groups.items():
        for mark, part in _told_apart(group):
            keyed[(*key, mark)] = part
    return sorted((Part(name, keyed[key]) for key, name in _names(list(keyed)).items()), key=lambda part: part.name)


def _told_apart(frames: list[Frame]) -> list[tuple[str, list[Frame]]]:
    """Part slices that lie at one place; if nothing can, they stay together and are refused as a stack."""
    times = doubled(frames)
    if times == 1:
        return [("", frames)]
    for marks in [*combinations(_MARKS, 1), *combinations(_MARKS, 2)]:
        groups: dict[str, list[Frame]] = defaultdict(list)
        for frame in frames:
            said = [str(frame.said.get(keyword)) for mark in marks for keyword in mark.keywords]
            groups["|".join(said)].append(frame)
        if len(groups) != times or any(doubled(group) > 1 for group in groups.values()):
            continue
        if any(mark.many for mark in marks):
            what = " and ".join(mark.name for mark in marks)
            raise NoStack(f"holds {times} volumes of several {what}; one is expected")
        label = "-".join(mark.name for mark in marks)
        return [(f"{label}-{n}", groups[key]) for n, key in enumerate(sorted(groups, key=_natural), 1)]
    return [("", frames)]


def _natural(text: str) -> tuple[float, str]:
    try:
        return float(text.strip("|").split("|")[0]), text
    except ValueError:
        return 0.0, text


def _names(keys: list[_Key]) -> dict[_Key, str]:
    """Name the parts by what differs between them."""
    types = [set(key[0]) for key in keys]
    common = set.intersection(*types)
    echoes = sorted({key[1] for key in keys})
    planes = sorted({key[2] for key in keys})
    names = {key: "_".join(word for word in dict.fromkeys(key[0]) if word not in common) for key in keys}
    marks: list[Callable[[_Key], str]] = [
        lambda key: f"echo-{echoes.index(key[1]) + 1}" if len(echoes) > 1 else "",
        lambda key: f"stack-{planes.index(key[2]) + 1}" if len(planes) > 1 else "",
        lambda key: key[3],
    ]
    for mark in marks:
        if len(set(names.values())) < len(keys):
            names = {key: "_".join(filter(None, (name, mark(key)))) for key, name in names.items()}
    return names
