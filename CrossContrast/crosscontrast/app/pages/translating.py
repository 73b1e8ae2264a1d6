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
from crosscontrast.errors import CrossContrastError
from crosscontrast.ground.files import image_stem
from crosscontrast.jobs.job import JobResult
from crosscontrast.jobs.registry import find_job, parse_job
from crosscontrast.models.library import ModelLibrary

_NO_MODEL = "There is no translation model; add one with: crosscontrast models add"
_TRANSLATE, _GATE = "image.translate", "radiomics.gate"
_SIDECAR, _SPREAD, _CYCLE = "_translation.json", "_uncertainty.nii.gz", "_cycle.nii.gz"


class Translating:
    """Runs the job ``image.translate``, shows what came of it beside the input, and then the job ``radiomics.gate``.

    Both are found by their names: the libraries of the other modules are not this one's to import.
    """

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
        parameters = {
            "image": case.path.absolute(),
            "out": out.absolute(),
            "model": model,
            "uncertainty": bool(data.uncertainty),
        }
        try:
            job = parse_job(_TRANSLATE, parameters)
        except CrossContrastError as error:
            self._cases.tell(error.message)
            return
        ask: list[dict[str, Any]] = []

        def take(result: JobResult) -> str:
            found = result.model_dump()
            self._take(key, out, found["images"])
            if found.get("verdict"):
                self._show_verdict(found["verdict"])
            else:
                ask.append(
                    {
                        "image": case.path.absolute(),
                        "translated": found["images"][:1],
                        "spread": next(iter(found["uncertainty"]), None),
                        "model": model,
                    }
                )
            return " ".join(["Translated.", *result.warnings])

        self._work.start(job, take, after=lambda: self._judge(ask))

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

    def _judge(self, questions: list[dict[str, Any]]) -> None:
        """Ask the gate about a translation that came without a verdict, with as much as this gate takes."""
        data = self.typed.data
        for question in questions:
            try:
                known = find_job(_GATE).model_fields
                job = parse_job(_GATE, {name: value for name, value in question.items() if name in known})
            except CrossContrastError as error:
                self._no_verdict(error)
                return
            data.verdict, data.reasons = "asking", []
            self._work.start(job, self._take_verdict, heavy=False, failed=self._no_verdict)

    def _take_verdict(self, result: JobResult) -> str:
        verdict = result.model_dump()["verdict"]
        self._show_verdict(verdict)
        return f"The gate says: {verdict['decision']}."

    def _show_verdict(self, verdict: dict[str, Any]) -> None:
        data, checks = self.typed.data, verdict["checks"]
        data.verdict = verdict["decision"]
        data.reasons = [check["reason"] for check in checks if check["decision"] != "go"]
        data.passed = [check["reason"] for check in checks if check["decision"] == "go"]
        data.unchecked = list(verdict["missing"])

    def _no_verdict(self, error: CrossContrastError) -> None:
        self.typed.data.verdict, self.typed.data.reasons = "none", [f"The gate could not be asked: {error.message}"]

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
