"""The fields and the button with which a correction is saved into a dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.desk.correct import Corrector
from crosscontrast.desk.runner import Runner
from crosscontrast.desk.save import Saver

#: The user's name in Slicer's settings, for all panels.
_AUTHOR = "CrossContrast/Author"


class SaveForm:
    """Binds folder, author, subject and button of ``ui`` to a :class:`Saver`.

    Folder, under the name ``setting``, and author are kept in Slicer's settings; ``on_folder`` and ``on_author`` are
    called when the user changes them. ``label()`` returns the structure that the dataset must be of.
    """

    def __init__(
        self,
        ui: Any,
        corrector: Corrector,
        runner: Runner,
        setting: str,
        label: Callable[[], str] = lambda: "",
    ) -> None:
        self._ui, self._setting, self._label = ui, setting, label
        self.desk = Saver(corrector, runner)
        #: Called when the user names another folder, or themselves.
        self.onFolder: Callable[[], None] = lambda: None
        self.onAuthor: Callable[[], None] = lambda: None
        path = ctk.ctkPathLineEdit
        ui.datasetPathLineEdit.filters = path.Dirs | path.Writable
        ui.datasetPathLineEdit.currentPath = slicer.util.settingsValue(setting, "")
        ui.authorLineEdit.text = slicer.util.settingsValue(_AUTHOR, "")
        ui.datasetPathLineEdit.currentPathChanged.connect(self._folder_changed)
        ui.authorLineEdit.editingFinished.connect(self._author_changed)
        ui.saveButton.clicked.connect(self.save)

    @property
    def folder(self) -> Path | None:
        """The dataset's folder, where one was named."""
        text = self._ui.datasetPathLineEdit.currentPath
        return Path(text) if text else None

    def save(self) -> None:
        """Save the correction, where it can be; a mask that looks wrong is asked about first."""
        self._fill_in()
        question = self.desk.question()
        if not question or slicer.util.confirmYesNoDisplay(question):
            self.desk.save(force=bool(question))

    def update(self, tip: str) -> None:
        """Enable the button, or let it say why not."""
        self._fill_in()
        reason = self.desk.why_not()
        self._ui.saveButton.enabled = not reason
        self._ui.saveButton.toolTip = reason or tip
        case, revision = self.desk.case
        state = _("revision {number}").format(number=revision) if revision else _("as predicted")
        self._ui.subjectLineEdit.enabled = not case
        self._ui.caseLabel.text = _("{case}, {state}").format(case=case, state=state) if case else ""

    def _fill_in(self) -> None:
        ui, desk = self._ui, self.desk
        desk.dataset, desk.label = self.folder, self._label()
        desk.author, desk.subject = ui.authorLineEdit.text, ui.subjectLineEdit.text

    def _folder_changed(self, path: str) -> None:
        qt.QSettings().setValue(self._setting, path)
        self.onFolder()

    def _author_changed(self) -> None:
        qt.QSettings().setValue(_AUTHOR, self._ui.authorLineEdit.text)
        self.onAuthor()
