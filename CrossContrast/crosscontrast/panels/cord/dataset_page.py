"""The page of the correction dataset: save, next case, the list of cases, exclude."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.corrections.choices import ORDERS
from crosscontrast.panels.cord.case_list import CaseList
from crosscontrast.panels.cord.export_box import ExportBox
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.panels.save_correction import CorrectionSaver, remember_dataset
from crosscontrast.scene.results import case_of, load_image, load_soft_map, remove_soft_map, set_case

if TYPE_CHECKING:
    from crosscontrast.cord.correcting.jobs import OpenCaseResult
    from crosscontrast.jobs.job import Job, JobResult
    from crosscontrast.panels.correct_page import CorrectPage

_FOLDER = "CrossContrast/CorrectionDataset"


class DatasetPage:
    """Wires the page. ``open_maps(image, soft)`` shows a case; ``settings()`` returns model, device and threshold."""

    def __init__(
        self,
        ui: Any,
        needed: Path,
        correcting: "CorrectPage",
        open_maps: Callable[[Any, Any], None],
        settings: Callable[[], dict[str, Any]],
    ) -> None:
        self._ui = ui
        self._correcting = correcting
        self._open_maps = open_maps
        self._settings = settings
        self._make: Callable[[Path], Job] = self._make_save
        self._wanted = ""
        self._saver = CorrectionSaver(ui, correcting)
        #: Called with the folder of the dataset, or ``None`` where there is none, whenever it was read.
        self.onFolder: Callable[[Path | None], None] = lambda _folder: None
        self.cases = CaseList(ui, needed, self.open)
        self._export = ExportBox(ui, self._start)
        names = {"runButton": "saveButton", "cancelButton": "datasetCancelButton"}
        names |= {"progressBar": "datasetProgressBar", "statusLabel": "datasetStatusLabel"}
        parts = SimpleNamespace(**{part: getattr(ui, name) for part, name in names.items()})
        title = _("Correction dataset")
        self.controls = JobControls(parts, title, needed, self._make_job, self._take, False, self.update)
        remember_dataset(ui, _FOLDER, self.refresh, self.update)
        titles = {
            "listed": _("as listed"),
            "uncertainty": _("by uncertainty"),
            "disagreement": _("by disagreement between contrasts"),
        }
        ui.orderComboBox.addItems([titles[order] for order in ORDERS])
        ui.orderComboBox.setCurrentIndex(ORDERS.index("listed"))
        ui.nextButton.clicked.connect(self.next)
        self.refresh()

    @property
    def folder(self) -> Path | None:
        """The dataset's folder, where one was named."""
        text = self._ui.datasetPathLineEdit.currentPath
        return Path(text) if text else None

    def refresh(self) -> None:
        """Read the list of cases again."""
        self.cases.read(self.folder)
        self.onFolder(self.folder if self.cases.known else None)
        self.update()

    def save(self) -> None:
        """Save the correction."""
        if self._ui.saveButton.enabled:
            self._ui.saveButton.click()

    def next(self) -> None:
        """Open the next case of the worklist."""
        self.open("")

    def open(self, case: str) -> None:
        """Open a case, or with an empty name the next one; asks first where a correction is not saved."""
        question = _("The correction is not saved. Go on without it?")
        if self.controls.busy or (self._correcting.unsaved and not slicer.util.confirmYesNoDisplay(question)):
            return
        self._wanted = case
        self._start(self._make_open)

    def update(self) -> None:
        """Enable what can be done, and say why the rest cannot."""
        busy, no_folder = self.controls.busy, "" if self.folder else _("Choose the folder of the dataset.")
        save = self._saver.reason
        tip = _("Save soft map and segment as the next revision of the case. Ctrl+Shift+S")
        self._ui.saveButton.toolTip = save or tip
        self._ui.saveButton.enabled = not busy and not save
        nothing = "" if self.cases.known else _("There is no dataset in this folder yet: save a correction to it.")
        reason = no_folder or nothing
        waits = self.cases.waits(self._case_at_hand())
        none_next = reason or ("" if waits else _("No other case waits to be corrected."))
        self._ui.nextButton.enabled = not busy and not none_next
        self._ui.nextButton.toolTip = none_next or _("Open the next pending case. Ctrl+Shift+N")
        self.cases.update(busy)
        self._export.update(busy, reason, self.folder)
        self._ui.datasetCancelButton.visible = busy
        soft = self._correcting.correction.soft if self._correcting.correction else None
        case, base = case_of(soft) if soft else ("", 0)
        self._ui.subjectLineEdit.enabled = not case
        state = _("revision {number}").format(number=base) if base else _("as predicted")
        self._ui.caseLabel.text = _("{case}, {state}").format(case=case, state=state) if case else ""

    def close(self) -> None:
        """The module goes."""
        self.controls.close()

    def _start(self, make: "Callable[[Path], Job]") -> None:
        self._make = make
        self.controls.run()

    def _make_job(self, folder: Path) -> "Job":
        make, self._make = self._make, self._make_save
        return make(folder)

    def _make_open(self, folder: Path) -> "Job":
        from crosscontrast.cord.correcting.jobs import OpenCase

        assert self.folder
        return OpenCase(
            dataset=self.folder,
            out=folder,
            case=self._wanted,
            order=ORDERS[self._ui.orderComboBox.currentIndex],
            after=self._case_at_hand(),
            **self._settings(),
        )

    def _make_save(self, folder: Path) -> "Job":
        return self._saver.make_job(folder)

    def _take(self, result: "JobResult") -> None:
        from crosscontrast.cord.correcting.jobs import OpenCaseResult
        from crosscontrast.corrections.jobs import SaveCorrectionResult

        if isinstance(result, SaveCorrectionResult):
            self._saver.take(result)
        elif isinstance(result, OpenCaseResult):
            self._take_opened(result)
        else:
            self._export.take(result)
        self.refresh()

    def _take_opened(self, result: "OpenCaseResult") -> None:
        before = self._correcting.correction.soft if self._correcting.correction else None
        self._correcting.end()
        if before is not None and case_of(before)[0]:
            remove_soft_map(slicer.mrmlScene, before, with_source=True)
        image = load_image(slicer.mrmlScene, result.image)
        name = _("{case} soft cord").format(case=result.case)
        soft = load_soft_map(
            slicer.mrmlScene, result.softseg, name, image, model=result.model, spread=result.uncertainty
        )
        set_case(soft, result.case, result.base)
        self._open_maps(image, soft)
        self._correcting.begin()
        text = _("{case}: {reason}; {count} other cases wait.")
        result.warnings.append(text.format(case=result.case, reason=result.reason, count=result.waiting))

    def _case_at_hand(self) -> str:
        correction = self._correcting.correction
        return case_of(correction.soft)[0] if correction else ""
