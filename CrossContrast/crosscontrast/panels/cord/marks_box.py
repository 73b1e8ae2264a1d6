"""The buttons with which a person shows where the cord is, where it ends and where it goes on."""

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from crosscontrast.scene.cord.marks import (
    ENDS,
    HERE,
    ON,
    Placing,
    Point,
    clear_marks,
    make_marks,
    marks_of,
    points_of,
)


class MarksBox(VTKObservationMixin):
    """Binds the buttons. ``on_here`` is called after a click on the cord, ``on_goes_on`` with the point of one.

    A button waits for one click in the views; pressed again, or with another tool taken, it waits no more.
    """

    def __init__(self, ui: Any, on_here: Callable[[], None], on_goes_on: Callable[[Point], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._ui, self._on_here, self._on_goes_on = ui, on_here, on_goes_on
        self._volume: Any = None
        self._corrected: Any = None  # the image under correction
        self._placing = Placing(slicer.mrmlScene, self.update)
        self._clicked: Any = None
        # Slicer is still busy with the click when it tells of the point.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._take)
        self._buttons = {HERE: ui.hereButton, ENDS: ui.endsButton, ON: ui.pickUpButton}
        self._names = {HERE: _("cord is here"), ENDS: _("cord ends here"), ON: _("cord goes on here")}
        for kind, button in self._buttons.items():
            button.clicked.connect(lambda _checked=False, kind=kind: self._press(kind))
        ui.clearMarksButton.clicked.connect(self.clear)

    @property
    def here(self) -> tuple[Point, ...]:
        """The marks in the cord of the input volume."""
        return points_of(self._volume, HERE) if self._volume else ()

    @property
    def ends(self) -> tuple[Point, ...]:
        """The marks in slices in which it ends."""
        return points_of(self._volume, ENDS) if self._volume else ()

    def use(self, volume: Any, corrected: Any) -> None:
        """Take marks on ``volume``, the input, and on ``corrected``, the image under correction (``None``: none is)."""
        if volume is not self._volume:
            self._show(False)
            self._volume = volume
            self._show(True)
        self._corrected = corrected
        self.update()

    def put_down(self) -> None:
        """Wait for no click any more."""
        self._placing.end()

    def clear(self) -> None:
        """Take the marks on the input volume away."""
        self._placing.end()
        clear_marks(self._volume, HERE, ENDS)
        self.update()

    def close(self) -> None:
        """The scene closes, or the module goes."""
        self._placing.close()
        self._timer.stop()
        self.removeObservers()
        self._volume = self._corrected = None

    def update(self) -> None:
        """Show what is waited for, and say what is marked."""
        ui, node = self._ui, self._placing.node
        for kind, button in self._buttons.items():
            of = self._of(kind)
            button.checked = node is not None and node is marks_of(of, kind)
            button.enabled = of is not None
        no_image, no_cord = _("Choose an input volume."), _("Begin the correction first.")
        ui.hereButton.toolTip = (
            _("Click on the cord in a view: it is segmented from there") if self._volume else no_image
        )
        ui.endsButton.toolTip = (
            _("Click in the last slice of the cord: the next run stops there") if self._volume else no_image
        )
        ui.pickUpButton.toolTip = (
            _("Click where the cord was lost: it is followed from there, and what you corrected stays")
            if self._corrected
            else no_cord
        )
        ui.clearMarksButton.enabled = bool(self.here or self.ends)
        ui.marksLabel.text = self._said()
        ui.marksLabel.visible = bool(ui.marksLabel.text)

    def _said(self) -> str:
        node = self._placing.node
        for kind in (HERE, ENDS):
            if node is not None and node is marks_of(self._volume, kind):
                return _("Click in a view now.")
        if not (self.here or self.ends):
            return ""
        return _("Marked: {here} in the cord, {ends} where it ends.").format(here=len(self.here), ends=len(self.ends))

    def _of(self, kind: str) -> Any:
        return self._corrected if kind == ON else self._volume

    def _press(self, kind: str) -> None:
        volume = self._of(kind)
        waits = self._placing.node
        if waits is not None:
            self._placing.end()
        if volume is not None and (waits is None or waits is not marks_of(volume, kind)):
            node = make_marks(volume, kind, self._names[kind])
            if not self.hasObserver(node, node.PointPositionDefinedEvent, self._on_point):
                self.addObserver(node, node.PointPositionDefinedEvent, self._on_point)
            self._placing.begin(node)
        self.update()

    def _on_point(self, node: Any, _event: Any) -> None:
        self._clicked = node
        self._timer.start()

    def _take(self) -> None:
        node, self._clicked = self._clicked, None
        if node is None or node.GetScene() is None:
            return
        self._placing.end()
        if node is marks_of(self._corrected, ON):
            points = points_of(self._corrected, ON)
            clear_marks(self._corrected, ON)
            if points:
                self._on_goes_on(points[-1])
        self.update()
        if node is marks_of(self._volume, HERE) and self.here:
            self._on_here()

    def _show(self, shown: bool) -> None:
        for kind in (HERE, ENDS):
            node = marks_of(self._volume, kind)
            if node is not None and node.GetDisplayNode():
                node.GetDisplayNode().SetVisibility(shown)
