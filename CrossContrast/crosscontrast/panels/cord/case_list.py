"""The cases of a correction dataset: corrected, pending, excluded with the reason."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from crosscontrast.errors import CrossContrastError
from crosscontrast.panels import requirements
from crosscontrast.panels.cord.csa_page import fill
from crosscontrast.panels.messages import show_error

if TYPE_CHECKING:
    from crosscontrast.corrections.records import Case


class CaseList:
    """Fills the table and excludes cases; ``open_case`` opens the one whose name it gets."""

    def __init__(self, ui: Any, needed: Path, open_case: Callable[[str], None]) -> None:
        self._ui = ui
        self._needed = needed
        self._open = open_case
        self._folder: Path | None = None
        self._cases: list[Case] = []
        self._busy = False
        #: Whether the folder holds a dataset that could be read.
        self.known = False
        ui.caseTable.itemSelectionChanged.connect(self.update)
        ui.caseTable.cellDoubleClicked.connect(self._on_double_click)
        ui.reasonLineEdit.textChanged.connect(self.update)
        ui.openButton.clicked.connect(self._open_selected)
        ui.excludeButton.clicked.connect(self._exclude_or_include)

    def read(self, folder: Path | None) -> None:
        """Read the cases of the dataset in ``folder``; none where there is no dataset or packages are missing."""
        self._folder, self._cases, self.known = folder, [], False
        if folder and folder.is_dir() and requirements.are_installed(self._needed):
            from crosscontrast.corrections.dataset import CorrectionDataset
            from crosscontrast.corrections.layout import Layout

            if Layout(folder).settings.exists():
                try:
                    self._cases = CorrectionDataset(folder).cases()
                    self.known = True
                except CrossContrastError as error:
                    self._ui.datasetStatusLabel.text = error.message
        states = {"pending": _("pending"), "corrected": _("corrected"), "excluded": _("excluded")}
        rows = [
            (
                case.name,
                states[case.state],
                _("frozen test subject") if case.test else "",
                str(case.revision or "–"),
                case.reason,
            )
            for case in self._cases
        ]
        fill(self._ui.caseTable, [_("Case"), _("State"), _("Test"), _("Revision"), _("Why excluded")], rows)
        self._ui.caseTable.visible = self.known

    def waits(self, at_hand: str) -> bool:
        """Whether a case other than the one ``at_hand`` waits to be corrected."""
        return any(case.state == "pending" and case.name != at_hand for case in self._cases)

    def update(self, busy: bool | None = None) -> None:
        """Enable what can be done with the selected case, and say why the rest cannot."""
        self._busy = self._busy if not isinstance(busy, bool) else busy
        case = self._selected()
        nothing = "" if case else _("Select a case in the table.")
        self._allow(self._ui.openButton, nothing, _("Open the case; a corrected one with its newest revision"))
        excluded = case is not None and case.state == "excluded"
        self._ui.excludeButton.text = _("Include again") if excluded else _("Exclude")
        if excluded:
            reason, tip = "", _("Take the case off the list of what is not trained on")
        else:
            reason = nothing or ("" if self._ui.reasonLineEdit.text.strip() else _("Say why it shall be excluded."))
            tip = _("Do not train on the case; it stays in the dataset")
        self._allow(self._ui.excludeButton, reason, tip)
        self._ui.reasonLineEdit.enabled = case is not None and not excluded
        for part in (self._ui.openButton, self._ui.reasonLineEdit, self._ui.excludeButton):
            part.visible = self.known

    def _allow(self, button: Any, reason: str, tip: str) -> None:
        button.enabled = not reason and not self._busy
        button.toolTip = reason or tip

    def _selected(self) -> "Case | None":
        row = self._ui.caseTable.currentRow()
        return self._cases[row] if 0 <= row < len(self._cases) else None

    def _on_double_click(self, row: int, column: int) -> None:
        if not self._busy:
            self._open(self._cases[row].name)

    def _open_selected(self) -> None:
        case = self._selected()
        if case:
            self._open(case.name)

    def _exclude_or_include(self) -> None:
        from crosscontrast.corrections.dataset import CorrectionDataset

        case = self._selected()
        if case is None or self._folder is None:
            return
        try:
            dataset = CorrectionDataset(self._folder)
            if case.state == "excluded":
                dataset.include(case.name)
            else:
                dataset.exclude(case.name, self._ui.reasonLineEdit.text, author=self._ui.authorLineEdit.text.strip())
                self._ui.reasonLineEdit.text = ""
        except CrossContrastError as error:
            show_error(error, _("Correction dataset"))
        self.read(self._folder)
        self.update()
