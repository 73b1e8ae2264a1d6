"""The cord application of one browser session, put together."""

from pathlib import Path
from typing import Any

from trame_slicer.core import SlicerApp

from crosscontrast.app.pages.autosave import Keeping
from crosscontrast.app.pages.brightness import Brightness
from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.comparing import Comparing
from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.exporting import Exporting
from crosscontrast.app.pages.keys import bind_keys
from crosscontrast.app.pages.measuring import Measuring
from crosscontrast.app.pages.page import CordPage
from crosscontrast.app.pages.placing import Placing
from crosscontrast.app.pages.retraining import Retraining
from crosscontrast.app.pages.saving import Saving
from crosscontrast.app.pages.segmenting import Segmenting
from crosscontrast.app.pages.showing import Showing
from crosscontrast.app.pages.translating import Translating
from crosscontrast.app.pages.work import Work
from crosscontrast.app.server.job_runner import JobRunner
from crosscontrast.app.server.page import prepare_page_state
from crosscontrast.app.server.plan import SessionPlan
from crosscontrast.app.server.receive import add_download, add_upload
from crosscontrast.app.server.row import ViewRow
from crosscontrast.app.server.views import add_views
from crosscontrast.corrections.dataset import CorrectionDataset


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
    """Build the application; see :class:`~crosscontrast.app.server.plan.SessionPlan`."""
    return CordApplication(server, plan)
