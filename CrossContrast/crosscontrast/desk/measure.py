"""The area along the cord, which follows every edit, and the overlay of what a correction changed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crosscontrast.desk.correct import Corrector

if TYPE_CHECKING:
    import numpy as np

    from crosscontrast.cord.csa.contrasts import CsaCurve
    from crosscontrast.cord.csa.live import LiveCsa
    from crosscontrast.corrections.boxes import Box
    from crosscontrast.desk.doubtful import DoubtfulSlice
    from crosscontrast.scene.correction import Correction


class Ruler:
    """Measures the soft maps ``maps`` of a scene, each once and then only where it was edited."""

    def __init__(self) -> None:
        self.maps: list[Any] = []
        self._live: dict[str, LiveCsa] = {}
        self._predicted: tuple[Any, CsaCurve | None] = (None, None)

    def use(self, maps: Sequence[Any]) -> bool:
        """Measure these maps, the last of which is the one at hand; tell whether that is news."""
        if list(maps) == self.maps and all(soft.GetID() in self._live for soft in maps):
            return False
        known = {soft.GetID() for soft in maps if soft in self.maps}
        self._live = {key: live for key, live in self._live.items() if key in known}
        self.maps = list(maps)
        return True

    def forget(self) -> None:
        """Hold no node of a scene that is about to close."""
        self.maps, self._live, self._predicted = [], {}, (None, None)

    def change(self, soft: Any, box: "Box") -> None:
        """Take in that a part of a soft map changed."""
        from crosscontrast.scene.images import voxels

        live = self._live.get(soft.GetID())
        if live:
            live.change(box, voxels(soft)[box])

    def curves(self) -> "dict[str, CsaCurve]":
        """Return the areas of the maps that still are in the scene, by the IDs of their nodes.

        Raises :class:`CrossContrastError` for a map that cannot be measured.
        """
        self.maps = [soft for soft in self.maps if soft.GetScene() is not None]
        return {soft.GetID(): self._measured(soft).curve() for soft in self.maps}

    def curve_and_centres(self, soft: Any) -> "tuple[CsaCurve, np.ndarray]":
        """Return the areas of one map, and the centres of the cord's slices (slice, LPS in mm)."""
        return self._measured(soft).curve_and_centres()

    def doubtful(self, soft: Any) -> "list[DoubtfulSlice]":
        """Return the slices of a map that should be looked at first, the worst first, by its areas and its uncertainty.

        Raises :class:`CrossContrastError` for a map that cannot be measured.
        """
        from crosscontrast.desk.doubtful import doubtful_slices

        live = self._measured(soft)
        return doubtful_slices(*live.curve_and_centres(), _spread_of(soft, live))

    def predicted(self, correction: "Correction | None") -> "CsaCurve | None":
        """Return the areas of the prediction that is under correction, ``None`` where nothing is."""
        if correction is None:
            return None
        if self._predicted[0] is not correction.predicted:
            self._predicted = correction.predicted, _live_csa(correction.predicted).curve()
        return self._predicted[1]

    def _measured(self, soft: Any) -> "LiveCsa":
        if soft.GetID() not in self._live:
            self._live[soft.GetID()] = _live_csa(soft)
        return self._live[soft.GetID()]


class DifferenceOverlay:
    """Shows in the slice views what the correction at hand added and removed, or hides it."""

    def __init__(self, corrector: Corrector) -> None:
        self._corrector = corrector
        self._shown: Correction | None = None
        #: Whether what is shown is explained in the views.
        self.legend = True

    @property
    def shown(self) -> bool:
        """Whether it is shown."""
        return self._shown is not None

    def why_not(self) -> str:
        """Why there is no difference to show."""
        return self._corrector.why_not_edit()

    def show(self, wanted: bool) -> None:
        """Show the difference of the correction at hand where it is wanted; that of another one goes."""
        correction = self._corrector.correction if wanted else None
        if self._shown is not correction:
            self._hide()
            self._shown = correction
            self.refresh()

    def refresh(self) -> None:
        """Bring the overlay up to date, if it is shown."""
        from crosscontrast.scene.difference import show_difference

        if self._shown and self._shown.soft.GetScene() is not None:
            show_difference(self._corrector.scene, self._shown.predicted, self._shown.soft, legend=self.legend)

    def _hide(self) -> None:
        from crosscontrast.scene.difference import hide_difference

        if self._shown and self._shown.soft.GetScene() is not None:
            hide_difference(self._corrector.scene, self._shown.soft)


def _spread_of(soft: Any, live: "LiveCsa") -> "np.ndarray | None":
    """Return the sum of the standard deviations of each slice in mm², from the bottom; ``None`` where unknown."""
    from crosscontrast.scene.images import same_voxels, voxels
    from crosscontrast.scene.results import uncertainty_of

    spread = uncertainty_of(soft)
    if spread is None or not same_voxels(spread, soft):
        return None
    return live.by_slice(voxels(spread)) * live.pixel_area


def _live_csa(node: Any) -> "LiveCsa":
    from crosscontrast.cord.csa.live import LiveCsa
    from crosscontrast.scene.images import image_of

    return LiveCsa(image_of(node))
