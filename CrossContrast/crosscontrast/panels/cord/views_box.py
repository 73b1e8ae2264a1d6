"""The buttons that bring the views to the cord, and to the slices that should be looked at first."""

from typing import Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.desk.doubtful import DoubtfulSlice
from crosscontrast.desk.measure import Ruler
from crosscontrast.errors import CrossContrastError
from crosscontrast.scene.cord.looking import lay_out, look_at, turn_to, zoom_to


class ViewsBox:
    """Binds the buttons; ``ruler`` measures the map at hand."""

    def __init__(self, ui: Any, ruler: Ruler) -> None:
        self._ui, self._ruler = ui, ruler
        self._soft: Any = None
        self._doubtful: list[DoubtfulSlice] | None = None
        self._number = -1
        self._laid_out = False
        ui.zoomButton.clicked.connect(self.zoom)
        ui.doubtfulButton.clicked.connect(self.next_doubtful)
        self.use(None)

    def use(self, soft: Any) -> None:
        """Let ``soft`` be the map at hand (``None``: none is)."""
        if soft is not self._soft:
            self._soft, self._doubtful, self._number = soft, None, -1
            self._ui.doubtfulLabel.text = ""
        reason = "" if soft is not None else _("Run a segmentation or choose a soft map.")
        for button, tip in (
            (self._ui.zoomButton, _("The axial view large, the sagittal one beside it, both at the cord")),
            (self._ui.doubtfulButton, _("Go to the next slice where the model was not sure or the area jumps. D")),
        ):
            button.enabled = not reason
            button.toolTip = reason or tip
        self._ui.doubtfulLabel.visible = bool(self._ui.doubtfulLabel.text)

    def begin(self) -> None:
        """A correction begins: the views snap to its slices; at the first one they are laid out for it, too.

        Between two slices a stroke in one of them would hardly be seen.
        """
        if self._soft is None:
            return
        self._doubtful, self._number = None, -1
        self._zoom(lay=not self._laid_out)
        self.next_doubtful()

    def zoom(self) -> None:
        """Lay the views out and show the cord large, at the doubtful slice that was gone to last or in its middle."""
        self._zoom(lay=True)

    def _zoom(self, *, lay: bool) -> None:
        places = self._places()
        if not places:
            return
        if lay:
            self._laid_out = True
            lay_out(slicer.mrmlScene)
            slicer.app.processEvents()  # the views get their new sizes
        turn_to(slicer.mrmlScene, self._soft)
        first, last = (self._in_world(place) for place in (places[0], places[-1]))
        length = sum((a - b) ** 2 for a, b in zip(first, last, strict=True)) ** 0.5
        middle = places[len(places) // 2]
        if self._doubtful and self._number >= 0:
            middle = self._doubtful[self._number].place
        zoom_to(slicer.mrmlScene, self._in_world(middle), length)
        _snap()

    def next_doubtful(self) -> None:
        """Go to the next doubtful slice, after the last one to the worst again."""
        if self._soft is None:
            return
        if self._doubtful is None:
            self._doubtful = self._find()
        if not self._doubtful:
            self._say(_("No slice stands out."))
            return
        self._number = (self._number + 1) % len(self._doubtful)
        one = self._doubtful[self._number]
        look_at(slicer.mrmlScene, self._in_world(one.place))
        _snap()
        text = _("Slice {slice} ({number} of {count}): {why}.")
        self._say(text.format(slice=one.slice, number=self._number + 1, count=len(self._doubtful), why=one.why))

    def _find(self) -> list[DoubtfulSlice]:
        try:
            return self._ruler.doubtful(self._soft)
        except CrossContrastError:  # which the page of the areas says
            return []

    def _places(self) -> list[tuple[float, float, float]]:
        """The middle of the cord in each of its slices, RAS without the transform."""
        if self._soft is None:
            return []
        try:
            _curve, centres = self._ruler.curve_and_centres(self._soft)
        except CrossContrastError:
            return []
        return [(-x, -y, z) for x, y, z in centres.tolist()]

    def _in_world(self, place: tuple[float, float, float]) -> list[float]:
        world = [0.0, 0.0, 0.0]
        self._soft.TransformPointToWorld(list(place), world)
        return world

    def _say(self, text: str) -> None:
        self._ui.doubtfulLabel.text = text
        self._ui.doubtfulLabel.visible = bool(text)


def _snap() -> None:
    """Let every slice view show a slice of its volume and nothing between two."""
    layouts = slicer.app.layoutManager()
    for name in layouts.sliceViewNames() if layouts is not None else ():
        layouts.sliceWidget(name).sliceLogic().SnapSliceOffsetToIJK()
