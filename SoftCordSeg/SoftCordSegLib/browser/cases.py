"""Which images there are, and opening one of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from CrossContrastLib.corrections.dataset import CorrectionDataset
from CrossContrastLib.errors import CrossContrastError
from CrossContrastLib.ground.files import image_stem
from SoftCordSegLib.browser.desk import Desk
from SoftCordSegLib.browser.state import CaseState


@dataclass(frozen=True)
class ListedCase:
    """One line of the list. ``name`` is the case's in the correction dataset, empty for files."""

    key: str
    title: str
    path: Path
    name: str = ""


class Cases:
    """The list of images: those of the command line, those of the correction dataset, and what the user sends."""

    def __init__(self, server: Any, desk: Desk, files: list[Path], dataset: CorrectionDataset | None) -> None:
        self._desk = desk
        self.dataset = dataset
        self.typed = TypedState(server.state, CaseState, namespace="cases")
        self._cases: dict[str, ListedCase] = {}
        for path in files:
            self._add(ListedCase(f"file:{path}", image_stem(path), path))
        self.refresh()

    @property
    def current(self) -> ListedCase | None:
        """The case that lies on the desk."""
        return self._cases.get(self._desk.case.key) if self._desk.case else None

    def refresh(self) -> None:
        """Look again at which cases there are and what has become of them."""
        states = {}
        for case in self.dataset.cases() if self.dataset else []:
            self._add(ListedCase(f"case:{case.name}", case.name, case.image, case.name))
            states[f"case:{case.name}"] = f"revision {case.revision}" if case.revision else case.state
        self.typed.data.items = [
            {"title": case.title, "subtitle": states.get(case.key, ""), "value": case.key}
            for case in self._cases.values()
        ]
        self._update()

    def take_files(self, paths: list[Path]) -> None:
        """Add images that the user sent, and open the first."""
        for path in paths:
            self._add(ListedCase(f"file:{path}", image_stem(path), path))
        self.refresh()
        self.open(f"file:{paths[0]}")

    def open(self, key: str) -> None:
        """Open a case; says why where it cannot be."""
        case = self._cases.get(key)
        if case is None:
            return
        try:
            self._desk.open(key, case.path)
            self._take_known_map(case)
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

    def _add(self, case: ListedCase) -> None:
        self._cases.setdefault(case.key, case)

    def _following(self) -> str:
        keys = list(self._cases)
        here = keys.index(self._desk.case.key) if self._desk.case and self._desk.case.key in keys else -1
        ahead = keys[here + 1 :] + keys[: max(here, 0)]
        waiting = {item["value"] for item in self.typed.data.items if item["subtitle"] == "pending"}
        return next((key for key in ahead if key in waiting), ahead[0] if ahead else "")

    def _take_known_map(self, case: ListedCase) -> None:
        """Show what a case of the dataset was corrected to, or else predicted as."""
        if not case.name or self.dataset is None:
            return
        from CrossContrastLib.corrections.starting import starting_point
        from CrossContrastLib.ground.images import write_image

        if self.dataset.case(case.name).revision == 0 and self.dataset.prediction(case.name) is None:
            return
        start = starting_point(self.dataset, case.name)
        copy = self._desk.folder / "maps" / f"{case.name}_softseg.nrrd"
        copy.parent.mkdir(exist_ok=True)
        write_image(start.soft, copy)
        self._desk.take_soft(copy)

    def _update(self) -> None:
        data, current = self.typed.data, self.current
        data.active = current.key if current else ""
        data.title = current.title if current else ""
        data.why_not_next = "" if self._following() else "There is no other image."
