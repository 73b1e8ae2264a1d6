"""Export of a correction dataset for other programs."""

from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.desk.cases import FORMS, Exporter
from crosscontrast.desk.runner import Runner


class ExportBox:
    """Binds form and button to an :class:`Exporter`, and asks where to."""

    def __init__(self, ui: Any, runner: Runner) -> None:
        self._ui = ui
        self._desk = Exporter(runner)
        ui.exportComboBox.addItems([_(title) for title in FORMS.values()])
        ui.exportButton.clicked.connect(self._ask)

    def update(self, dataset: Path | None, reason: str) -> None:
        """Allow the export of ``dataset``, or say why it cannot be; ``reason`` is what the dataset lacks."""
        self._desk.dataset = dataset
        reason = reason or self._desk.why_not()
        self._ui.exportButton.enabled = self._ui.exportComboBox.enabled = not reason
        self._ui.exportButton.toolTip = reason or _("Write all corrections that are not excluded into a new folder")

    def _ask(self) -> None:
        title = _("Export into a new folder in...")
        chosen = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title, str(self._desk.dataset))
        if chosen:
            self._desk.form = list(FORMS)[self._ui.exportComboBox.currentIndex]
            self._desk.run(Path(chosen))
