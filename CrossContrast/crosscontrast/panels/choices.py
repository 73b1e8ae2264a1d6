"""Combo boxes for the model and the device."""

from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.panels.requirements import are_installed

#: What a panel offers; "default" is the device chosen in the module CrossContrast.
DEVICES = ("default", "auto", "cpu", "cuda", "mps")
_DEVICE_SETTING = "CrossContrast/Device"


def default_device() -> str:
    """Return the device that the user chose in the module CrossContrast, for all panels."""
    return str(slicer.util.settingsValue(_DEVICE_SETTING, "auto"))


def set_default_device(name: str) -> None:
    """Keep the user's choice of a device over sessions."""
    qt.QSettings().setValue(_DEVICE_SETTING, name)


def device_of(choice: str) -> str:
    """Return the device that a panel's choice means for a job."""
    return default_device() if choice == "default" else choice


class ModelChoice:
    """A combo box with the models of the library that do one task: the current version of each, and the older ones.

    Its items' data is what a job calls the model: the bare name for the current version, ``name@2`` for another.
    ``requirements`` is the module's file of packages: before they are installed the library cannot be read.
    """

    def __init__(self, combo_box: Any, task: str, requirements: Path) -> None:
        self._combo_box = combo_box
        self._task = task
        self._requirements = requirements
        self._readable = False

    def refresh(self, wanted: str = "") -> None:
        """Fill the box from the library and choose ``wanted``, or the model that was chosen before, if it is there."""
        self._readable = are_installed(self._requirements)
        if not self._readable:
            return
        from crosscontrast.models.library import ModelLibrary

        wanted = wanted or self.model
        entries = [entry for entry in ModelLibrary().entries() if entry.task == self._task]
        blocked = self._combo_box.blockSignals(True)
        self._combo_box.clear()
        for entry in sorted(entries, key=lambda entry: (not entry.current, entry.name, -entry.version)):
            label = _("{model} (current)").format(model=entry) if entry.current else str(entry)
            self._combo_box.addItem(label, entry.name if entry.current else str(entry))
        if entries:
            self._combo_box.setCurrentIndex(max(0, self._combo_box.findData(wanted)))
        self._combo_box.blockSignals(blocked)

    @property
    def model(self) -> str:
        """The model chosen, ``""`` when there is none."""
        return str(self._combo_box.currentData or "")

    @property
    def problem(self) -> str:
        """Why no job can be run for want of a model, for the user; empty when one is chosen or not known yet."""
        if self.model or not self._readable:
            return ""
        return _("The library has no model for {task}; add one in the module CrossContrast.").format(task=self._task)
