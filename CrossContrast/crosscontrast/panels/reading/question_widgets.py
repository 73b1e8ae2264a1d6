"""The questions of a reading as Qt widgets."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from crosscontrast.reading.questions import AnyQuestion, Choice, Confidence, Likert, Number, Point, Turing, YesNo


def options_of(question: AnyQuestion) -> list[tuple[Any, str]]:
    """Return what can be chosen, as value and label; empty for questions that are answered otherwise."""
    match question:
        case Likert():
            ends = len(question.labels) == 2
            named = dict(
                zip((1, question.points) if ends else range(1, question.points + 1), question.labels, strict=False)
            )
            return [(n, f"{n} {named[n]}" if n in named else str(n)) for n in range(1, question.points + 1)]
        case YesNo():
            return [("yes", _("yes")), ("no", _("no"))]
        case Turing():
            return [("real", _("acquired (real)")), ("synthetic", _("made (synthetic)"))]
        case Choice():
            return [(option, option) for option in question.options]
    return []


class QuestionWidget:
    """A box with one question. ``changed`` is called when its answer changes, ``mark`` when a point is to be marked."""

    def __init__(self, question: AnyQuestion, changed: Callable[[], None], mark: Callable[[str], None]) -> None:
        self.question = question
        self._changed = changed
        self._value: Any = None
        self.box = qt.QGroupBox(question.text if question.required else question.text + " " + _("(optional)"))
        self.buttons: list[Any] = []
        self.input: Any = None
        layout = qt.QVBoxLayout(self.box)
        if options_of(question):
            self._add_options(layout)
        elif isinstance(question, Point):
            button = qt.QPushButton(_("Mark"))
            button.clicked.connect(lambda *_args: mark(question.id))
            self.buttons = [button]
            self.input = qt.QLabel()
            for widget in (button, self.input):
                layout.addWidget(widget)
        else:
            self._add_input(layout)

    @property
    def value(self) -> Any:
        """The answer, ``None`` for none yet."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Take an answer and show it."""
        self._value = value
        for button, (option, _label) in zip(self.buttons, options_of(self.question), strict=False):
            button.checked = option == value
        if isinstance(self.question, Point):
            self.input.text = "" if value is None else ", ".join(f"{part:.1f}" for part in value) + " mm"
        self._changed()

    def choose(self, number: int) -> bool:
        """Choose the option of a digit from 1; whether there is one."""
        options = options_of(self.question)
        if 1 <= number <= len(options):
            self.set_value(options[number - 1][0])
            return True
        return False

    def _add_options(self, layout: Any) -> None:
        row = qt.QHBoxLayout()
        layout.addLayout(row)
        for option, label in options_of(self.question):
            button = qt.QPushButton(label)
            button.checkable = True
            button.clicked.connect(lambda *_args, option=option: self.set_value(option))
            row.addWidget(button)
            self.buttons.append(button)

    def _add_input(self, layout: Any) -> None:
        if isinstance(self.question, Confidence):
            self.input = qt.QSlider(qt.Qt.Horizontal)
            self.input.setRange(0, 100)
            self.input.value = 50
            told = qt.QLabel("–")
            layout.addWidget(told)
            self.input.valueChanged.connect(lambda value: told.setText(str(value)))
            self.input.valueChanged.connect(lambda value: self._take(int(value)))
        elif isinstance(self.question, Number):
            self.input = qt.QLineEdit()
            self.input.placeholderText = self.question.unit
            self.input.textChanged.connect(lambda text: self._take(_number(text)))
        else:
            self.input = qt.QPlainTextEdit()
            self.input.setMaximumHeight(60)
            self.input.textChanged.connect(lambda: self._take(self.input.plainText or None))
        layout.addWidget(self.input)

    def _take(self, value: Any) -> None:
        self._value = value
        self._changed()


def _number(text: str) -> Any:
    """Return what was typed as a number; what is none stays text, which the study refuses and names."""
    try:
        return float(text.replace(",", ".")) if text.strip() else None
    except ValueError:
        return text
