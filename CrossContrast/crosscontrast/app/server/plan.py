"""What the front door and the sessions behind it have to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

_MEBI = 2**20


@dataclass(frozen=True)
class Limits:
    """How much one server and one session may take; sizes in bytes."""

    sessions: int = 10
    idle_minutes: float = 30.0
    keep_days: float = 7.0
    upload_bytes: int = 512 * _MEBI
    upload_files: int = 5000
    #: Of the voxels as they lie in memory. A map and its prediction are kept beside the image.
    volume_bytes: int = 1024 * _MEBI
    session_bytes: int = 6144 * _MEBI
    #: A new session is refused where the machine has less than this left.
    spare_bytes: int = 768 * _MEBI
    jobs: int = 1


@dataclass(frozen=True)
class SessionPlan:
    """One session: ``application`` is the ``"module:function"`` that builds its page in a process of its own.

    ``folder`` holds the session's working copies and survives its process; ``key`` is what the front door shows the
    process with every request; ``arguments`` are the application's own.
    """

    application: str
    folder: Path
    key: str
    limits: Limits = field(default_factory=Limits)
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Application(Protocol):
    """What the function of :attr:`SessionPlan.application` returns; it is called with the trame server and the plan."""

    def close(self) -> None:
        """Keep the user's work and let go of everything; the process ends right after."""
