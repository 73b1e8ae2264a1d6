"""Segmenting the image that lies on the desk."""

from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.desk import Desk, MapFiles
from crosscontrast.app.pages.state import SegmentState
from crosscontrast.app.pages.work import Work
from crosscontrast.desk.segment import Segmented, Segmenter
from crosscontrast.models.library import ModelEntry, ModelLibrary
from crosscontrast.scene.cord.inputs import InputVolume

_NO_MODEL = "There is no model; add one with: crosscontrast models add"


class Segmenting:
    """Segments the image and puts the map beside it."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, work: Work) -> None:
        self._desk, self._cases = desk, cases
        self._segmenter = Segmenter(work, self._take, no_model=_NO_MODEL)
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
        self._update()
        case = self._desk.case
        if case is not None:
            given = InputVolume(case.key, case.path.absolute(), case.image.GetID())
            self._segmenter.run(lambda _folder: [given])

    def _take(self, results: list[Segmented]) -> None:
        (found,) = results
        current = self._cases.current
        if current and current.key == found.given.name:
            files = MapFiles(found.softseg, spread=found.spread, model=found.model, case=current.name)
            self._desk.take_soft(files)

    def _update(self) -> None:
        data, desk, case = self.typed.data, self._segmenter, self._desk.case
        desk.image = case.image if case else None
        desk.model, desk.uncertainty = data.model, bool(data.uncertainty)
        data.why_not = desk.why_not()


def _note(entry: ModelEntry) -> str:
    """Say what a user should know of a model besides what it is for."""
    return entry.problem or ", ".join(
        word for word, so in (("current", entry.current), ("shipped", entry.shipped)) if so
    )
