"""Which translator, into what, and what is to be said of both before it runs."""

from typing import Any

from slicer.i18n import tr as _

from crosscontrast.desk.translate import ALL, Translator


class ModelBox:
    """Binds model, output and the two lines of words to a :class:`Translator`. ``changed()`` is told of choices."""

    def __init__(self, ui: Any, desk: Translator, changed: Any) -> None:
        self._ui, self._desk, self._changed = ui, desk, changed
        ui.modelComboBox.currentIndexChanged.connect(self._on_model)
        ui.outputComboBox.currentIndexChanged.connect(self._on_output)

    def update(self) -> None:
        """Show what there is, what is chosen, and what speaks against it."""
        ui, desk = self._ui, self._desk
        current = _("{model} (current)")
        _fill(
            ui.modelComboBox,
            [(current.format(model=one.title) if one.current else one.title, one.model) for one in desk.offers],
            desk.model,
        )
        _fill(
            ui.outputComboBox, [(_("all of them"), ALL), *((name, name) for name in desk.outputs)], desk.output or ALL
        )
        ui.outputComboBox.visible = ui.outputComboBoxLabel.visible = bool(desk.outputs)
        doubts = desk.doubts()
        ui.aboutModelLabel.text = desk.offer.note if desk.offer else ""
        ui.doubtLabel.text = "\n".join(doubts)
        ui.doubtLabel.visible = bool(doubts)

    def _on_model(self) -> None:
        self._desk.chosen = str(self._ui.modelComboBox.currentData or "")
        self._changed()

    def _on_output(self) -> None:
        self._desk.chosen_output = str(self._ui.outputComboBox.currentData or "")
        self._changed()


def _fill(box: Any, items: list[tuple[str, str]], chosen: str) -> None:
    """Bring a combo box up to date without telling anybody."""
    blocked = box.blockSignals(True)
    if [(box.itemText(n), box.itemData(n)) for n in range(box.count)] != items:
        box.clear()
        for text, data in items:
            box.addItem(text, data)
    box.setCurrentIndex(box.findData(chosen))
    box.blockSignals(blocked)
