"""From a correction in the scene to the job that saves it into a dataset, and what the user is told afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from crosscontrast.scene.results import case_of, model_of, set_case, source_of

if TYPE_CHECKING:
    from crosscontrast.corrections.jobs import SaveCorrection, SaveCorrectionResult
    from crosscontrast.panels.correct_page import CorrectPage
    from crosscontrast.scene.correction import Correction

#: The user's name in Slicer's settings, for all panels.
_AUTHOR = "CrossContrast/Author"


class CorrectionSaver:
    """Saves what a correct page has at hand into the dataset that ``ui`` names, and takes the result."""

    def __init__(self, ui: Any, correcting: "CorrectPage") -> None:
        self._ui, self._correcting = ui, correcting
        self._saving = ""  # ID of the soft map that is being saved

    @property
    def reason(self) -> str:
        """Why nothing can be saved now; empty where something can."""
        if not self._ui.datasetPathLineEdit.currentPath:
            return _("Choose the folder of the dataset.")
        if not self._correcting.correction:
            return _("Press Make segment and correct something.")
        return "" if self._ui.authorLineEdit.text.strip() else _("Say your name.")

    def make_job(self, folder: Path, label: str = "") -> "SaveCorrection":
        """Write the correction to ``folder`` and return the job; ``label`` as in :func:`make_save_job`."""
        self._correcting.take_segment()
        correction, ui = self._correcting.correction, self._ui
        assert correction
        self._saving = correction.soft.GetID()
        author, subject = (box.text.strip() for box in (ui.authorLineEdit, ui.subjectLineEdit))
        dataset, seconds = Path(ui.datasetPathLineEdit.currentPath), self._correcting.clock.seconds
        return make_save_job(correction, folder, dataset, author, subject, seconds, label)

    def take(self, result: "SaveCorrectionResult") -> None:
        """Let scene and page know what is saved, and say so; another correction may have been begun meanwhile."""
        said = take_saved(slicer.mrmlScene.GetNodeByID(self._saving), result)
        correction = self._correcting.correction
        if correction and correction.soft.GetID() == self._saving:
            self._correcting.saved()
        result.warnings.append(said)


def remember_dataset(ui: Any, setting: str, on_folder: Callable[[], None], on_author: Callable[[], None]) -> None:
    """Fill in the folder of the dataset and the author from Slicer's settings, and keep what the user changes.

    ``setting`` is the folder's name there; ``on_folder`` and ``on_author`` are called after a change.
    """

    def folder_changed(path: str) -> None:
        qt.QSettings().setValue(setting, path)
        on_folder()

    def author_changed() -> None:
        qt.QSettings().setValue(_AUTHOR, ui.authorLineEdit.text)
        on_author()

    path = ctk.ctkPathLineEdit
    ui.datasetPathLineEdit.filters = path.Dirs | path.Writable
    ui.datasetPathLineEdit.currentPath = slicer.util.settingsValue(setting, "")
    ui.authorLineEdit.text = slicer.util.settingsValue(_AUTHOR, "")
    ui.datasetPathLineEdit.currentPathChanged.connect(folder_changed)
    ui.authorLineEdit.editingFinished.connect(author_changed)


def make_save_job(
    correction: "Correction", folder: Path, dataset: Path, author: str, subject: str, seconds: float, label: str = ""
) -> "SaveCorrection":
    """Write the correction to ``folder`` and return the job; a volume that is no file is written there too.

    ``label`` is the structure that the dataset must be of; see :class:`SaveCorrection`.
    """
    from crosscontrast.corrections.jobs import SaveCorrection
    from crosscontrast.scene.images import file_of
    from crosscontrast.scene.volumes import file_name, write_volume

    source = source_of(correction.soft) or correction.soft
    image = file_of(source)
    if image is None:
        image = folder / file_name(source)
        write_volume(source, image)
    case, base = case_of(correction.soft)
    files = correction.write(folder)
    return SaveCorrection(
        dataset=dataset,
        image=image,
        label=label,
        case=case,
        subject=subject,
        author=author,
        seconds=seconds,
        base=base,
        model=model_of(correction.soft),
        soft=files["soft"],
        mask=files["mask"],
        before=files["before"],
    )


def take_saved(soft: Any, result: "SaveCorrectionResult") -> str:
    """Let the soft map (``None``: gone by now) remember its case and revision, and return what to tell the user."""
    if soft is not None:
        set_case(soft, result.case, result.revision)
    said = _("Saved {case} as revision {revision}: {added} voxels added, {removed} removed.")
    text = said.format(
        case=result.case, revision=result.revision, added=result.voxels_added, removed=result.voxels_removed
    )
    if result.overtaken:
        others = ", ".join(map(str, result.overtaken))
        text += " " + _("Meanwhile others saved revision {others}; it is kept too.").format(others=others)
    return text
