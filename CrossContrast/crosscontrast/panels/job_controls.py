"""The lower end of every panel that runs jobs: Run, Cancel, a progress bar and a line of text."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.errors import CrossContrastError
from crosscontrast.panels import requirements
from crosscontrast.panels.job_runner import JobRunner
from crosscontrast.panels.messages import show_error

if TYPE_CHECKING:
    from crosscontrast.jobs.job import Job, JobResult


#: How the file of a volume is called that a panel writes for a job: a number, so that none is called as another.
_WRITTEN = re.compile(r"\b\d\d_([\w.-]+)\.nrrd\b")


class JobControls:
    """Wires ``runButton``, ``cancelButton``, ``progressBar`` and ``statusLabel`` of ``ui`` to jobs.

    Before a job it installs the packages of the file ``needed`` (and PyTorch, if ``torch``). ``title`` is the module's,
    for the user; ``on_busy`` is called when a job has begun or ended. It is a
    :class:`~crosscontrast.desk.runner.Runner`; with ``make_job`` and ``take_result`` the button Run starts that job.
    """

    def __init__(
        self,
        ui: Any,
        title: str,
        needed: Path,
        make_job: Callable[[Path], "Job"] | None = None,
        take_result: Callable[["JobResult"], str | None] = lambda _result: None,
        torch: bool = True,
        on_busy: Callable[[], None] = lambda: None,
    ) -> None:
        self._ui = ui
        self._title = title
        self._needed = needed
        self._make_job, self._take_result = make_job, take_result
        self._take: Callable[[JobResult], str | None] = take_result
        self._torch = torch
        self._on_busy = on_busy
        self._reason = ""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._runner = JobRunner(self._show_progress, self._on_result, self._on_error, self._on_cancelled)
        if make_job is not None:
            ui.runButton.clicked.connect(self.run)
        ui.cancelButton.clicked.connect(self.cancel)
        self._update()

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._runner.busy

    def allow(self, reason: str, tool_tip: str) -> None:
        """Let the user press Run (``reason`` is empty), or say in its tool tip why that cannot be."""
        self._reason = reason
        self._ui.runButton.toolTip = reason or tool_tip
        self._update()

    def run(self) -> None:
        """Start the job of the button Run."""
        assert self._make_job
        self.start(self._make_job, self._take_result)

    def start(
        self,
        make: "Callable[[Path], Job]",
        take: "Callable[[JobResult], str | None]",
        *,
        heavy: bool = True,
    ) -> None:
        """Start the job that ``make`` returns, which gets an empty folder; ``take`` gets the result while it is there.

        What ``take`` returns is shown. Slicer has one user, so ``heavy`` ones wait for nobody.
        """
        self._take = take
        try:
            requirements.install(self._needed, self._title, self._torch)
            self._folder = tempfile.TemporaryDirectory(
                prefix="CrossContrast-", dir=slicer.app.temporaryPath, ignore_cleanup_errors=True
            )
            self._runner.start(make(Path(self._folder.name)))
        except CrossContrastError as error:
            self._on_error(error)
        except Exception:
            self._end(_("The work cannot begin; the log says why."))
            raise
        else:
            self._show_progress(0, 1, _("starting"))
            self._update()
            self._on_busy()

    def cancel(self) -> None:
        """Stop the job under way, if there is one."""
        self._runner.cancel()

    def close(self) -> None:
        """Stop the job and the worker; for when the panel goes."""
        self._runner.close()

    def _show_progress(self, done: float, total: float, message: str) -> None:
        self._ui.progressBar.value = round(100 * done / total) if total else 0
        self._ui.statusLabel.text = message
        self._ui.statusLabel.visible = bool(message)

    def _on_result(self, result: "JobResult") -> None:
        try:
            said = self._take(result)
        except CrossContrastError as error:
            self._on_error(error)
        except Exception:
            self._end(_("The result cannot be shown; the log says why."))
            raise
        else:
            self._end("\n".join([_("Done."), *([said] if said else []), *map(self._named, result.warnings)]))

    def _on_error(self, error: CrossContrastError) -> None:
        error.message = self._named(error.message)
        self._end(error.message)
        show_error(error, self._title)

    def _named(self, text: str) -> str:
        """Call the files of a job after the volumes that they were written from, which is what the user knows."""
        if self._folder:
            text = text.replace(f"{Path(self._folder.name)}{os.sep}", "")
        return _WRITTEN.sub(r"\1", text)

    def _on_cancelled(self) -> None:
        self._end(_("Cancelled."))

    def _end(self, message: str) -> None:
        self._show_progress(0, 1, message)
        if self._folder:
            self._folder.cleanup()
            self._folder = None
        self._update()
        self._on_busy()

    def _update(self) -> None:
        self._ui.runButton.enabled = not self.busy and not self._reason
        self._ui.cancelButton.enabled = self.busy
        self._ui.progressBar.visible = self.busy
