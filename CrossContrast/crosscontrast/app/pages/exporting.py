"""The corrected cases of the dataset in the form that another program reads, as one archive."""

import shutil
from pathlib import Path
from typing import Any

from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import NO_DATASET, ExportState
from crosscontrast.app.pages.work import Work
from crosscontrast.corrections.choices import FORMATS
from crosscontrast.corrections.jobs import ExportResult
from crosscontrast.desk.cases import Exporter
from crosscontrast.errors import BadInputError

_NOTHING = "Nothing was exported yet."


class Exporting:
    """Exports into the session's folder and packs what came out."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, work: Work) -> None:
        self._folder = desk.folder / "export"
        self.typed = TypedState(server.state, ExportState, namespace="export")
        self._desk = Exporter(work, NO_DATASET)
        self._desk.dataset = cases.dataset.folder if cases.dataset else None
        self._desk.exported = self._pack
        self._archive: Path | None = None
        work.listeners.append(self._update)
        self._update()

    def run(self) -> None:
        """Export all corrected cases."""
        form = next((form for form in FORMATS if form == self.typed.data.form), None)
        if self.typed.data.why_not or form is None:
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        self._archive = None
        self._desk.form = form
        self._desk.run(self._folder)

    def archive(self) -> Path:
        """Return the archive; raises :class:`BadInputError` where there is none."""
        if self._archive is None:
            raise BadInputError(_NOTHING)
        return self._archive

    def _pack(self, result: ExportResult) -> str:
        made = shutil.make_archive(str(result.folder), "zip", result.folder)
        shutil.rmtree(result.folder, ignore_errors=True)
        self._archive = Path(made)
        self._update()
        counted = "1 case is" if result.cases == 1 else f"{result.cases} cases are"
        return f"{counted} ready to be fetched."

    def _update(self) -> None:
        data = self.typed.data
        data.why_not = self._desk.why_not()
        data.why_not_fetch = "" if self._archive else _NOTHING
