"""The page of the correction dataset: save, next case, the list of cases, exclude."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.corrections.choices import ORDERS
from crosscontrast.desk.cases import Worklist
from crosscontrast.panels import requirements
from crosscontrast.panels.cord.case_list import CaseList
from crosscontrast.panels.cord.export_box import ExportBox
from crosscontrast.panels.job_controls import JobControls
from crosscontrast.panels.save_correction import SaveForm
from crosscontrast.scene.results import case_of, load_image, load_soft_map, remove_soft_map, set_case

if TYPE_CHECKING:
    from crosscontrast.cord.jobs import OpenCaseResult
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
        self._given_up: Any = None  # the map whose unsaved changes the user goes on without
        #: Called with the folder of the dataset, or ``None`` where there is none, whenever it was read.
        self.onFolder: Callable[[Path | None], None] = lambda _folder: None
        #: Called when a correction was saved.
        self.onSaved: Callable[[], None] = lambda: None
        names = {"runButton": "saveButton", "cancelButton": "datasetCancelButton"}
        names |= {"progressBar": "datasetProgressBar", "statusLabel": "datasetStatusLabel"}
        parts = SimpleNamespace(**{part: getattr(ui, name) for part, name in names.items()})
        title = _("Correction dataset")
        self.controls = JobControls(parts, title, needed, torch=False, on_busy=self.update)
        self.worklist = Worklist(
            self.controls, self._show_opened, self._case_at_hand, ready=lambda: requirements.are_installed(needed)
        )
        self._list = CaseList(ui, self.worklist, self.open)
        self._export = ExportBox(ui, self.controls)
        self._form = SaveForm(ui, correcting.desk, self.controls, _FOLDER)
        self._form.desk.saved.append(self._on_saved)
        self._form.onFolder, self._form.onAuthor = self.refresh, self.update
        titles = {
            "listed": _("as listed"),
            "uncertainty": _("by uncertainty"),
            "disagreement": _("by disagreement between contrasts"),
        }
        ui.orderComboBox.addItems([titles[order] for order in ORDERS])
        ui.orderComboBox.setCurrentIndex(ORDERS.index("listed"))
        ui.nextButton.clicked.connect(self.next)
        self.refresh()

    def refresh(self) -> None:
        """Read the list of cases again."""
        self.worklist.dataset = self._form.folder
        self.worklist.read()
        said = list(filter(None, [self.worklist.problem, *self.worklist.remarks]))
        if said:
            self._ui.datasetStatusLabel.text = " ".join(said)
        self._list.show()
        self.onFolder(self.worklist.dataset if self.worklist.known else None)
        self.update()

    def save(self) -> None:
        """Save the correction."""
        self._form.save()

    def next(self) -> None:
        """Open the next case of the worklist."""
        self.open("")

    def open(self, case: str) -> None:
        """Open a case, or with an empty name the next one; asks first where a correction is not saved."""
        question = _("The correction is not saved. Go on without it?")
        if self.controls.busy or (self._correcting.unsaved and not slicer.util.confirmYesNoDisplay(question)):
            return
        self._given_up = self._correcting.desk.soft if self._correcting.unsaved else None
        worklist, chosen = self.worklist, self._settings()
        worklist.order = ORDERS[self._ui.orderComboBox.currentIndex]
        worklist.model, worklist.device, worklist.threshold = chosen["model"], chosen["device"], chosen["threshold"]
        worklist.open(case)

    def update(self) -> None:
        """Enable what can be done, and say why the rest cannot."""
        self._form.update(_("Save soft map and segment as the next revision of the case. Ctrl+Shift+S"))
        reason = self.worklist.why_not_next()
        self._ui.nextButton.enabled = not reason
        self._ui.nextButton.toolTip = reason or _("Open the next pending case. Ctrl+Shift+N")
        self._list.update()
        self._export.update(self.worklist.dataset, self.worklist.why_not())
        self._ui.datasetCancelButton.visible = self.controls.busy
        self._ui.datasetStatusLabel.visible = bool(self._ui.datasetStatusLabel.text)

    def close(self) -> None:
        """The module goes."""
        self.controls.close()

    def _on_saved(self) -> None:
        self.refresh()
        self.onSaved()

    def _show_opened(self, result: "OpenCaseResult") -> None:
        """Bring a case into the scene in the place of the one before, which stays where it was changed meanwhile."""
        desk = self._correcting.desk
        before = self._correcting.correction.soft if self._correcting.correction else None
        self._correcting.end()
        if before is not None and case_of(before)[0] and (before is self._given_up or not desk.unsaved):
            remove_soft_map(slicer.mrmlScene, before, with_source=True)
        image = load_image(slicer.mrmlScene, result.image)
        name = _("{case} soft cord").format(case=result.case)
        soft = load_soft_map(
            slicer.mrmlScene, result.softseg, name, image, model=result.model, spread=result.uncertainty
        )
        set_case(soft, result.case, result.base)
        self._open_maps(image, soft)
        self._correcting.begin()
        self.refresh()

    def _case_at_hand(self) -> str:
        correction = self._correcting.correction
        return case_of(correction.soft)[0] if correction else ""
