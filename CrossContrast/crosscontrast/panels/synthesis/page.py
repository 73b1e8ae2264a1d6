"""What the pages of the panel have in common."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job


class Page(Protocol):
    """One page: its job, and what becomes of the result.

    ``action`` is what Run is called on it. ``source`` is the ID of the volume that the job under way works on, which
    may be gone when its result comes.
    """

    action: str
    source: str

    def refresh(self, parameters: Any) -> None:
        """Read again what there is to choose from."""

    def update(self, parameters: Any) -> None:
        """Follow the parameters of the scene."""

    def reason(self, parameters: Any) -> str:
        """Say why the page's work cannot start; empty where it can."""

    def make_job(self, parameters: Any, folder: Path) -> "Job":
        """Make the job of the page's choices; ``folder`` is empty and goes when the result was taken."""

    def take(self, parameters: Any, result: Any) -> None:
        """Show the result, wherever the user is by now."""

    def close(self) -> None:
        """The module goes."""
