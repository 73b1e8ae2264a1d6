"""The cases of a correction dataset: corrected, pending, excluded with the reason."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from crosscontrast.desk.cases import Worklist
from crosscontrast.errors import CrossContrastError
from crosscontrast.panels.cord.csa_page import fill
from crosscontrast.panels.messages import show_error

if TYPE_CHECKING:
    from crosscontrast.corrections.records import Case


class CaseList:
    """Binds the table to a :class:`Worklist`; ``open_case`` opens the one whose name it gets."""

    def __init__(self, ui: Any, worklist: Worklist, open_case: Callable[[str], None]) -> None:
        self._ui = ui
        self._worklist = worklist
        self._open = open_case
        ui.caseTable.itemSelectionChanged.connect(self.update)
        ui.caseTable.cellDoubleClicked.connect(lambda row, _column: self._open(worklist.cases[row].name))
        ui.reasonLineEdit.textChanged.connect(self.update)
        ui.openButton.clicked.connect(self._open_selected)
        ui.excludeButton.clicked.connect(self._exclude_or_include)

    def show(self) -> None:
        """Show the cases as they were read last."""
        states = {"pending": _("pending"), "corrected": _("corrected"), "excluded": _("excluded")}
        rows = [
            (
                case.name,
                states[case.state],
                _("frozen test subject") if case.test else "",
                str(case.revision or "–"),
                case.reason,
            )
            for case in self._worklist.cases
        ]
        fill(self._ui.caseTable, [_("Case"), _("State"), _("Test"), _("Revision"), _("Why excluded")], rows)
        self._ui.caseTable.visible = self._worklist.known
        self.update()

    def update(self) -> None:
        """Enable what can be done with the selected case, and say why the rest cannot."""
        ui, case = self._ui, self._selected()
        excluded = case is not None and case.state == "excluded"
        selected = "" if case else _("Select a case in the table.")
        tip = _("Open the case; a corrected one with its newest revision")
        self._allow(ui.openButton, selected or self._worklist.why_not_open(), tip)
        ui.excludeButton.text = _("Include again") if excluded else _("Exclude")
        tip = _("Do not train on the case; it stays in the dataset")
        if excluded:
            tip = _("Take the case off the list of what is not trained on")
        self._allow(ui.excludeButton, self._worklist.why_not_exclude(case, ui.reasonLineEdit.text), tip)
        ui.reasonLineEdit.enabled = case is not None and not excluded
        for part in (ui.openButton, ui.reasonLineEdit, ui.excludeButton):
            part.visible = self._worklist.known

    def _allow(self, button: Any, reason: str, tip: str) -> None:
        button.enabled = not reason
        button.toolTip = reason or tip

    def _selected(self) -> "Case | None":
        row, cases = self._ui.caseTable.currentRow(), self._worklist.cases
        return cases[row] if 0 <= row < len(cases) else None

    def _open_selected(self) -> None:
        case = self._selected()
        if case:
            self._open(case.name)

    def _exclude_or_include(self) -> None:
        ui = self._ui
        try:
            self._worklist.exclude_or_include(self._selected(), ui.reasonLineEdit.text, ui.authorLineEdit.text)
            ui.reasonLineEdit.text = ""
        except CrossContrastError as error:
            show_error(error, _("Correction dataset"))
            self._worklist.read()
        self.show()
