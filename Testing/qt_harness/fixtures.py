"""Fixtures for tests of panels; a test file imports those that it uses."""

import itertools

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


@pytest.fixture(name="in_place")
def _in_place(monkeypatch):
    """Jobs run in this process, which saves the worker's start and the import of torch in it.

    Requests and answers are the lines of JSON that they are in a worker, and reach the panel by its timer. Each panel
    keeps tests with the worker, all that cancel or close it among them.
    """
    from crosscontrast.jobs import client
    from crosscontrast.jobs.execution import answer
    from crosscontrast.jobs.protocol import ProgressMessage, Request, parse_message
    from crosscontrast.jobs.run import Run

    class InPlace:
        def __init__(self):
            self._numbers = itertools.count(1)

        def submit(self, job):
            run = Run(job, next(self._numbers))
            request = Request.model_validate_json(Request.of(job, run.number).to_line())

            def tell(message):
                run.receive(parse_message(message.to_line()))

            def report(done, total, message):
                tell(ProgressMessage(id=run.number, done=done, total=total, message=message))

            tell(answer(request, report))
            return run

        def close(self):
            pass

    monkeypatch.setattr(client, "WorkerClient", InPlace)


def table_of(widget):
    """The texts of a table widget, row by row."""
    return [[widget.item(row, column).text() for column in range(widget.columnCount)] for row in range(widget.rowCount)]
