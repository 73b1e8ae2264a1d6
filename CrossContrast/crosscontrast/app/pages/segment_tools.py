"""trame-slicer's segmentation editor, as far as the page needs it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from trame_slicer.core import SlicerApp
from trame_slicer.segmentation import (
    ModificationMode,
    SegmentationEffectErase,
    SegmentationEffectIslands,
    SegmentationEffectNoTool,
    SegmentationEffectPaint,
    SegmentationEffectScissors,
    SegmentationEffectSmoothing,
    SegmentationEffectThreshold,
)
from trame_slicer.segmentation.paint_effect_parameters import BrushDiameterMode
from trame_slicer.segmentation.scissors_effect_parameters import ScissorsEffectFillMode, ScissorsEffectRangeMode
from trame_slicer.segmentation.segmentation_effect_smoothing import SmoothingEffectMode
from trame_slicer.utils import vtk_image_to_np

_EFFECTS = {
    "": SegmentationEffectNoTool,
    "paint": SegmentationEffectPaint,
    "erase": SegmentationEffectErase,
    "scissors": SegmentationEffectScissors,
    "threshold": SegmentationEffectThreshold,
}


class SegmentTools:
    """Edits one segmentation; ``on_changed`` is called whenever it changes, whoever changed it."""

    def __init__(self, application: SlicerApp, on_changed: Callable[[], None]) -> None:
        self._editor, self._views = application.segmentation_editor, application.view_manager
        self._editor.segmentation_modified.connect(lambda *_: on_changed())

    def edit(self, segmentation: Any, image: Any) -> None:
        """Edit the first segment of ``segmentation``, which lies on the grid of the volume node ``image``."""
        self._editor.set_active_segmentation(segmentation, image)

    def show_surface(self, shown: bool) -> None:
        """Show the segment's surface in the 3-D views, or not."""
        first = shown and not self._editor.is_3d_shown()
        self._editor.show_3d(shown)
        if first:
            for view in self._views.get_threed_views():
                view.reset_view()

    def let_go(self) -> None:
        """Put the tool down; the segmentation may go."""
        if self._editor.active_segmentation is not None:
            self._editor.clear()

    def use(
        self, tool: str, *, diameter: float, sphere: bool, all_slices: bool, intensities: tuple[float, float]
    ) -> None:
        """Take up ``tool`` (empty: none), with lengths in mm; ``intensities`` is the range that is marked."""
        effect = self._editor.set_active_effect_type(_EFFECTS[tool])
        if tool in ("paint", "erase"):
            effect.set_brush_diameter(diameter, BrushDiameterMode.Absolute)
            effect.set_use_sphere_brush(sphere)
        elif tool == "scissors":
            effect.set_fill_mode(ScissorsEffectFillMode.ERASE_INSIDE)
            one, every = ScissorsEffectRangeMode.SYMMETRIC, ScissorsEffectRangeMode.UNLIMITED
            effect.set_range_mode(every if all_slices else one)
            effect.set_symmetric_distance(0.0)  # the slice that is shown
        elif tool == "threshold":
            effect.set_threshold_min_max_values(intensities)

    def smooth(self, kernel: float) -> None:
        """Smooth the segment with a median of this width in mm."""
        effect = self._editor.set_active_effect_type(SegmentationEffectSmoothing)
        effect.set_smoothing_mode(SmoothingEffectMode.MEDIAN)
        effect.set_kernel_size(kernel)
        effect.apply_smoothing()
        self._editor.deactivate_effect()

    def keep_largest(self) -> None:
        """Keep the largest connected part of the segment."""
        self._editor.set_active_effect_type(SegmentationEffectIslands).keep_largest_island()
        self._editor.deactivate_effect()

    def remove(self, outside: np.ndarray) -> None:
        """Remove the true voxels (k, j, i) from the segment."""
        modifier = self._editor.active_segment_modifier
        labels = modifier.create_modifier_labelmap()
        vtk_image_to_np(labels)[...] = outside
        modifier.apply_labelmap(labels, modification_mode=ModificationMode.Remove)
