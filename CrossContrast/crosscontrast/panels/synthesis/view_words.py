"""The word SYNTHETIC in the corner of Slicer's slice views."""

from collections.abc import Iterator
from typing import Any

import slicer

from crosscontrast.scene.synthetic import SyntheticWords


class ViewWords:
    """Writes it where a view shows what no scanner made, whatever module is open, until the module goes."""

    def __init__(self) -> None:
        self._words = SyntheticWords()

    @property
    def words(self) -> dict[str, str]:
        """What stands in the views, by their names."""
        return self._words.words

    def follow(self) -> None:
        """Follow the views that there are now."""
        self._words.follow(_views())

    def release(self) -> None:
        """Write nothing any more."""
        self._words.release()


def _views() -> Iterator[tuple[Any, Any]]:
    layouts: Any = slicer.app.layoutManager()
    if layouts is None:
        return
    nodes = {node.GetLayoutName(): node for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")}
    for name in layouts.sliceViewNames():
        if name in nodes:
            yield nodes[name], layouts.sliceWidget(name).sliceView().interactor()
