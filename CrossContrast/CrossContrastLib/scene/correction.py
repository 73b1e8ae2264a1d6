"""One soft map under correction: with the soft brush and, through its segment, with the Segment Editor."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from CrossContrastLib.corrections.soft_brush import Box, Edit, EditHistory, SoftStroke
from CrossContrastLib.corrections.soft_merge import soft_merge
from CrossContrastLib.scene.images import add_volume, grid_of, ijk_to_ras, image_of, put_on, soft_on, voxels
from CrossContrastLib.scene.roles import PREDICTED_ROLE
from CrossContrastLib.scene.segments import make_segment, segment_voxels, set_segment


@dataclass(frozen=True)
class CorrectionImages:
    """A correction on the grid of its image: ``predicted`` and ``soft`` float32 in [0, 1], ``mask`` uint8."""

    predicted: sitk.Image
    soft: sitk.Image
    mask: sitk.Image


class Correction:
    """Keeps the soft map ``soft``, its segment and the history of both in step; the prediction itself is kept apart.

    Both ways of correcting change the one soft map. A stroke of the brush changes it directly, and the segment is cut
    anew from it at ``threshold``. A change of the segment is merged into it softly (:func:`soft_merge`), starting from
    the map as it was before the segment was touched, so that taking a change of the segment back gives the old values
    back exactly.
    """

    def __init__(self, scene: Any, soft: Any, threshold: float, name: str) -> None:
        self.soft = soft
        self.threshold = threshold
        self.predicted = _prediction_of(scene, soft)
        self.segmentation = make_segment(scene, soft, threshold, name)
        self.history = EditHistory()
        #: True while this object changes the segment itself, so that an observer of the segment can tell.
        self.changing = False
        self._before_segment = voxels(soft).copy()
        self._stroke: SoftStroke | None = None

    def start_stroke(self, radius: float, strength: float, raising: bool) -> None:
        """Begin a stroke of the soft brush; see :class:`SoftStroke`."""
        self._stroke = SoftStroke(voxels(self.soft), ijk_to_ras(self.soft), radius, strength, raising)

    def stroke_to(self, point: tuple[float, float, float]) -> Box | None:
        """Move the brush to ``point`` (world RAS, mm) and return the part of the map that it may have changed."""
        if self._stroke is None:
            return None
        local = [0.0, 0.0, 0.0]
        self.soft.TransformPointFromWorld(point, local)
        box = self._stroke.move_to(np.array(local))
        if box is not None:
            self._tell()
        return box

    def end_stroke(self) -> Box | None:
        """End the stroke, cut the segment anew, and return what changed."""
        stroke, self._stroke = self._stroke, None
        edit = stroke.finish() if stroke else None
        if edit is None:
            return None
        self.history.push(edit)
        self._cut()
        return edit.box

    def take_segment(self) -> Box | None:
        """Merge the segment as it is now into the soft map and return the part that changed, ``None`` for nothing."""
        values, inside = voxels(self.soft), segment_voxels(self.segmentation, self.soft)
        if np.array_equal(inside, values >= self.threshold):
            return None
        base = soft_on(self._before_segment, self.soft)
        mask = soft_on(inside.astype(np.uint8), self.soft)
        merged = sitk.GetArrayFromImage(soft_merge(base, None, mask, threshold=self.threshold))
        box = _differing(values, merged)
        if box is None:
            return None
        self.history.push(Edit(box, values[box].copy(), merged[box].copy()))
        values[box] = merged[box]
        self._tell()
        return box

    def undo(self) -> Box | None:
        """Take the last change of the map back, whichever way it was made, and return where."""
        return self._after(self.history.undo(voxels(self.soft)))

    def redo(self) -> Box | None:
        """Make the change that was undone last again and return where."""
        return self._after(self.history.redo(voxels(self.soft)))

    def reset(self) -> Box | None:
        """Go back to the prediction, which can be undone too, and return where that changed the map."""
        values, predicted = voxels(self.soft), voxels(self.predicted)
        box = _differing(values, predicted)
        if box is not None:
            self.history.push(Edit(box, values[box].copy(), predicted[box].copy()))
            values[box] = predicted[box]
        return self._after(box)

    @property
    def changed_voxels(self) -> int:
        """How many voxels of the map differ from the prediction."""
        return int(np.count_nonzero(voxels(self.soft) != voxels(self.predicted)))

    def write(self, folder: Path) -> dict[str, Path]:
        """Write map, mask and the mask before the correction to ``folder``, on the node's grid; return them by name."""
        before = soft_on((voxels(self.predicted) >= self.threshold).astype(np.uint8), self.soft)
        images = {"soft": image_of(self.soft), "mask": self._mask(), "before": before}
        for name, image in images.items():
            sitk.WriteImage(image, str(folder / f"{name}.nrrd"))
        return {name: folder / f"{name}.nrrd" for name in images}

    def images(self, source: Any) -> CorrectionImages:
        """Return prediction, corrected map and corrected mask on the grid of the file of the volume node ``source``."""
        grid = grid_of(source)
        soft = put_on(image_of(self.soft), grid)
        return CorrectionImages(put_on(image_of(self.predicted), grid), soft, put_on(self._mask(), grid))

    def _mask(self) -> sitk.Image:
        return soft_on((voxels(self.soft) >= self.threshold).astype(np.uint8), self.soft)

    def _after(self, box: Box | None) -> Box | None:
        if box is not None:
            self._tell()
            self._cut()
        return box

    def _cut(self) -> None:
        self._before_segment = voxels(self.soft).copy()
        self.changing = True
        try:
            set_segment(self.segmentation, self.soft, self._before_segment >= self.threshold)
        finally:
            self.changing = False

    def _tell(self) -> None:
        self.soft.GetImageData().GetPointData().GetScalars().Modified()
        self.soft.Modified()


def _prediction_of(scene: Any, soft: Any) -> Any:
    """Return the volume that keeps the map as it was predicted, made when the map is first corrected."""
    kept = soft.GetNodeReference(PREDICTED_ROLE)
    if kept is None:
        kept = add_volume(scene, image_of(soft), f"{soft.GetName()} as predicted")
        kept.SetAndObserveTransformNodeID(soft.GetTransformNodeID())
        soft.SetNodeReferenceID(PREDICTED_ROLE, kept.GetID())
    return kept


def _differing(a: np.ndarray, b: np.ndarray) -> Box | None:
    differs = a != b
    if not differs.any():
        return None
    sides = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(differs.any(axis=others))
        sides.append(slice(int(found[0]), int(found[-1]) + 1))
    k, j, i = sides
    return k, j, i
