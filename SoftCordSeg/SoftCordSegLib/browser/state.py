"""What the page shows, as plain data that the browser and the session share."""

from dataclasses import dataclass, field

NO_IMAGE = "Open an image first."
NO_MAP = "Segment the image first."
NO_SEGMENT = "Make a segment first."
NO_DATASET = "This server was started without a correction dataset."


@dataclass
class CaseState:
    """The images that can be opened; each of ``items`` has ``title``, ``subtitle`` and ``value``."""

    items: list[dict[str, str]] = field(default_factory=list)
    active: str = ""
    title: str = ""
    why_not_next: str = "There is no other image."
    notice: str = ""


@dataclass
class RunState:
    """The segmentation job. ``why_not`` is empty where it can be started."""

    models: list[str] = field(default_factory=list)
    model: str = ""
    uncertainty: bool = False
    busy: bool = False
    percent: float = 0.0
    message: str = ""
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
