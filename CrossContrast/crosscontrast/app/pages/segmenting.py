"""Segmenting the image that lies on the desk."""

import uuid
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.desk import Desk, MapFiles
from crosscontrast.app.pages.state import SegmentState, why_not_run
from crosscontrast.app.pages.work import Work
from crosscontrast.cord.jobs import SegmentCord, SegmentCordResult
from crosscontrast.cord.outputs import SegmentationFiles
from crosscontrast.ground.provenance import Provenance
from crosscontrast.jobs.job import JobResult
from crosscontrast.models.library import ModelEntry, ModelLibrary

_NO_MODEL = "There is no model; add one with: crosscontrast models add"


class Segmenting:
    """Runs ``cord.segment`` and puts the map beside the image."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, work: Work) -> None:
        self._desk, self._cases, self._work = desk, cases, work
        self.typed = TypedState(server.state, SegmentState, namespace="segment")
        self.refresh_models()
        desk.listeners.append(self._update)
        work.listeners.append(self._update)
        self._update()

    def refresh_models(self) -> None:
        """Look again at which models there are, and choose the current version of the one that was chosen."""
        library = ModelLibrary().entries()
        entries = [entry for entry in library if entry.task == "segmentation" and not entry.problem]
        data = self.typed.data
        data.library = [
            {"name": str(entry), "use": f"{entry.task}: {', '.join(entry.outputs)}", "note": _note(entry)}
            for entry in library
        ]
        data.models = [str(entry) for entry in sorted(entries, key=lambda entry: not entry.current)]
        name = data.model.partition("@")[0]
        same = [model for model in data.models if model.partition("@")[0] == name]  # the current version comes first
        data.model = next(iter([*same, *data.models]), "")

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
        self._work.start(job, lambda result: self._take(case.key, result))

    def _take(self, key: str, result: JobResult) -> str:
        assert isinstance(result, SegmentCordResult)
        if self._desk.case and self._desk.case.key == key:
            files = SegmentationFiles(result.softseg.parent, result.softseg.name.removesuffix("_softseg.nii.gz"))
            model = Provenance.model_validate_json(result.sidecar.read_text(encoding="utf-8")).model
            current = self._cases.current
            name = current.name if current else ""
            self._desk.take_soft(MapFiles(result.softseg, spread=files.uncertainty, model=model, case=name))
        area = result.mean_csa_mm2
        said = "No cord was found." if area is None else f"Mean area {area:.1f} mm²."
        return " ".join([said, *result.warnings])

    def _update(self) -> None:
        data = self.typed.data
        data.why_not = why_not_run(self._work.busy, self._desk.case is not None, "" if data.model else _NO_MODEL)


def _note(entry: ModelEntry) -> str:
    """Say what a user should know of a model besides what it is for."""
    return entry.problem or ", ".join(
        word for word, so in (("current", entry.current), ("shipped", entry.shipped)) if so
    )
