"""Other images beside the one that lies on the desk, or in its place for as long as one looks."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.showing import Showing
from crosscontrast.app.pages.state import NO_IMAGE, CompareState
from crosscontrast.app.server.row import LAYOUT, ORIENTATIONS, ViewRow
from crosscontrast.errors import CrossContrastError
from crosscontrast.scene.colours import soft_table
from crosscontrast.scene.images import overlap
from crosscontrast.scene.results import load_image

#: Seconds that each of two blinking images is shown.
_BLINK = 0.8
_NOTHING_BESIDE = "Choose an image to compare with."
_PATIENT = re.compile(r"(sub-[A-Za-z0-9]+)(_ses-[A-Za-z0-9]+)?")


@dataclass(frozen=True)
class SpreadMap:
    """A map of the uncertainty of a translation, which is no image to work on but one to look at."""

    key: str
    title: str
    path: Path


class Comparing:
    """Shows chosen images in a row of linked views, or blinks the first of them with the image on the desk."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, showing: Showing, row: ViewRow) -> None:
        self._server, self._desk, self._cases, self._showing, self._row = server, desk, cases, showing, row
        self.typed = TypedState(server.state, CompareState, namespace="compare")
        self.typed.data.orientations = list(ORIENTATIONS)
        self.typed.data.orientation = ORIENTATIONS[0]
        self.spreads: dict[str, SpreadMap] = {}
        self._nodes: dict[str, Any] = {}
        self._case = ""
        self._flipped = False
        self._blinking: asyncio.Task[None] | None = None
        name = self.typed.name
        self.typed.bind_changes(
            {
                name.chosen: self._choose,
                name.orientation: lambda _: self._show(),
                name.blink: self._blink,
            }
        )
        desk.listeners.append(self._on_desk)
        cases.listeners.append(self.refresh)
        showing.listeners.append(self._show)
        self.refresh()

    def beside(self, keys: list[str]) -> None:
        """Put these beside the image on the desk, in a row."""
        self.typed.data.chosen = keys
        self._choose(keys)

    def same_patient(self) -> None:
        """Put all images of the same patient, and the same visit, beside the image."""
        if not self.typed.data.why_not_patient:
            self.beside(self._of_same_patient()[: self._row.most - 1])

    def flip(self) -> None:
        """Show the first of the chosen images in the place of the image on the desk, or the image again."""
        if not self.typed.data.why_not_blink:
            self._flipped = not self._flipped
            self._put_in_place()

    def refresh(self) -> None:
        """Look again at what can be compared."""
        data, case = self.typed.data, self._desk.case
        here = case.key if case else ""
        data.items = [
            *({"title": item["title"], "value": item["value"]} for item in self._cases.typed.data.items),
            *({"title": spread.title, "value": spread.key} for spread in self.spreads.values()),
        ]
        data.items = [item for item in data.items if item["value"] != here]
        data.why_not = NO_IMAGE if case is None else "" if data.items else "There is no other image."
        data.why_not_blink = data.why_not or ("" if data.chosen else _NOTHING_BESIDE)
        others = self._of_same_patient()
        data.why_not_patient = data.why_not or ("" if others else "The list has no other image named of this patient.")
        if data.why_not_blink and (data.blink or self._flipped):
            self._stop()
            self._put_in_place()

    def _choose(self, keys: list[str]) -> None:
        data = self.typed.data
        allowed = {item["value"] for item in data.items}
        wanted = [key for key in keys if key in allowed][: self._row.most - 1]
        for key in wanted:
            if key not in self._nodes:
                try:
                    self._nodes[key] = self._load(key)
                    self._tell_where(key)
                except CrossContrastError as error:
                    self._cases.tell(error.message)
        if [key for key in wanted if key in self._nodes] != list(keys):
            data.chosen = [key for key in wanted if key in self._nodes]
        for key in set(self._nodes) - set(wanted):
            self._desk.scene.RemoveNode(self._nodes.pop(key))
        if data.chosen:
            self._showing.typed.data.layout = LAYOUT
            self._showing.set_layout(LAYOUT)
        self.refresh()
        self._show()

    def _load(self, key: str) -> Any:
        spread = self.spreads.get(key)
        if spread is None:
            return load_image(self._desk.scene, self._desk.as_file(self._cases.path_of(key)))
        node = load_image(self._desk.scene, spread.path)
        display = node.GetDisplayNode()
        display.SetAndObserveColorNodeID(soft_table(self._desk.scene, "ice").GetID())
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(0.0, float(node.GetImageData().GetScalarRange()[1]) or 1.0)
        return node

    def _tell_where(self, key: str) -> None:
        """Say so where an image has no place in common with the one on the desk: its view would stay black."""
        case = self._desk.case
        if case and not overlap(case.image, self._nodes[key]):
            self._cases.tell(f"{self._title(key)} shows another part of the body than {self._cases.typed.data.title}.")

    def _show(self) -> None:
        case, data = self._desk.case, self.typed.data
        if case is None:
            return
        chosen = [key for key in data.chosen if key in self._nodes]
        images = [self._in_place(), *(self._nodes[key] for key in chosen)]
        self._row.show(images, [self._title_in_place(), *map(self._title, chosen)], str(data.orientation))
        self._desk.draw()

    def _put_in_place(self) -> None:
        """Show in the ordinary views, and in the first of the row, what is their turn."""
        if self._desk.case is None:
            return
        node = self._in_place()
        for view in self._desk.application.view_manager.get_slice_views():
            if view.get_singleton_tag() not in self._row.followers:
                view.set_background_volume_id(node.GetID())
        self.typed.data.in_place = self._title_in_place() if self._flipped else ""
        self._show()

    def _in_place(self) -> Any:
        chosen, case = self.typed.data.chosen, self._desk.case
        assert case
        return self._nodes[chosen[0]] if self._flipped and chosen else case.image

    def _title_in_place(self) -> str:
        chosen = self.typed.data.chosen
        return self._title(chosen[0]) if self._flipped and chosen else self._cases.typed.data.title

    def _title(self, key: str) -> str:
        return next((item["title"] for item in self.typed.data.items if item["value"] == key), "")

    def _blink(self, on: bool) -> None:
        task, self._blinking = self._blinking, None
        if task:
            task.cancel()
        if on and not self.typed.data.why_not_blink:
            self._blinking = asyncio.ensure_future(self._keep_blinking())
        elif task and self._flipped:  # what was swapped by hand stays
            self.flip()

    async def _keep_blinking(self) -> None:
        while True:
            with self._server.state:
                self.flip()
            await asyncio.sleep(_BLINK)

    def _on_desk(self) -> None:
        key = self._desk.case.key if self._desk.case else ""
        if key != self._case:
            self._case = key
            self._row.leave()
            self._stop()
            self.typed.data.chosen = []
            for node in self._nodes.values():
                self._desk.scene.RemoveNode(node)
            self._nodes = {}
            self.refresh()
        self._show()

    def _stop(self) -> None:
        """End blinking; the image on the desk is in its place again."""
        self._flipped = False
        self.typed.data.in_place = ""
        self.typed.data.blink = False
        self._blink(False)

    def _of_same_patient(self) -> list[str]:
        current = self._cases.current
        patient = _PATIENT.match(current.title) if current else None
        if patient is None:
            return []
        items = self._cases.typed.data.items
        found = [item["value"] for item in items if (other := _PATIENT.match(item["title"])) and other[0] == patient[0]]
        return [key for key in found if current and key != current.key]
