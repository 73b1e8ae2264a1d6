"""Which images there are, and opening one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.desk import Desk, MapFiles
from crosscontrast.app.pages.state import BUSY, NO_OTHER, CaseState
from crosscontrast.app.pages.work import Work
from crosscontrast.cord.correcting.jobs import OpenCase, OpenCaseResult
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.errors import CrossContrastError
from crosscontrast.ground.files import image_stem
from crosscontrast.jobs.job import JobResult


@dataclass(frozen=True)
class ListedCase:
    """One line of the list. ``name`` is the case's in the correction dataset, empty for files."""

    key: str
    title: str
    path: Path
    name: str = ""


class Cases:
    """The list of images: those of the command line, those of the correction dataset, and what the user sends.

    ``before_leaving`` is called before another image is opened, ``kept_map`` returns the map of a case that this
    session left behind, or ``None``.
    """

    def __init__(self, server: Any, desk: Desk, files: list[Path], dataset: CorrectionDataset | None) -> None:
        self._desk = desk
        self.dataset = dataset
        self.typed = TypedState(server.state, CaseState, namespace="cases")
        self.before_leaving: Callable[[], None] = lambda: None
        self.kept_map: Callable[[str], MapFiles | None] = lambda _key: None
        self.listeners: list[Callable[[], None]] = []
        self._cases: dict[str, ListedCase] = {}
        self._work: Work | None = None
        self._model = lambda: "softcord"
        for path in files:
            self._add_file(path)
        self.refresh()

    def use(self, work: Work, model: Callable[[], str]) -> None:
        """Set what jobs are started with, and the model for cases without a prediction."""
        self._work, self._model = work, model
        work.listeners.append(self._update)

    @property
    def current(self) -> ListedCase | None:
        """The case that lies on the desk."""
        return self._cases.get(self._desk.case.key) if self._desk.case else None

    def path_of(self, key: str) -> Path:
        """Return the file or folder of a case of the list."""
        return self._cases[key].path

    @property
    def keys(self) -> list[str]:
        """The keys of all cases, in the order of the list."""
        return list(self._cases)

    def refresh(self) -> None:
        """Look again at which cases there are and what has become of them."""
        states = {}
        for case in self.dataset.cases() if self.dataset else []:
            key = f"case:{case.name}"
            self._cases.setdefault(key, ListedCase(key, case.name, case.image, case.name))
            states[key] = f"revision {case.revision}" if case.state == "corrected" else case.state
        self.typed.data.items = [
            {"title": case.title, "subtitle": states.get(case.key, ""), "value": case.key}
            for case in self._cases.values()
        ]
        self._update()
        for listener in self.listeners:
            listener()

    def add_files(self, paths: list[Path]) -> list[str]:
        """Add images to the list and return their keys."""
        keys = [self._add_file(path) for path in paths]
        self.refresh()
        return keys

    def sent_files(self, folder: Path) -> list[Path]:
        """Return the images of the list that lie in ``folder``."""
        return [case.path for case in self._cases.values() if case.path.is_relative_to(folder)]

    def take_files(self, paths: list[Path]) -> None:
        """Add images that the user sent, and open the first."""
        self.open(self.add_files(paths)[0])

    def open(self, key: str) -> None:
        """Open a case; says why where it cannot be."""
        case = self._cases.get(key)
        if case is None or (self._work and self._work.busy):
            return
        self.before_leaving()
        kept = self.kept_map(key)
        if case.name and kept is None and self._work and self.dataset:
            self._open_with_job(case, self._work, self.dataset)
            return
        try:
            self._desk.open(key, case.path)
            if kept:
                self._desk.take_soft(kept)
        except CrossContrastError as error:
            self.tell(error.message)
        self._update()

    def open_next(self) -> None:
        """Open the case after the one that is open; in a dataset, the next that waits to be corrected."""
        following = self._following()
        if following:
            self.open(following)

    def tell(self, sentence: str) -> None:
        """Show the user a sentence."""
        self.typed.data.notice = sentence

    def _open_with_job(self, case: ListedCase, work: Work, dataset: CorrectionDataset) -> None:
        """Let the worker fetch what there is of the case, and predict it where there is nothing."""
        out = self._desk.folder / "opened" / case.name
        job = OpenCase(dataset=dataset.folder, out=out, case=case.name, model=self._model())

        def take(result: JobResult) -> str:
            assert isinstance(result, OpenCaseResult)
            self._desk.open(case.key, case.path)
            self._desk.take_soft(
                MapFiles(
                    result.softseg,
                    spread=result.uncertainty,
                    model=result.model,
                    case=result.case,
                    base=result.base,
                )
            )
            self.refresh()
            return f"{result.waiting} other cases wait." if result.waiting != 1 else "1 other case waits."

        work.start(job, take)

    def _add_file(self, path: Path) -> str:
        key = f"file:{path}"
        self._cases.setdefault(key, ListedCase(key, image_stem(path), path))
        return key

    def _following(self) -> str:
        keys = self.keys
        here = keys.index(self._desk.case.key) if self._desk.case and self._desk.case.key in keys else -1
        ahead = keys[here + 1 :] + keys[: max(here, 0)]
        waiting = {item["value"] for item in self.typed.data.items if item["subtitle"] == "pending"}
        return next((key for key in ahead if key in waiting), ahead[0] if ahead else "")

    def _update(self) -> None:
        data, current = self.typed.data, self.current
        data.active = current.key if current else ""
        data.title = current.title if current else ""
        data.why_not_next = BUSY if self._work and self._work.busy else "" if self._following() else NO_OTHER
