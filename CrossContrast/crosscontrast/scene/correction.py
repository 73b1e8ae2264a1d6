"""One soft map under correction: with the soft brush and, through its segment, with the Segment Editor."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from crosscontrast.corrections.boxes import Box, box_of, padded, placed, union, within
from crosscontrast.corrections.pick_up import picked_up
from crosscontrast.corrections.soft_brush import Edit, EditHistory, SoftStroke
from crosscontrast.corrections.soft_merge import soft_merge
from crosscontrast.errors import BadInputError
from crosscontrast.ground.images import read_image
from crosscontrast.ground.placement import put_onto
from crosscontrast.scene.hierarchy import put_beside
from crosscontrast.scene.images import add_volume, grid_of, ijk_to_ras, image_of, put_on, soft_on, voxels
from crosscontrast.scene.roles import PREDICTED_ROLE
from crosscontrast.scene.segments import make_segment, segment_parts, set_segment_part

#: The surface of the map within this distance (mm) of an edit shows a soft merge how soft its edge shall be.
_NEAR = 20.0


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
        self._segment = self.segmentation.GetSegmentation().GetNthSegmentID(0)
        self.history = EditHistory()
        #: True while this object changes the segment itself, so that an observer of the segment can tell.
        self.changing = False
        # The map as it was before the segment was touched, and the part of it in which the segment was or is.
        self._before_segment = voxels(soft).copy()
        self._touched = self._with_rim(box_of(self._before_segment >= threshold))
        # Where the map differs from the prediction, kept up to date: asking all voxels takes longer than a stroke.
        self._differs = self._before_segment != voxels(self.predicted)
        self._changed = int(np.count_nonzero(self._differs))
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
        self._count(edit.box)
        self._cut(edit.box)
        return edit.box

    def take_segment(self) -> Box | None:
        """Merge the segment as it is now into the soft map and return the part that changed, ``None`` for nothing."""
        values, parts = voxels(self.soft), segment_parts(self.segmentation, self.soft)
        for part, _ in parts:
            self._touched = union(self._touched, self._with_rim(part))
        if self._touched is None:
            return None
        inside = np.zeros([side.stop - side.start for side in self._touched], dtype=bool)
        for part, mask in parts:
            inside[within(part, self._touched)] |= mask
        if np.array_equal(inside, values[self._touched] >= self.threshold):
            return None
        merged = self._merged(self._before_segment[self._touched], inside)
        changed = box_of(values[self._touched] != merged)
        if changed is None:
            return None
        box = placed(changed, self._touched)
        self.history.push(Edit(box, values[box].copy(), merged[changed].copy()))
        values[box] = merged[changed]
        self._count(box)
        self._tell()
        return box

    def _merged(self, base: np.ndarray, inside: np.ndarray) -> np.ndarray:
        """Merge a mask into the same part of the map; the surface near the edits says how soft an edge is here."""
        merged, before = base.copy(), base >= self.threshold
        edited = box_of(before != inside)
        if edited is None:
            return merged
        spacing = self._spacing()
        i, j, k = (int(np.ceil(_NEAR / step)) for step in spacing)
        near = padded(edited, (k, j, i), base.shape)
        if not before[near].any():
            near = padded(near, base.shape, base.shape)
        soft, mask = (_patch(part[near], spacing) for part in (base, inside.astype(np.uint8)))
        merged[near] = sitk.GetArrayFromImage(soft_merge(soft, None, mask, threshold=self.threshold))
        return merged

    def undo(self) -> Box | None:
        """Take the last change of the map back, whichever way it was made, and return where."""
        return self._after(self.history.undo(voxels(self.soft)))

    def redo(self) -> Box | None:
        """Make the change that was undone last again and return where."""
        return self._after(self.history.redo(voxels(self.soft)))

    def reset(self) -> Box | None:
        """Go back to the prediction, which can be undone too, and return where that changed the map."""
        values, predicted = voxels(self.soft), voxels(self.predicted)
        box = box_of(values != predicted)
        if box is not None:
            self.history.push(Edit(box, values[box].copy(), predicted[box].copy()))
            values[box] = predicted[box]
        return self._after(box)

    def pick_up(self, found: Path) -> Box | None:
        """Take in the slices of the soft map in the file ``found`` where there is no cord yet, and return where.

        Slices with a cord, and those that were corrected, stay as they are. Raises :class:`BadInputError` for a map of
        another image.
        """
        values, own = voxels(self.soft), soft_on(self.mask().astype(np.uint8), self.soft)
        given = put_onto(read_image(found), own)
        if given is None:
            raise BadInputError(f"{found.name} does not lie on the grid of {self.soft.GetName()}.")
        new = np.clip(sitk.GetArrayFromImage(given), 0, 1).astype(np.float32)
        # The axis of the array, (k, j, i), that runs along the body.
        axis = 2 - int(np.abs(ijk_to_ras(self.soft)[2, :3] / self._spacing()).argmax())
        merged = picked_up(values, voxels(self.predicted), new, axis, self.threshold)
        box = box_of(values != merged)
        if box is not None:
            self.history.push(Edit(box, values[box].copy(), merged[box].copy()))
            values[box] = merged[box]
        return self._after(box)

    @property
    def lost(self) -> bool:
        """Whether the map or its segment was removed from the scene."""
        gone = self.soft.GetScene() is None or self.segmentation.GetScene() is None
        return gone or self.segmentation.GetSegmentation().GetSegment(self._segment) is None

    @property
    def changed_voxels(self) -> int:
        """How many voxels of the map differ from the prediction."""
        return self._changed

    def mask(self) -> np.ndarray:
        """Return where the corrected map is cut, as an array (k, j, i) of the node's voxels."""
        found: np.ndarray = voxels(self.soft) >= self.threshold
        return found

    def mask_before(self) -> np.ndarray:
        """Return the same of the prediction."""
        found: np.ndarray = voxels(self.predicted) >= self.threshold
        return found

    def write(self, folder: Path) -> dict[str, Path]:
        """Write map, mask and the mask before the correction to ``folder``, on the node's grid; return them by name."""
        before = soft_on(self.mask_before().astype(np.uint8), self.soft)
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
        return soft_on(self.mask().astype(np.uint8), self.soft)

    def _spacing(self) -> np.ndarray:
        return np.asarray(np.linalg.norm(ijk_to_ras(self.soft)[:3, :3], axis=0))

    def _with_rim(self, box: Box | None) -> Box | None:
        """One voxel more on every side, so that a mask that ends inside the image is seen to end."""
        return padded(box, (1, 1, 1), voxels(self.soft).shape) if box else None

    def _after(self, box: Box | None) -> Box | None:
        if box is not None:
            self._count(box)
            self._tell()
            self._cut(box)
        return box

    def _count(self, box: Box) -> None:
        differs = voxels(self.soft)[box] != voxels(self.predicted)[box]
        self._changed += int(np.count_nonzero(differs)) - int(np.count_nonzero(self._differs[box]))
        self._differs[box] = differs

    def _cut(self, box: Box) -> None:
        """Cut the segment anew where it was and where the map has changed; elsewhere there is none."""
        values = voxels(self.soft)
        # What the segment touched may have been merged before without a cut, so all of that is taken.
        region = union(self._touched, box) or box
        self._before_segment[region] = values[region]
        inside = values[region] >= self.threshold
        found = box_of(inside)
        self._touched = self._with_rim(placed(found, region)) if found else None
        self.changing = True
        try:
            set_segment_part(self.segmentation, self.soft, inside, region)
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
        put_beside(kept, soft)
        soft.SetNodeReferenceID(PREDICTED_ROLE, kept.GetID())
    return kept


def _patch(values: np.ndarray, spacing: np.ndarray) -> sitk.Image:
    """Make an image of a part of a map; where it lies does not matter to a soft merge."""
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing.tolist())
    return image
