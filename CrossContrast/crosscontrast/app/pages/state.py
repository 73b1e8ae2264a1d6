"""What the page shows, as plain data that the browser and the session share.

A field ``why_not...`` is empty where the thing can be done, and else the sentence that says why not.
"""

from dataclasses import dataclass, field

from crosscontrast.cord.retrain.steps import DEFAULT_STEPS
from crosscontrast.desk.reasons import NO_IMAGE, NO_MAP, NO_SEGMENT
from crosscontrast.desk.retrain import NO_CANDIDATE

NO_OTHER = "There is no other image."
NO_DATASET = "The server was started without a correction dataset."


@dataclass
class CaseState:
    """The images that can be opened; each of ``items`` has ``title``, ``subtitle`` and ``value``."""

    items: list[dict[str, str]] = field(default_factory=list)
    active: str = ""
    title: str = ""
    why_not_next: str = NO_OTHER
    notice: str = ""


@dataclass
class WorkState:
    """The job in the worker, or the last one, of whatever kind."""

    busy: bool = False
    kind: str = ""
    percent: float = 0.0
    message: str = ""
    why_not_cancel: str = "Nothing is under way."


@dataclass
class SegmentState:
    """What to segment with; ``library`` has a line (``name``, ``use``, ``note``) for every model there is."""

    models: list[str] = field(default_factory=list)
    library: list[dict[str, str]] = field(default_factory=list)
    model: str = ""
    uncertainty: bool = False
    why_not: str = NO_IMAGE


@dataclass
class ShowState:
    """How image and soft map are drawn."""

    layouts: list[str] = field(default_factory=list)
    layout: str = ""
    opacity: float = 0.6
    threshold: float = 0.2
    uncertainty: bool = False
    why_not: str = NO_MAP
    why_not_uncertainty: str = NO_MAP


@dataclass
class BrightnessState:
    """The intensities of the image that are black and white: as set, as found, and how far they can be set."""

    limits: list[float] = field(default_factory=lambda: [0.0, 1.0])
    found: list[float] = field(default_factory=lambda: [0.0, 1.0])
    lowest: float = 0.0
    highest: float = 1.0
    step: float = 0.01
    why_not: str = NO_IMAGE


@dataclass
class EditState:
    """The correction and its tools; lengths in mm. ``low`` and ``high`` are intensities of the image."""

    cut: float = 0.5
    tool: str = ""
    diameter: float = 6.0
    sphere: bool = False
    strength: float = 0.5
    kernel: float = 3.0
    all_slices: bool = False
    surface: bool = True
    low: float = 0.0
    high: float = 1.0
    lowest: float = 0.0
    highest: float = 1.0
    changed: int = 0
    why_not_segment: str = NO_MAP
    why_not_tool: str = NO_SEGMENT
    why_not_undo: str = NO_SEGMENT
    why_not_redo: str = NO_SEGMENT


@dataclass
class MeasureState:
    """The areas along the cord as paths of a picture of 1000 x 100, and how the correction differs.

    ``at`` is where the axial slice that is shown lies in the picture, empty where it is beside it.
    """

    at: str = ""
    now: str = ""
    before: str = ""
    summary: str = ""
    left: str = ""
    right: str = ""
    top: str = ""
    difference: bool = False
    why_not_difference: str = NO_SEGMENT


@dataclass
class SaveState:
    """Saving into the dataset, and taking the result away. ``asking`` is whether the user is asked the ``question``."""

    question: str = ""
    asking: bool = False
    author: str = ""
    note: str = ""
    unsaved: bool = False
    why_not: str = NO_SEGMENT
    why_not_download: str = NO_MAP


@dataclass
class RetrainState:
    """Retraining on the corrections. ``expected`` is how long the steps take, ``rows`` are measures before and after,
    ``reasons`` what the gate has against the candidate, ``doubts`` what is wrong with the dataset, and ``before`` is
    the version that one can go back to."""

    steps: int = DEFAULT_STEPS
    expected: str = ""
    goes_on: bool = False
    rows: list[dict[str, str]] = field(default_factory=list)
    verdict: str = ""
    reasons: list[str] = field(default_factory=list)
    decided: str = ""
    asking: bool = False
    asking_lot: bool = False
    question: str = ""
    before: str = ""
    doubts: str = ""
    why_not: str = NO_DATASET
    why_not_accept: str = NO_CANDIDATE
    why_not_keep: str = NO_CANDIDATE
    why_not_report: str = NO_CANDIDATE
    why_not_roll_back: str = NO_CANDIDATE


@dataclass
class ExportState:
    """The corrected cases of the dataset in the form that another program reads."""

    form: str = "bids"
    why_not: str = NO_DATASET
    why_not_fetch: str = "Nothing was exported yet."


@dataclass
class CompareState:
    """What lies beside the image, by the keys of ``items`` (``title`` and ``value``); ``in_place`` is the title of what
    is shown instead of the image for the moment."""

    items: list[dict[str, str]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    orientations: list[str] = field(default_factory=list)
    orientation: str = ""
    blink: bool = False
    in_place: str = ""
    why_not: str = NO_IMAGE
    why_not_blink: str = NO_IMAGE
    why_not_patient: str = NO_IMAGE


@dataclass
class TranslateState:
    """What to translate with, what is to be said of that before, and the gate's verdict: go, caution, stop, or none
    where it gave none. ``targets`` are the images that a translation can be held to, ``error`` says how far it is."""

    models: list[dict[str, str]] = field(default_factory=list)
    model: str = ""
    outputs: list[dict[str, str]] = field(default_factory=list)
    output: str = ""
    about: str = ""
    doubts: list[str] = field(default_factory=list)
    targets: list[dict[str, str]] = field(default_factory=list)
    target: str = ""
    error: str = ""
    uncertainty: bool = False
    verdict: str = ""
    reasons: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    why_not: str = NO_IMAGE
    why_not_sample: str = ""
    why_not_error: str = NO_IMAGE
