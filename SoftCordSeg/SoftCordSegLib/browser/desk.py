"""What a session has open: one image, its soft map and the correction of that."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slicer
from trame_slicer.core import SlicerApp

from CrossContrastLib.ground.files import image_stem
from CrossContrastLib.ground.images import read_image, write_image
from CrossContrastLib.scene.correction import Correction
from CrossContrastLib.scene.volumes import read_volume
from SoftCordSegLib.scene.results import load_soft_map


@dataclass(frozen=True)
class OpenCase:
    """The case on the desk: its key in the list, the file that is shown and segmented, and its volume node."""

    key: str
    path: Path
    image: Any


@dataclass
class Desk:
    """Holds the nodes of the open case and tells ``listeners`` whenever one comes or goes."""

    application: SlicerApp
    folder: Path
    case: OpenCase | None = None
    soft: Any = None
    correction: Correction | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Registers the class of colour legends on the scene; it looks for tables in files, of which there are none.
        self.application.app_logic.SetHomeDirectory(str(self.folder))
        self._colours = slicer.vtkSlicerColorLogic()
        self._colours.SetMRMLApplicationLogic(self.application.app_logic)
        self._colours.SetMRMLScene(self.scene)

    @property
    def scene(self) -> Any:
        """The session's scene."""
        return self.application.scene

    def open(self, key: str, path: Path) -> None:
        """Put an image (file or DICOM folder) on the desk instead of what lies there.

        Raises :class:`CrossContrastError` for one that cannot be used, and leaves the desk as it is.
        """
        whole = read_image(path)
        if path.is_dir():
            copy = self.folder / "images" / f"{image_stem(path)}.nrrd"
            copy.parent.mkdir(exist_ok=True)
            write_image(whole, copy)
            path = copy
        image = read_volume(self.scene, path, image_stem(path))
        self.clear(keep=image)
        self.case = OpenCase(key, path, image)
        display = self.application.display_manager
        display.show_volume_in_slice_background(image)
        display.reset_views()
        self._tell()

    def take_soft(self, path: Path, *, sidecar: Path | None = None, spread: Path | None = None) -> None:
        """Put a soft map on the desk, which belongs to the image that lies there."""
        assert self.case
        self._remove_soft()
        name = f"{self.case.image.GetName()} soft"
        self.soft = load_soft_map(self.scene, path, name, self.case.image, sidecar=sidecar, spread=spread)
        self._tell()

    def start_correction(self, threshold: float) -> Correction:
        """Make the segment of the soft map, or cut it anew."""
        assert self.soft
        self.correction = Correction(self.scene, self.soft, threshold, "cord")
        self._tell()
        return self.correction

    def clear(self, keep: Any = None) -> None:
        """Take everything off the desk but the node ``keep``."""
        self._remove_soft()
        if self.case is not None and self.case.image is not keep:
            self._remove(self.case.image)
        self.case = None
        self._tell()

    def _remove_soft(self) -> None:
        correction, self.correction = self.correction, None
        soft, self.soft = self.soft, None
        if correction is not None or soft is not None:
            self._tell()  # tools let go of the nodes before they go
        if correction is not None:
            self._remove(correction.segmentation)
            self._remove(correction.predicted)
        if soft is not None:
            from SoftCordSegLib.scene.results import uncertainty_of

            self._remove(uncertainty_of(soft))
            self._remove(soft)

    def _remove(self, node: Any) -> None:
        if node is None or node.GetScene() is None:
            return
        displays = [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
        storage = node.GetStorageNode()
        for made in (*displays, storage, node):
            if made is not None:
                self.scene.RemoveNode(made)

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()
