"""Translating the image that lies on the desk into another contrast, and the gate's word on the result."""

import uuid
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.comparing import Comparing, SpreadMap
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import TranslateState, why_not_run
from crosscontrast.app.pages.work import Work
from crosscontrast.ground.files import image_stem
from crosscontrast.jobs.job import JobResult
from crosscontrast.models.library import ModelLibrary
from crosscontrast.radiomics.gate.verdict import GateVerdict
from crosscontrast.synthesis.jobs import TranslateImage, TranslateImageResult

_NO_MODEL = "There is no translation model; add one with: crosscontrast models add"
_SIDECAR, _SPREAD, _CYCLE = "_translation.json", "_uncertainty.nii.gz", "_cycle.nii.gz"


class Translating:
    """Translates the image on the desk, and shows what came of it beside it with what the quality gate says."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, comparing: Comparing, work: Work) -> None:
        self._desk, self._cases, self._comparing, self._work = desk, cases, comparing, work
        self._server = server
        self._folder = desk.folder / "translated"
        self.typed = TypedState(server.state, TranslateState, namespace="translate")
        self.refresh_models()
        self._find_earlier()
        desk.listeners.append(self._on_desk)
        work.listeners.append(self._update)
        self._case = ""
        self._update()

    def refresh_models(self) -> None:
        """Look again at which translation models there are, and choose the first current one."""
        entries = [entry for entry in ModelLibrary().entries() if entry.task == "translation" and not entry.problem]
        data = self.typed.data
        data.models = [
            {"title": str(entry), "subtitle": f"makes {', '.join(entry.outputs)}", "value": str(entry)}
            for entry in sorted(entries, key=lambda entry: not entry.current)
        ]
        data.model = data.models[0]["value"] if data.models else ""

    def run(self) -> None:
        """Start the job."""
        case, data = self._desk.case, self.typed.data
        if data.why_not or case is None:
            return
        self._forget_verdict()
        key, model, out = case.key, str(data.model), self._folder / uuid.uuid4().hex[:8]
        job = TranslateImage(
            image=case.path.absolute(), out=out.absolute(), model=model, uncertainty=bool(data.uncertainty)
        )

        def take(result: JobResult) -> str:
            assert isinstance(result, TranslateImageResult)
            self._take(key, out, result.images)
            if result.verdict:
                self._show_verdict(result.verdict)
            else:
                data.verdict, data.reasons = "none", result.warnings
            return "Translated."

        self._work.start(lambda _folder: job, take)

    def _take(self, key: str, out: Path, images: list[Path]) -> None:
        keys = self._cases.add_files(images)
        keys += self._add_spreads(out)
        self._comparing.refresh()
        if self._desk.case and self._desk.case.key == key:
            self._comparing.beside(keys)

    def _add_spreads(self, out: Path) -> list[str]:
        paths = sorted([*out.glob(f"*{_SPREAD}"), *out.glob(f"*{_CYCLE}")])
        keys = [f"map:{path.relative_to(self._folder)}" for path in paths]
        for key, path in zip(keys, paths, strict=True):
            self._comparing.spreads[key] = SpreadMap(key, image_stem(path), path)
        return keys

    def _find_earlier(self) -> None:
        """Bring back the maps of a session that was left; its images are in its list of files."""
        for sidecar in sorted(self._folder.glob(f"*/*{_SIDECAR}")):
            self._add_spreads(sidecar.parent)

    def _show_verdict(self, verdict: GateVerdict) -> None:
        data = self.typed.data
        data.verdict, data.reasons = verdict.decision, verdict.reasons
        data.passed = [check.reason for check in verdict.checks if check.decision == "go"]
        data.unchecked = verdict.missing

    def _forget_verdict(self) -> None:
        data = self.typed.data
        data.verdict, data.reasons, data.passed, data.unchecked = "", [], [], []

    def _on_desk(self) -> None:
        key = self._desk.case.key if self._desk.case else ""
        if key != self._case:
            self._case = key
            self._forget_verdict()
        self._update()

    def _update(self) -> None:
        data = self.typed.data
        data.why_not = why_not_run(self._work.busy, self._desk.case is not None, "" if data.model else _NO_MODEL)
