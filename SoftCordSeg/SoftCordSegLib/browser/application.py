"""The cord application of one browser session, put together."""

from pathlib import Path
from typing import Any

from trame_slicer.core import SlicerApp

from CrossContrastLib.browser.job_runner import JobRunner
from CrossContrastLib.browser.page import prepare_page_state
from CrossContrastLib.browser.plan import SessionPlan
from CrossContrastLib.browser.receive import add_download, add_upload
from CrossContrastLib.browser.row import ViewRow
from CrossContrastLib.browser.views import add_views
from CrossContrastLib.corrections.dataset import CorrectionDataset
from SoftCordSegLib.browser.brightness import Brightness
from SoftCordSegLib.browser.cases import Cases
from SoftCordSegLib.browser.comparing import Comparing
from SoftCordSegLib.browser.correcting import Correcting
from SoftCordSegLib.browser.desk import Desk
from SoftCordSegLib.browser.exporting import Exporting
from SoftCordSegLib.browser.keeping import Keeping
from SoftCordSegLib.browser.keys import bind_keys
from SoftCordSegLib.browser.measuring import Measuring
from SoftCordSegLib.browser.page import CordPage
from SoftCordSegLib.browser.placing import Placing
from SoftCordSegLib.browser.retraining import Retraining
from SoftCordSegLib.browser.saving import Saving
from SoftCordSegLib.browser.segmenting import Segmenting
from SoftCordSegLib.browser.showing import Showing
from SoftCordSegLib.browser.translating import Translating
from SoftCordSegLib.browser.work import Work


class CordApplication:
    """Logic and page of one session; ``arguments`` of the plan are ``files``, ``dataset`` (or ``None``) and
    ``may_change_models``, which is for servers that one person uses."""

    def __init__(self, server: Any, plan: SessionPlan) -> None:
        prepare_page_state(server.state)
        dataset = plan.arguments.get("dataset")
        self.desk = Desk(SlicerApp(), plan.folder)
        layouts = add_views(self.desk.application, server)
        row = ViewRow(self.desk.application, layouts, server)
        self.cases = Cases(
            server,
            self.desk,
            [Path(path) for path in plan.arguments.get("files", ())],
            CorrectionDataset.open(Path(dataset)) if dataset else None,
        )
        self._runner = JobRunner(plan.folder.parent / ".slots", plan.limits.jobs)
        work = Work(server, self._runner, self.cases.tell)
        segmenting = Segmenting(server, self.desk, self.cases, work)
        self.cases.use(work, lambda: segmenting.typed.data.model)
        showing = Showing(server, self.desk, layouts)
        brightness = Brightness(server, self.desk)
        correcting = Correcting(server, self.desk)
        row.new_views += [showing.show, correcting.use_tool]
        comparing = Comparing(server, self.desk, self.cases, showing, row)
        translating = Translating(server, self.desk, self.cases, comparing, work)
        measuring = Measuring(server, self.desk, correcting)
        row.new_views.append(Placing(server, self.desk, measuring).watch)
        saving = Saving(server, self.desk, self.cases, correcting, work)
        allowed = bool(plan.arguments.get("may_change_models"))
        retraining = Retraining(server, self.cases, segmenting, work, allowed=allowed)
        exporting = Exporting(server, self.desk, self.cases, work)
        self._keeping = Keeping(self.desk, self.cases, correcting, saving)
        add_upload(server, plan.folder / "uploads", plan.limits, self.cases.take_files)
        add_download(server, "/download", saving.download)
        add_download(server, "/report", retraining.report)
        add_download(server, "/export", exporting.archive)
        self.page = CordPage(
            server,
            layouts,
            bind_keys(
                server,
                cases=self.cases,
                showing=showing,
                comparing=comparing,
                correcting=correcting,
                measuring=measuring,
                saving=saving,
            ),
            cases=self.cases,
            work=work,
            segmenting=segmenting,
            showing=showing,
            brightness=brightness,
            comparing=comparing,
            translating=translating,
            correcting=correcting,
            measuring=measuring,
            saving=saving,
            retraining=retraining,
            exporting=exporting,
        )
        server.controller.add("on_server_ready")(lambda **_: self._begin(server))

    def close(self) -> None:
        """Keep what was done, and end the worker."""
        try:
            self._keeping.keep()
        finally:
            self._runner.close()

    def _begin(self, server: Any) -> None:
        with server.state:
            if not self._keeping.restore() and self.cases.keys:
                self.cases.open(self.cases.keys[0])
        self._keeping.start(lambda error: self.cases.tell(error.message))


def build(server: Any, plan: SessionPlan) -> CordApplication:
    """Build the application; see :class:`~CrossContrastLib.browser.plan.SessionPlan`."""
    return CordApplication(server, plan)
