"""Between which intensities the image on the desk goes from black to white."""

from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import NO_IMAGE, BrightnessState


class Brightness:
    """Keeps the display of the image in step with a slider of two handles."""

    def __init__(self, server: Any, desk: Desk) -> None:
        self._desk = desk
        self.typed = TypedState(server.state, BrightnessState, namespace="brightness")
        self._case: Any = None
        self.typed.bind_changes({self.typed.name.limits: self._set})
        desk.listeners.append(self._on_desk)

    def auto(self) -> None:
        """Go back to the intensities that were found when the image was opened."""
        data = self.typed.data
        if not data.why_not:
            data.limits = list(data.found)
            self._set(data.limits)

    def _set(self, limits: list[float]) -> None:
        display = self._desk.case.image.GetDisplayNode() if self._desk.case else None
        if display is not None and limits[0] < limits[1]:
            display.AutoWindowLevelOff()
            display.SetWindowLevelMinMax(float(limits[0]), float(limits[1]))
            self._desk.draw()

    def _on_desk(self) -> None:
        case, data = self._desk.case, self.typed.data
        if case is self._case:
            return
        self._case = case
        data.why_not = "" if case else NO_IMAGE
        if case:
            display = case.image.GetDisplayNode()
            lowest, highest = case.image.GetImageData().GetScalarRange()
            found = [display.GetWindowLevelMin(), display.GetWindowLevelMax()]
            data.lowest, data.highest = min(lowest, found[0]), max(highest, found[1])
            data.step = (data.highest - data.lowest) / 500 or 1.0
            data.found, data.limits = found, list(found)
