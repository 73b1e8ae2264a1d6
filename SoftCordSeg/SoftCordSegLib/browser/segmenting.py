"""The segmentation job of a session: which model, run, progress, cancel, result."""

import uuid
from typing import Any

from trame_server.utils.typed_state import TypedState

from CrossContrastLib.browser.job_runner import JobRunner
from CrossContrastLib.errors import CrossContrastError
from CrossContrastLib.jobs.job import JobResult
from CrossContrastLib.models.library import ModelLibrary
from SoftCordSegLib.browser.cases import Cases
from SoftCordSegLib.browser.desk import Desk
from SoftCordSegLib.browser.state import NO_IMAGE, RunState
from SoftCordSegLib.jobs import SegmentCord, SegmentCordResult
from SoftCordSegLib.outputs import SegmentationFiles


class Segmenting:
    """Runs ``cord.segment`` on the image that lies on the desk and puts the map beside it."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, runner: JobRunner) -> None:
        self._server, self._desk, self._cases, self._runner = server, desk, cases, runner
        self.typed = TypedState(server.state, RunState, namespace="run")
        self.refresh_models()
        desk.listeners.append(self._update)

    def refresh_models(self) -> None:
        """Look again at which models there are."""
        data = self.typed.data
        entries = [entry for entry in ModelLibrary().entries() if entry.task == "segmentation" and not entry.problem]
        data.models = [str(entry) for entry in sorted(entries, key=lambda entry: not entry.current)]
        if data.model not in data.models:
            data.model = data.models[0] if data.models else ""
        self._update()

    def run(self) -> None:
        """Start the job."""
        case, data = self._desk.case, self.typed.data
        if data.why_not or case is None:
            return
        job = SegmentCord(
            image=case.path.absolute(),
            out=(self._desk.folder / "results" / uuid.uuid4().hex[:8]).absolute(),
            model=data.model,
            uncertainty=data.uncertainty,
        )
        data.busy, data.percent, data.message = True, 0.0, "starting"
        self._update()
        self._runner.start(job, self._on_progress, lambda result: self._on_result(case.key, result), self._on_error)

    async def cancel(self) -> None:
        """Stop the job."""
        await self._runner.cancel()

    def _on_progress(self, done: float, total: float, message: str) -> None:
        with self._server.state:
            self.typed.data.percent = round(100 * done / total) if total else 0
            self.typed.data.message = message

    def _on_result(self, key: str, result: JobResult) -> None:
        assert isinstance(result, SegmentCordResult)
        with self._server.state:
            area = result.mean_csa_mm2
            said = "No cord was found." if area is None else f"Mean area {area:.1f} mm²."
            self._end(" ".join([said, *result.warnings]))
            if self._desk.case is None or self._desk.case.key != key:
                return  # another image was opened meanwhile
            files = SegmentationFiles(result.softseg.parent, result.softseg.name.removesuffix("_softseg.nii.gz"))
            try:
                self._desk.take_soft(result.softseg, sidecar=result.sidecar, spread=files.uncertainty)
            except CrossContrastError as error:
                self._cases.tell(error.message)

    def _on_error(self, error: CrossContrastError) -> None:
        with self._server.state:
            self._end(error.message if error.kind == "cancelled" else "")
            if error.kind != "cancelled":
                self._cases.tell(f"{error.message} {error.hint}".strip())

    def _end(self, message: str) -> None:
        self.typed.data.busy, self.typed.data.message = False, message
        self._update()

    def _update(self) -> None:
        data = self.typed.data
        if data.busy:
            data.why_not = "A segmentation is under way."
        elif self._desk.case is None:
            data.why_not = NO_IMAGE
        else:
            data.why_not = "" if data.model else "There is no model; add one with: crosscontrast models add"
