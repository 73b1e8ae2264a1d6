"""Volume nodes that no scanner made: what they are remembered as, and the word in the views that show one."""

from collections.abc import Iterable
from typing import Any

import vtk

from crosscontrast.ground.synthetic import SYNTHETIC
from crosscontrast.scene.layers import shown_layers

#: Attribute of a volume node, which is saved with the scene: the contrast that it was made in.
_OUTPUT = "CrossContrast.Synthetic"
_SOURCE_ROLE = "CrossContrast.SyntheticSource"
_COLOUR, _SIZE, _PLACE = (1.0, 0.6, 0.1), 16, (0.03, 0.94)
#: Less of a layer than this is not seen.
_FAINT = 0.02


def mark_synthetic(node: Any, output: str, model: str, source: Any | None) -> None:
    """Let a volume node say in its name, its description and an attribute that it is ``output`` made by ``model``.

    It remembers ``source``, the volume that it was made from, which may be gone.
    """
    remember_synthetic(node, output)
    node.SetNodeReferenceID(_SOURCE_ROLE, source.GetID() if source is not None else None)
    node.SetDescription(f"{SYNTHETIC}, not acquired: {output} by {model}")
    if SYNTHETIC not in node.GetName():
        node.SetName(f"{node.GetName()} {SYNTHETIC}")


def remember_synthetic(node: Any, output: str) -> None:
    """Let a volume node remember that it was made in this contrast, and not acquired."""
    node.SetAttribute(_OUTPUT, output)


def synthetic_output(node: Any) -> str:
    """Return the contrast that a volume node was made in; empty for a node that was not marked."""
    return str(node.GetAttribute(_OUTPUT) or "") if node is not None else ""


def is_made_from(node: Any, source: Any) -> bool:
    """Whether a volume node may be a translation of ``source``; False only where it is known to be one of another."""
    return not synthetic_output(node) or node.GetNodeReference(_SOURCE_ROLE) in (source, None)


def may_be_replaced(node: Any, output: str, source: Any) -> bool:
    """Whether a translation of ``source`` into ``output`` may go into a volume node: not into another translation."""
    return synthetic_output(node) in ("", output) and is_made_from(node, source)


def synthetic_in(view: Any) -> str:
    """Return what a slice view (its composite node) shows that is synthetic, for its corner; empty where nothing is."""
    scene = view.GetScene()
    background = scene.GetNodeByID(view.GetBackgroundVolumeID() or "") if scene else None
    over = shown_layers(view) if scene and view.GetForegroundOpacity() > _FAINT else []
    covered = bool(over) and view.GetForegroundOpacity() > 1 - _FAINT
    seen = over if covered else [background, *over]
    made = [synthetic_output(node) for node in seen if synthetic_output(node)]
    return f"{SYNTHETIC} {', '.join(dict.fromkeys(made))}" if made else ""


class SyntheticWords:
    """Writes :func:`synthetic_in` into the corner of slice views, and follows what they show until :meth:`release`."""

    def __init__(self) -> None:
        self._corners: dict[str, _Corner] = {}

    def follow(self, views: Iterable[tuple[Any, Any]]) -> None:
        """Follow these views (composite node and interactor of each), too; those that are followed stay."""
        for view, interactor in views:
            known = self._corners.get(view.GetID())
            if known is None or known.view is not view:
                if known is not None:
                    known.release()
                self._corners[view.GetID()] = _Corner(view, interactor)

    @property
    def words(self) -> dict[str, str]:
        """What stands in the views, by their layout name."""
        return {corner.view.GetLayoutName(): corner.words for corner in self._corners.values()}

    def release(self) -> None:
        """Write nothing any more."""
        for corner in self._corners.values():
            corner.release()
        self._corners = {}


class _Corner:
    """The words in one view."""

    def __init__(self, view: Any, interactor: Any) -> None:
        self.view, self.words = view, ""
        window = interactor.GetRenderWindow()
        self._actor = vtk.vtkTextActor()
        look = self._actor.GetTextProperty()
        look.SetColor(*_COLOUR)
        look.SetFontSize(_SIZE)
        look.BoldOn()
        look.ShadowOn()
        self._actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        self._actor.SetPosition(*_PLACE)
        self._renderer = window.GetRenderers().GetFirstRenderer() if window else None
        if self._renderer is not None:
            self._renderer.AddActor2D(self._actor)
        self._tag = view.AddObserver(vtk.vtkCommand.ModifiedEvent, self._update)
        self._update()

    def release(self) -> None:
        self.view.RemoveObserver(self._tag)
        if self._renderer is not None:
            self._renderer.RemoveActor2D(self._actor)

    def _update(self, *_: Any) -> None:
        words = synthetic_in(self.view)
        if words == self.words:
            return
        self.words = words
        self._actor.SetInput(words)  # what a view shows has changed, so it is drawn anew anyway
