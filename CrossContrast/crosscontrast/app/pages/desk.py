"""What a session has open: one image, its soft map and the correction of that."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trame_slicer.core import SlicerApp

from crosscontrast.desk.correct import Corrector
from crosscontrast.ground.dicom.study import is_dicom
from crosscontrast.ground.files import image_stem
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.ground.provenance import ModelRecord
from crosscontrast.scene.correction import Correction
from crosscontrast.scene.results import load_image, load_soft_map, remove_soft_map, set_case
from crosscontrast.scene.roles import PREDICTED_ROLE, mark_unsaved
from crosscontrast.scene.volumes import read_volume


@dataclass(frozen=True)
class OpenCase:
    """The case on the desk: its key in the list, the file that is shown and segmented, and its volume node."""

    key: str
    path: Path
    image: Any


@dataclass(frozen=True)
class MapFiles:
    """A soft map on disk: the map, and where they are known the prediction that it was corrected from, the map of its
    uncertainty, the model, the case and revision of a correction dataset, and whether it was changed since."""

    soft: Path
    predicted: Path | None = None
    spread: Path | None = None
    model: ModelRecord | None = None
    case: str = ""
    base: int = 0
    unsaved: bool = False


@dataclass
class Desk:
    """Holds the nodes of the open case and tells ``listeners`` whenever one comes or goes."""

    application: SlicerApp
    folder: Path
    case: OpenCase | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list)
    corrector: Corrector = field(init=False)

    def __post_init__(self) -> None:
        """Make what corrects the map on the desk."""
        self.corrector = Corrector(self.scene, "spinal cord")

    @property
    def scene(self) -> Any:
        """The session's scene."""
        return self.application.scene

    @property
    def soft(self) -> Any:
        """The soft map on the desk."""
        return self.corrector.soft

    @property
    def correction(self) -> Correction | None:
        """The correction of it."""
        return self.corrector.correction

    def open(self, key: str, path: Path) -> None:
        """Put an image (file or DICOM folder) on the desk instead of what lies there.

        Raises :class:`CrossContrastError` for one that cannot be used, and leaves the desk as it is.
        """
        path = self.as_file(path)
        image = load_image(self.scene, path)
        self.clear()
        self.case = OpenCase(key, path, image)
        display = self.application.display_manager
        display.show_volume_in_slice_background(image)
        display.reset_views()
        self._tell()

    def as_file(self, path: Path) -> Path:
        """Return the file of an image that can be used; of a DICOM folder that of a copy.

        Raises :class:`CrossContrastError` for one that cannot be used.
        """
        whole = read_image(path)
        if not is_dicom(path):
            return path
        copy = self.folder / "images" / f"{image_stem(path)}.nrrd"
        copy.parent.mkdir(exist_ok=True)
        write_image(whole, copy)
        return copy

    def take_soft(self, files: MapFiles) -> None:
        """Put a soft map on the desk, which belongs to the image that lies there."""
        assert self.case
        self._remove_soft()
        name = f"{self.case.image.GetName()} soft"
        soft = load_soft_map(self.scene, files.soft, name, self.case.image, model=files.model, spread=files.spread)
        mark_unsaved(soft, unsaved=files.unsaved)
        if files.case:
            set_case(soft, files.case, files.base)
        if files.predicted:
            predicted = read_volume(self.scene, files.predicted, f"{name} as predicted")
            soft.SetNodeReferenceID(PREDICTED_ROLE, predicted.GetID())
        self.corrector.use(soft)
        self._tell()

    def start_correction(self, threshold: float) -> None:
        """Make the segment of the soft map, or cut it anew; raises :class:`CrossContrastError` where it cannot be."""
        self.corrector.begin(threshold)
        self._tell()

    def draw(self) -> None:
        """Ask the slice views for a new picture; not every change of a layer makes them do so by themselves."""
        for view in self.application.view_manager.get_slice_views():
            view.schedule_render()

    def clear(self) -> None:
        """Take everything off the desk."""
        self._remove_soft()
        case, self.case = self.case, None
        if case is not None:
            self._tell()
            self.scene.RemoveNode(case.image)

    def _remove_soft(self) -> None:
        soft = self.soft
        self.corrector.use(None)
        if soft is not None:
            self._tell()  # tools let go of the nodes before they go
            remove_soft_map(self.scene, soft)

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()
