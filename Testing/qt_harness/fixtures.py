"""Fixtures for tests of panels; a test file imports those that it uses."""

import pytest

from qt_harness.application import open_panel, start


@pytest.fixture(name="scene")
def _scene(model_home):
    """An empty scene, a model library with the shipped models only, and a user who has chosen nothing yet."""
    slicer = start()
    slicer.app.qt.QSettings().clear()
    slicer.mrmlScene.Clear(0)
    yield slicer.mrmlScene
    slicer.mrmlScene.Clear(0)


@pytest.fixture(name="opened")
def _opened(scene):
    """Opens modules and closes them, and with them their workers, after the test."""
    panels = []

    def open_and_remember(name):
        panels.append(open_panel(name))
        return panels[-1]

    yield open_and_remember
    for panel in panels:
        panel.close()


def table_of(widget):
    """The texts of a table widget, row by row."""
    return [[widget.item(row, column).text() for column in range(widget.columnCount)] for row in range(widget.rowCount)]
