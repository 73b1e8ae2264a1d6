"""Selectors of images that do not offer what segmentations left in the scene."""

from typing import Any

import qt
import slicer
from slicer.util import VTKObservationMixin

from crosscontrast.scene.results import of_soft_maps


class ImagesOnly(VTKObservationMixin):
    """Hides soft maps, their predictions and their uncertainties from node selectors, also those that come later.

    Without this a selector whose image is removed takes the next volume, which may be the soft map of it.
    """

    def __init__(self, *selectors: Any) -> None:
        VTKObservationMixin.__init__(self)
        self._selectors = selectors
        self._left_out: dict[Any, str] = {}
        # A node is marked as a soft map only after it was added, so the look comes when the scene is at rest.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.hide)
        scene = slicer.mrmlScene
        for event in (scene.NodeAddedEvent, scene.EndImportEvent):
            self.addObserver(scene, event, self._on_scene)
        self.hide()

    def hide(self) -> None:
        """Look for soft maps now."""
        hidden = [node.GetID() for node in of_soft_maps(slicer.mrmlScene)]
        for selector in self._selectors:
            here = [*hidden, self._left_out[selector]] if self._left_out.get(selector) else hidden
            if list(selector.sortFilterProxyModel().hiddenNodeIDs) != here:
                selector.sortFilterProxyModel().hiddenNodeIDs = here

    def leave_out(self, selector: Any, node: Any) -> None:
        """Do not offer ``node`` (``None``: offer all) in one of the selectors, because it is chosen in another one."""
        self._left_out[selector] = node.GetID() if node is not None else ""
        self.hide()

    def close(self) -> None:
        """Hide nothing more."""
        self._timer.stop()
        self.removeObservers()

    def _on_scene(self, caller: Any, event: Any) -> None:
        self._timer.start()
