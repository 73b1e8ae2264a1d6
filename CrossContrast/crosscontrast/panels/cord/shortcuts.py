"""Keyboard shortcuts that hold while the module is open."""

from collections.abc import Callable, Mapping
from typing import Any

import qt
import slicer


class Shortcuts:
    """Keys like ``"Ctrl+Shift+S"`` and what they do, in Slicer's main window."""

    def __init__(self, actions: Mapping[str, Callable[[], None]]) -> None:
        self._actions = dict(actions)
        self._made: list[Any] = []

    def install(self) -> None:
        """Let the keys act."""
        window = slicer.util.mainWindow()
        if self._made or window is None:
            return
        for keys, action in self._actions.items():
            shortcut = qt.QShortcut(qt.QKeySequence(keys), window)
            shortcut.activated.connect(action)
            self._made.append(shortcut)

    def remove(self) -> None:
        """Let the keys do nothing any more."""
        for shortcut in self._made:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._made = []
