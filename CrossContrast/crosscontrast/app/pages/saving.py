"""Saving a correction into the dataset, and taking the result away as files."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from trame_server.utils.typed_state import TypedState

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.desk import Desk
from crosscontrast.app.pages.state import NO_DATASET, SaveState
from crosscontrast.app.pages.work import Work
from crosscontrast.desk.reasons import NO_IMAGE, NO_MAP
from crosscontrast.desk.save import Saver
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem
from crosscontrast.ground.images import write_image
from crosscontrast.scene.images import grid_of, image_of, put_on, soft_on, voxels


class Saving:
    """Writes what was corrected; ``download`` makes the files that the browser gets."""

    def __init__(self, server: Any, desk: Desk, cases: Cases, correcting: Correcting, work: Work) -> None:
        self._desk, self._cases, self._correcting = desk, cases, correcting
        self.typed = TypedState(server.state, SaveState, namespace="save")
        self.typed.bind_changes({self.typed.name.author: lambda _: self._update()})
        self._saver = Saver(desk.corrector, work, NO_DATASET)
        self._saver.saved.append(cases.refresh)
        desk.corrector.state.append(self._update)
        desk.listeners.append(self._update)
        work.listeners.append(self._update)
        self._update()

    def save(self) -> None:
        """Save the correction as the next revision of its case, or ask first where the mask looks wrong."""
        self._update()
        question = self._saver.question()
        if question:
            self.typed.data.question, self.typed.data.asking = question, True
        else:
            self._saver.save()

    def save_anyway(self) -> None:
        """Save it although the mask looks wrong."""
        self.typed.data.asking = False
        self._update()
        self._saver.save(force=True)

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
                write_image(image, path, like=desk.case.path)
                made.write(path, path.name)
        return archive

    def _update(self) -> None:
        data, desk, saver = self.typed.data, self._desk, self._saver
        dataset = self._cases.dataset
        saver.dataset, saver.author, saver.note = dataset.folder if dataset else None, data.author, data.note
        nothing = "" if desk.case else NO_IMAGE
        data.why_not_download = nothing or desk.corrector.why_not_begin()
        data.why_not = nothing or saver.why_not()
        data.unsaved = desk.corrector.unsaved
