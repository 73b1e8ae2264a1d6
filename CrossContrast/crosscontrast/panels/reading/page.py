"""Reading in Slicer: a box in a panel that shows the images of a reader's kit and takes the answers."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.errors import CrossContrastError
from crosscontrast.panels import requirements
from crosscontrast.panels.messages import show_error
from crosscontrast.reading.scene.marks import Marker
from crosscontrast.scene.volumes import read_volume

if TYPE_CHECKING:
    from crosscontrast.panels.reading.question_widgets import QuestionWidget
    from crosscontrast.reading.sitting import Sitting
    from crosscontrast.reading.store import Store

#: Milliseconds between two signs of life.
_HEARTBEAT = 10_000


class ReadingPage:
    """The page. ``needed`` is the module's file of Python packages, ``title`` its name for the user.

    Nothing that it shows, nodes' names included, tells which arm an image belongs to: the kit does not know either.
    """

    def __init__(self, needed: Path, title: str) -> None:
        self._needed, self._title = needed, title
        self._sitting: Sitting | None = None
        self._store: Store | None = None
        self._images = Path()
        self._volume: Any = None
        self._markers: dict[str, Marker] = {}
        self._nonce = ""
        self._paused = False
        self.questions: list[QuestionWidget] = []
        self.current = 0
        self._build()

    def _build(self) -> None:
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = _("Reader study")
        layout = qt.QVBoxLayout(self.widget)
        self.kitPath = ctk.ctkPathLineEdit()
        self.kitPath.filters = ctk.ctkPathLineEdit.Dirs
        self.kitPath.toolTip = _("The folder that the organiser of the study gave you")
        self.openButton = self._button(_("Begin or go on"), self.open)
        self.progressLabel, self.messageLabel = qt.QLabel(), qt.QLabel()
        self.questionArea = qt.QWidget()
        qt.QVBoxLayout(self.questionArea)
        self.nextButton = self._button(_("Next: lock the answers (Enter)"), self.next)
        self.pauseButton = self._button(_("Pause"), self.pause)
        for label in (self.progressLabel, self.messageLabel):
            label.wordWrap = True
        for widget in (
            self.kitPath, self.openButton, self.progressLabel, self.questionArea, self.messageLabel, self.nextButton,
            self.pauseButton,
        ):  # fmt: skip
            layout.addWidget(widget)
        for key, action in self._keys().items():
            shortcut = qt.QShortcut(qt.QKeySequence(key), self.widget)
            shortcut.context = qt.Qt.WidgetWithChildrenShortcut
            shortcut.activated.connect(action)
        self._timer = qt.QTimer()
        self._timer.setInterval(_HEARTBEAT)
        self._timer.timeout.connect(self._alive)
        self.widget.collapsed = True
        self._update()

    def _keys(self) -> dict[str, Any]:
        digits = {str(n): (lambda *_args, n=n: self.choose(n)) for n in range(1, 10)}
        return digits | {
            "Return": self.next,
            "Down": lambda: self.focus(self.current + 1),
            "Up": lambda: self.focus(self.current - 1),
        }

    @staticmethod
    def _button(text: str, action: Any) -> Any:
        button = qt.QPushButton(text)
        button.clicked.connect(lambda *_args: action())
        return button

    def open(self) -> None:
        """Open the kit and show the current image."""
        self.close()
        try:
            requirements.install(self._needed, self._title, torch=False)
            from crosscontrast.reading.kit import open_kit
            from crosscontrast.reading.plan import IMAGE_FOLDER
            from crosscontrast.reading.sitting import Sitting

            kit = Path(self.kitPath.currentPath)
            program, self._store = open_kit(kit)
            self._images = kit / IMAGE_FOLDER
            self._sitting = Sitting(program, self._store, "slicer")
            self._show()
        except CrossContrastError as error:
            self._fail(error)
        else:
            self._timer.start()

    def close(self) -> None:
        """Stop the clock and take the image away; the place in the study is kept."""
        self._timer.stop()
        if self._sitting is not None and not self._paused:
            self._sitting.pause()
        if self._store is not None:
            self._store.close()
        self._sitting = self._store = None
        self._paused = False
        self._clear()
        self.progressLabel.text = ""
        self._update()

    def next(self) -> None:
        """Lock the answers and show the next image; the answers are on disk before it."""
        if self._sitting is None or not self.nextButton.enabled:
            return
        reading = self._sitting.state().reading
        try:
            values = {widget.question.id: widget.value for widget in self.questions}
            self._sitting.answer(reading.id if reading else "", values, self._nonce)
            self._show()
        except CrossContrastError as error:
            self.messageLabel.text = error.message

    def pause(self) -> None:
        """Begin or end a break; meanwhile the image is hidden and the time does not count."""
        if self._sitting is None or self._volume is None:
            return
        self._paused = not self._paused
        if self._paused:
            self._sitting.pause()
        else:
            self._sitting.resume()
        self._set_background(None if self._paused else self._volume)
        self._update()

    def choose(self, number: int) -> None:
        """Answer the current question by a digit and go on to the next question."""
        if self.questions and not self._paused and self.questions[self.current].choose(number):
            self.focus(self.current + 1)

    def focus(self, number: int) -> None:
        """Make a question the current one."""
        self.current = max(0, min(number, len(self.questions) - 1))
        for place, widget in enumerate(self.questions):
            widget.box.setStyleSheet("QGroupBox { font-weight: bold; }" if place == self.current else "")

    def _show(self) -> None:
        from crosscontrast.panels.reading.question_widgets import QuestionWidget
        from crosscontrast.reading.sitting import date_text

        assert self._sitting is not None
        self._clear()
        state = self._sitting.state()
        if state.reading is None:
            self.progressLabel.text = (
                _("Thank you. You have read everything.")
                if state.phase == "finished"
                else _("The next session begins on {date}.").format(date=date_text(state.not_before or 0))
            )
            self._update()
            return
        self._volume = read_volume(slicer.mrmlScene, self._images / state.reading.image, "image")
        self._volume.SetName("image")  # the scene numbers names, which would count a reader's readings
        self._window()
        self._set_background(self._volume)
        self._sitting.show()
        self._nonce = secrets.token_hex(16)
        text = _("Image {number} of {total}, session {session} of {sessions}").format(
            number=state.done + 1, total=state.total, session=state.session, sessions=state.sessions
        )
        self.progressLabel.text = text + (" · " + _("training, not counted") if state.reading.training else "")
        self.messageLabel.text = "" if state.done else self._sitting.program.instructions
        for question in self._sitting.program.questions:
            widget = QuestionWidget(question, self._update, self._mark)
            self.questionArea.layout().addWidget(widget.box)
            self.questions.append(widget)
        self.focus(0)
        self._update()

    def _window(self) -> None:
        from crosscontrast.reading.blinding import BLACK, WHITE

        display = self._volume.GetDisplayNode()
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(BLACK, WHITE)

    def _set_background(self, volume: Any) -> None:
        """Show a volume, or nothing, in all slice views, which move together."""
        scene = slicer.mrmlScene
        for number in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
            composite = scene.GetNthNodeByClass(number, "vtkMRMLSliceCompositeNode")
            composite.SetBackgroundVolumeID(volume.GetID() if volume else None)
            composite.SetForegroundVolumeID(None)
            composite.SetLinkedControl(True)
        if volume and slicer.util.mainWindow():
            slicer.util.resetSliceViews()

    def _mark(self, question: str) -> None:
        widget = next(w for w in self.questions if w.question.id == question)
        marker = self._markers.get(question)
        if marker is None:
            marker = self._markers[question] = Marker(slicer.mrmlScene, widget.set_value)
        marker.begin()

    def _clear(self) -> None:
        for marker in self._markers.values():
            marker.close()
        self._markers = {}
        if self._volume is not None and slicer.mrmlScene.IsNodePresent(self._volume):
            slicer.mrmlScene.RemoveNode(self._volume.GetDisplayNode())
            slicer.mrmlScene.RemoveNode(self._volume)
        self._volume = None
        for widget in self.questions:
            self.questionArea.layout().removeWidget(widget.box)
            widget.box.deleteLater()
        self.questions = []
        self.messageLabel.text = ""

    def _alive(self) -> None:
        if self._sitting is not None and not self._paused:
            try:
                self._sitting.alive()
            except CrossContrastError as error:
                self.messageLabel.text = error.message

    def _fail(self, error: CrossContrastError) -> None:
        self.close()
        self.messageLabel.text = error.message
        show_error(error, self._title)

    def _update(self) -> None:
        shown = self._volume is not None
        open_questions = [w for w in self.questions if w.question.required and w.value is None]
        self.nextButton.enabled = shown and not self._paused and not open_questions
        self.pauseButton.enabled = shown
        self.pauseButton.text = _("Go on") if self._paused else _("Pause")
        self.questionArea.enabled = not self._paused
