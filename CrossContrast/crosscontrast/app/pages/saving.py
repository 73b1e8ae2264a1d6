"""Saving a correction into the dataset, and taking the result away as files."""

import shutil
import uuid
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import BUSY, NO_DATASET, NO_IMAGE, NO_MAP, NO_SEGMENT, SaveState
from crosscontrast.app.pages.work import Work
from crosscontrast.corrections.jobs import SaveCorrection, SaveCorrectionResult
from crosscontrast.corrections.soft_brush import Box
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem
from crosscontrast.ground.images import write_image
from crosscontrast.jobs.job import JobResult
from crosscontrast.scene.images import grid_of, image_of, put_on, soft_on, voxels
from crosscontrast.scene.results import case_of, model_of, set_case

_NO_NAME = "Say who you are first."


class Saving:
    """Writes what was corrected; ``download`` makes the files that the browser gets."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, correcting: Correcting, work: Work) -> None:
        self._desk, self._cases, self._correcting, self._work = desk, cases, correcting, work
        self.typed = TypedState(server.state, SaveState, namespace="save")
        self.typed.bind_changes({self.typed.name.author: lambda _: self._update()})
        correcting.changed.append(self._on_change)
        desk.listeners.append(self._on_desk)
        work.listeners.append(self._update)
        self._soft: Any = None
        self._update()

    def save(self) -> None:
        """Save the correction as the next revision of its case."""
        self._correcting.take_segment()
        self._update()
        desk, data, dataset = self._desk, self.typed.data, self._cases.dataset
        if data.why_not or desk.correction is None or desk.case is None or dataset is None:
            return
        folder = desk.folder / "saving" / uuid.uuid4().hex[:8]
        folder.mkdir(parents=True)
        case, base = case_of(desk.soft)
        soft, files = desk.soft, desk.correction.write(folder)
        job = SaveCorrection(
            dataset=dataset.folder,
            image=desk.case.path.absolute(),
            case=case,
            author=data.author.strip(),
            note=data.note.strip(),
            seconds=self._correcting.clock.seconds,
            base=base,
            model=model_of(desk.soft),
            soft=files["soft"],
            mask=files["mask"],
            before=files["before"],
        )

        def take(result: JobResult) -> str:
            shutil.rmtree(folder, ignore_errors=True)
            return self._saved(soft, result)

        self._work.start(job, take, heavy=False)

    def download(self) -> Path:
        """Make a ZIP of the soft and the binary mask on the grid of the image's file, and return it.

        Raises :class:`BadInputError` where there is no soft map.
        """
        self._correcting.take_segment()
        desk = self._desk
        if desk.soft is None or desk.case is None:
            raise BadInputError(NO_MAP)
        stem, folder = image_stem(desk.case.path), desk.folder / "download"
        shutil.rmtree(folder, ignore_errors=True)  # one at a time; a session must not fill the disk
        folder.mkdir()
        cut = desk.correction.threshold if desk.correction else float(self._correcting.typed.data.cut)
        grid = grid_of(desk.case.image)
        soft = put_on(image_of(desk.soft), grid)
        mask = put_on(soft_on((voxels(desk.soft) >= cut).astype(np.uint8), desk.soft), grid)
        archive = folder / f"{stem}_cord.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
            for name, image in (("softseg", soft), ("seg", mask)):
                path = folder / f"{stem}_{name}.nii.gz"
                write_image(image, path)
                made.write(path, path.name)
        return archive

    def _saved(self, soft: Any, result: JobResult) -> str:
        assert isinstance(result, SaveCorrectionResult)
        if self._desk.soft is soft:
            set_case(soft, result.case, result.revision)
            self.typed.data.unsaved = False
        self._cases.refresh()
        said = (
            f"Saved {result.case} as revision {result.revision}: "
            f"{result.voxels_added} voxels added, {result.voxels_removed} removed."
        )
        if result.overtaken:
            said += f" Meanwhile others saved revision {', '.join(map(str, result.overtaken))}; it is kept too."
        return " ".join([said, *result.warnings])

    def _on_change(self, _box: Box) -> None:
        self.typed.data.unsaved = True

    def _on_desk(self) -> None:
        if self._desk.soft is not self._soft:
            self._soft = self._desk.soft
            self.typed.data.unsaved = False
        self._update()

    def _update(self) -> None:
        data, desk = self.typed.data, self._desk
        data.why_not_download = "" if desk.soft else NO_MAP if desk.case else NO_IMAGE
        if desk.correction is None:
            data.why_not = NO_SEGMENT if desk.soft else NO_MAP if desk.case else NO_IMAGE
        elif self._cases.dataset is None:
            data.why_not = NO_DATASET
        elif self._work.busy:
            data.why_not = BUSY
        else:
            data.why_not = "" if data.author.strip() else _NO_NAME
