"""Translating the image that lies on the desk into another contrast, and the gate's word on the result."""

import uuid
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.comparing import Comparing, SpreadMap
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import TranslateState
from crosscontrast.app.pages.work import Work
from crosscontrast.desk.reasons import BUSY
from crosscontrast.desk.translate import ALL, NO_TARGET, NO_TRANSLATION, Translator
from crosscontrast.errors import CrossContrastError
from crosscontrast.ground.files import image_stem
from crosscontrast.ground.synthetic import SYNTHETIC, synthetic_output_of
from crosscontrast.jobs.job import JobResult
from crosscontrast.radiomics.gate.verdict import GateVerdict
from crosscontrast.scene.synthetic import remember_synthetic
from crosscontrast.synthesis.error_map import MapError, MapErrorResult
from crosscontrast.synthesis.jobs import TranslateImageResult

_SIDECAR, _MAPS = "_translation.json", ("_uncertainty.nii.gz", "_cycle.nii.gz", "_error.nii.gz")


class Translating:
    """Translates the image on the desk, and shows what came of it beside it with what the quality gate says."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, comparing: Comparing, work: Work) -> None:
        self._desk, self._cases, self._comparing, self._work = desk, cases, comparing, work
        self._folder = desk.folder / "translated"
        self._translator = Translator(busy=lambda: work.busy)
        self.typed = TypedState(server.state, TranslateState, namespace="translate")
        self._case = ""
        self._made: Path | None = None  # the translation of the image on the desk
        name = self.typed.name
        self.typed.bind_changes({name.model: self._choose, name.output: self._choose_output, name.target: self._hold})
        self._find_earlier()
        desk.listeners.append(self._on_desk)
        work.listeners.append(self._update)
        cases.listeners.append(self._update)
        self.refresh_models()

    def refresh_models(self) -> None:
        """Look again at which translation models there are."""
        self._translator.refresh()
        self._update()

    def run(self) -> None:
        """Start the job."""
        case = self._desk.case
        if self._translator.why_not() or case is None:
            return
        self._forget()
        self._translator.uncertainty = bool(self.typed.data.uncertainty)
        key, out = case.key, self._folder / uuid.uuid4().hex[:8]
        job = self._translator.job(case.path.absolute(), out.absolute())

        def take(result: JobResult) -> str:
            assert isinstance(result, TranslateImageResult)
            self._take(key, out, result)
            return "Translated."

        self._work.start(lambda _folder: job, take)

    def sample(self) -> None:
        """Put the sample of the model on the desk; the real image that it stands for is in the list, too."""
        if self.typed.data.why_not_sample:
            return
        try:
            image, target = self._cases.add_files(list(self._translator.sample()))
        except CrossContrastError as error:
            self._cases.tell(error.message)
            return
        self._cases.open(image)
        self.typed.data.target = target
        self._update()

    def map_error(self) -> None:
        """Compare the translation with the real image."""
        case, data = self._desk.case, self.typed.data
        if data.why_not_error or case is None or self._made is None:
            return
        target, made = str(data.target), self._made
        job = MapError(
            translation=made.absolute(),
            target=self._cases.path_of(target).absolute(),
            source=case.path.absolute(),
            out=made.parent.absolute(),
        )

        def take(result: JobResult) -> str:
            assert isinstance(result, MapErrorResult)
            if self._made == made:
                data.error = result.figures.sentence()
                keys = self._add_maps(made.parent)
                error = [key for key in keys if key.endswith(_MAPS[-1])]
                self._comparing.refresh()
                self._comparing.beside([*self._cases.add_files([made]), target, *error])
            return ""

        self._work.start(lambda _folder: job, take, heavy=False)

    def _take(self, key: str, out: Path, result: TranslateImageResult) -> None:
        keys = self._cases.add_files(result.images)
        keys += self._add_maps(out)
        self._comparing.refresh()
        if self._desk.case and self._desk.case.key == key:
            self._made = result.images[0]
            self._comparing.beside(keys)
            if result.verdict:
                self._show_verdict(result.verdict)
            else:
                self.typed.data.verdict, self.typed.data.reasons = "none", result.warnings
        self._update()

    def _add_maps(self, out: Path) -> list[str]:
        paths = sorted(path for ending in _MAPS for path in out.glob(f"*{ending}"))
        keys = [f"map:{path.relative_to(self._folder)}" for path in paths]
        for key, path in zip(keys, paths, strict=True):
            self._comparing.spreads[key] = SpreadMap(key, image_stem(path), path)
        return keys

    def _find_earlier(self) -> None:
        """Bring back the maps of a session that was left; its images are in its list of files."""
        for sidecar in sorted(self._folder.glob(f"*/*{_SIDECAR}")):
            self._add_maps(sidecar.parent)

    def _show_verdict(self, verdict: GateVerdict) -> None:
        data = self.typed.data
        data.verdict, data.reasons = verdict.decision, verdict.reasons
        data.passed = [check.reason for check in verdict.checks if check.decision == "go"]
        data.unchecked = verdict.missing

    def _forget(self) -> None:
        """Forget what was said of an earlier translation."""
        data = self.typed.data
        self._made = None
        data.verdict, data.reasons, data.passed, data.unchecked, data.error = "", [], [], [], ""

    def _on_desk(self) -> None:
        case = self._desk.case
        key = case.key if case else ""
        if key != self._case:
            self._case = key
            self._forget()
            if case and (made := synthetic_output_of(case.path)):
                remember_synthetic(case.image, made)
        self._update()

    def _choose(self, model: str) -> None:
        if model != self._translator.model:
            self._translator.chosen = model
            self._update()

    def _choose_output(self, output: str) -> None:
        if output != (self._translator.output or ALL):
            self._translator.chosen_output = output
            self._update()

    def _hold(self, _target: str) -> None:
        self._update()

    def _update(self) -> None:
        data, translator, case = self.typed.data, self._translator, self._desk.case
        translator.image = case.image if case else None
        data.models = [{"title": one.title, "subtitle": one.note, "value": one.model} for one in translator.offers]
        data.model = translator.model
        data.outputs = [{"title": name, "value": name} for name in translator.outputs]
        data.outputs = [{"title": "all of them", "value": ALL}, *data.outputs] if data.outputs else []
        data.output = translator.output or ALL
        data.about = translator.offer.note if translator.offer else ""
        data.doubts = translator.doubts()
        data.why_not, data.why_not_sample = translator.why_not(), translator.why_not_sample()
        data.targets = self._targets()
        if data.target not in [item["value"] for item in data.targets]:
            data.target = ""
        data.why_not_error = "" if self._made else NO_TRANSLATION
        data.why_not_error = (
            data.why_not_error or ("" if data.target else NO_TARGET) or (BUSY if self._work.busy else "")
        )

    def _targets(self) -> list[dict[str, str]]:
        """Return the images that were acquired, without the one on the desk."""
        items = [item for item in self._cases.typed.data.items if item["value"] != self._case]
        return [
            {"title": item["title"], "value": item["value"]} for item in items if not item["title"].endswith(SYNTHETIC)
        ]
