"""Segmenting the cord on the images of a patient, and bringing the soft maps to whoever shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscontrast.desk.reasons import BUSY, NO_IMAGE
from crosscontrast.desk.runner import Runner
from crosscontrast.scene.cord.inputs import InputVolume
from crosscontrast.scene.results import load_soft_map
from crosscontrast.scene.soft_map import is_soft_map
from crosscontrast.scene.sources import remember_item

if TYPE_CHECKING:
    from crosscontrast.cord.jobs import SegmentContrasts, SegmentContrastsResult
    from crosscontrast.ground.geometry import Point
    from crosscontrast.ground.provenance import ModelRecord
    from crosscontrast.jobs.job import Job, JobResult

NO_MODEL = "The library has no model for segmentation."


@dataclass(frozen=True)
class Segmented:
    """What came out of one input: the soft map, the map of its uncertainty where there is one, and the model.

    ``mean_csa_mm2`` is ``None`` where no cord was found. The files go when the result was taken.
    """

    given: InputVolume
    softseg: Path
    spread: Path | None
    model: "ModelRecord | None"
    mean_csa_mm2: float | None

    def load(self, scene: Any, name: str) -> Any:
        """Load the soft map over the volume that it was made from, which may be gone, and return its node."""
        source, sequence = (scene.GetNodeByID(key) for key in (self.given.node_id, self.given.sequence_id))
        soft = load_soft_map(scene, self.softseg, name, source, model=self.model, spread=self.spread)
        if sequence is not None:
            remember_item(soft, sequence, self.given.item)
        return soft


class Segmenter:
    """Segments with ``model``. ``segmented`` gets what came out of the inputs that could be segmented, in their order.

    ``image`` is the volume node to segment (``None``: none is chosen). ``no_image`` and ``no_model`` are what this
    front end says where there is none.
    """

    def __init__(
        self,
        runner: Runner,
        segmented: Callable[[list[Segmented]], None],
        *,
        no_image: str = NO_IMAGE,
        no_model: str = NO_MODEL,
    ) -> None:
        self._runner, self._segmented, self._no_image, self.no_model = runner, segmented, no_image, no_model
        self.image: Any = None
        self.model, self.device, self.threshold, self.uncertainty = "", "auto", 0.5, False
        #: Points (mm, RAS of the images, without their transforms) in the cord, and in the slices in which it ends.
        self.at: tuple[Point, ...] = ()
        self.ends: tuple[Point, ...] = ()

    def why_not(self) -> str:
        """Why nothing can be segmented now."""
        if self.image is None:
            return self._no_image
        if is_soft_map(self.image):
            return f"{self.image.GetName()} is a soft map and no image."
        if self.image.GetImageData() is None:
            return f"{self.image.GetName()} is empty: it has no voxels."
        return ("" if self.model else self.no_model) or (BUSY if self._runner.busy else "")

    def run(self, inputs: Callable[[Path], Sequence[InputVolume]]) -> None:
        """Segment what ``inputs`` returns; it gets a folder for volumes that are no files."""
        if not self.why_not():
            given: list[InputVolume] = []

            def make(folder: Path) -> "Job":
                given.extend(inputs(folder))
                return self._job(given, folder)

            self._runner.start(make, lambda result: self._take(given, result))

    def _job(self, given: Sequence[InputVolume], folder: Path) -> "SegmentContrasts":
        from crosscontrast.cord.jobs import SegmentContrasts

        return SegmentContrasts(
            images=tuple(one.path for one in given),
            out=folder / "segmented",
            model=self.model,
            device=self.device,
            threshold=self.threshold,
            uncertainty=self.uncertainty,
            at=self.at,
            ends=self.ends,
        )

    def _take(self, given: Sequence[InputVolume], result: "JobResult") -> str:
        from crosscontrast.cord.jobs import SegmentContrastsResult

        assert isinstance(result, SegmentContrastsResult)
        self._segmented(found := _segmented(given, result))
        areas = [one.mean_csa_mm2 for one in found]
        if len(areas) > 1:
            return ""
        return "No cord was found." if areas[0] is None else f"Mean area {areas[0]:.1f} mm²."


def _segmented(given: Sequence[InputVolume], result: "SegmentContrastsResult") -> list[Segmented]:
    from crosscontrast.ground.provenance import Provenance

    of = {one.path: one for one in given}
    found = []
    for case in result.cases:
        provenance = Provenance.read(case.sidecar)
        model = provenance.model if provenance else None
        found.append(Segmented(of[case.image], case.softseg, case.uncertainty_map, model, case.mean_csa_mm2))
    return found
