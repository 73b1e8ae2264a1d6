"""Which images there are, and opening one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.desk import Desk, MapFiles
from crosscontrast.app.pages.state import NO_OTHER, CaseState
from crosscontrast.app.pages.work import Work
from crosscontrast.cord.jobs import OpenCaseResult
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.desk.cases import Worklist
from crosscontrast.desk.reasons import BUSY
from crosscontrast.errors import CrossContrastError
from crosscontrast.ground.files import image_stem
from crosscontrast.ground.synthetic import SYNTHETIC, synthetic_output_of


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
    session left behind, or ``None``, and ``model`` the model for cases without a prediction.
    """

    def __init__(
        self, server: Any, desk: Desk, files: list[Path], dataset: CorrectionDataset | None, work: Work
    ) -> None:
        self._desk, self._work = desk, work
        self.dataset = dataset
        self.model = lambda: "softcord"
        self._worklist = Worklist(work, self._show_opened, lambda: self.current.name if self.current else "")
        self._worklist.dataset = dataset.folder if dataset else None
        self.typed = TypedState(server.state, CaseState, namespace="cases")
        self.before_leaving: Callable[[], None] = lambda: None
        self.kept_map: Callable[[str], MapFiles | None] = lambda _key: None
        self.listeners: list[Callable[[], None]] = []
        self._cases: dict[str, ListedCase] = {}
        for path in files:
            self._add_file(path)
        work.listeners.append(self._update)
        self.refresh()

    @property
    def doubts(self) -> list[str]:
        """What is wrong with the dataset, such as a person under two subjects."""
        return self._worklist.remarks

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
        self._worklist.read()
        said = list(filter(None, [self._worklist.problem, *self._worklist.remarks]))
        if said:
            self.tell(" ".join(said))
        for case in self._worklist.cases:
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
        if case is None or self._work.busy:
            return
        self.before_leaving()
        kept = self.kept_map(key)
        if case.name and kept is None:
            self._worklist.model = self.model()
            self._worklist.open(case.name)
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

    def _show_opened(self, result: OpenCaseResult) -> None:
        key = f"case:{result.case}"
        self._desk.open(key, result.image)
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

    def _add_file(self, path: Path) -> str:
        key = f"file:{path}"
        if key not in self._cases:
            marked = f" {SYNTHETIC}" if synthetic_output_of(path) else ""
            self._cases[key] = ListedCase(key, image_stem(path) + marked, path)
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
        data.why_not_next = BUSY if self._work.busy else "" if self._following() else NO_OTHER
