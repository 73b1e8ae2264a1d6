"""The page that proposes whole labels for sparse or noisy ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from crosscontrast.panels.choices import device_of
from crosscontrast.scene.comparison import import_label_map
from crosscontrast.scene.volumes import read_volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from crosscontrast.jobs.job import Job
    from crosscontrast.synthesis.segmentation.jobs import CleanseLabelsResult


class CleansePage:
    """Wires cohort, roles and classes; ``changed()`` is called on edits."""

    source = ""

    def __init__(self, ui: Any, changed: "Callable[[], None]") -> None:
        self.action = _("Cleanse labels")
        self._ui = ui
        for line in (ui.imageRoleLineEdit, ui.labelRoleLineEdit, ui.classesLineEdit):
            line.textChanged.connect(changed)
        for path in (ui.labelCohortPathLineEdit, ui.proposalPathLineEdit):
            path.currentPathChanged.connect(changed)

    def refresh(self, parameters: Any) -> None:
        """Nothing depends on the library."""

    def update(self, parameters: Any) -> None:
        """Nothing depends on the scene."""

    def reason(self, parameters: Any) -> str:
        """Say why nothing can be cleansed; empty where it can."""
        ui = self._ui
        filled = ui.labelCohortPathLineEdit.currentPath and ui.imageRoleLineEdit.text and ui.labelRoleLineEdit.text
        filled = filled and ui.classesLineEdit.text and ui.proposalPathLineEdit.currentPath
        return "" if filled else _("Fill in cohort, roles, classes and folder.")

    def make_job(self, parameters: Any, folder: Path) -> "Job":
        """Make the job ``synth.cleanse``."""
        from crosscontrast.synthesis.segmentation.config import CLEANSING, SegmentationConfig, parse_classes
        from crosscontrast.synthesis.segmentation.jobs import CleanseLabels
        from crosscontrast.synthesis.training.config import make_config

        ui = self._ui
        settings = {
            "cohort": ui.labelCohortPathLineEdit.currentPath,
            "inputs": (ui.imageRoleLineEdit.text,),
            "labels": ui.labelRoleLineEdit.text,
            "classes": parse_classes(ui.classesLineEdit.text.split()),
            "steps": ui.cleanseStepsSpinBox.value,
        }
        return CleanseLabels(
            settings=make_config(SegmentationConfig, settings | CLEANSING),
            labelling=ui.labellingComboBox.currentText,
            out=Path(ui.proposalPathLineEdit.currentPath),
            device=device_of(parameters.device),
        )

    def take(self, parameters: Any, result: "CleanseLabelsResult") -> None:
        """Load the first proposal as a segmentation that the user can accept, correct or throw away."""
        volume = read_volume(slicer.mrmlScene, result.proposals[0], result.proposals[0].name)
        import_label_map(slicer.mrmlScene, volume, result.proposals[0].name.removesuffix(".nii.gz"))

    def close(self) -> None:
        """Nothing is left running."""
