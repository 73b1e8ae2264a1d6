"""Widgets that are made in code come into the order of the Tab key where they are seen."""

from typing import Any

import qt


def put_into_tab_order(widget: Any, after: Any) -> None:
    """Let the Tab key reach what is in ``widget`` right after ``after``, and not at the end of the panel."""
    last, window = after, after.window()
    for child in widget.findChildren(qt.QWidget):
        # Menus and lists that drop down are windows of their own.
        if child.focusPolicy != qt.Qt.NoFocus and child.window() == window:
            qt.QWidget.setTabOrder(last, child)
            last = child
