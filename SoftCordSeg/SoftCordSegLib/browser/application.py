"""The cord application of one browser session, put together."""

from pathlib import Path
from typing import Any

from trame_slicer.core import SlicerApp

from CrossContrastLib.browser.job_runner import JobRunner
from CrossContrastLib.browser.page import prepare_page_state
from CrossContrastLib.browser.plan import SessionPlan
from CrossContrastLib.browser.receive import add_upload
from CrossContrastLib.browser.views import add_views
from CrossContrastLib.corrections.dataset import CorrectionDataset
from SoftCordSegLib.browser.cases import Cases
from SoftCordSegLib.browser.desk import Desk
from SoftCordSegLib.browser.page import CordPage
from SoftCordSegLib.browser.segmenting import Segmenting
from SoftCordSegLib.browser.showing import Showing


class CordApplication:
    """Logic and page of one session; ``arguments`` of the plan are ``files`` and ``dataset`` (or ``None``)."""

    def __init__(self, server: Any, plan: SessionPlan) -> None:
        prepare_page_state(server.state)
        dataset = plan.arguments.get("dataset")
        self.desk = Desk(SlicerApp(), plan.folder)
        layouts = add_views(self.desk.application, server)
        self.cases = Cases(
            server,
            self.desk,
            [Path(path) for path in plan.arguments.get("files", ())],
            CorrectionDataset.open(Path(dataset)) if dataset else None,
        )
        self._runner = JobRunner(plan.folder.parent / ".slots", plan.limits.jobs)
        self.segmenting = Segmenting(server, self.desk, self.cases, self._runner)
        self.showing = Showing(server, self.desk, layouts)
        add_upload(server, plan.folder / "uploads", plan.limits, self.cases.take_files)
        self.page = CordPage(server, layouts, self.cases, self.segmenting, self.showing)
        first = next(iter(self.cases.typed.data.items), None)
        if first:
            self.cases.open(first["value"])

    def close(self) -> None:
        """End the worker."""
        self._runner.close()


def build(server: Any, plan: SessionPlan) -> CordApplication:
    """Build the application; see :class:`~CrossContrastLib.browser.plan.SessionPlan`."""
    return CordApplication(server, plan)
