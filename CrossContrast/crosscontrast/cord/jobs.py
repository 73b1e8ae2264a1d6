"""The cord's jobs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, FiniteFloat

from crosscontrast.cord.outputs import SegmentationFiles
from crosscontrast.corrections.choices import Order
from crosscontrast.errors import BadInputError, CancelledError, CrossContrastError
from crosscontrast.ground.files import image_stem, make_folder, output_folder
from crosscontrast.ground.provenance import ModelRecord
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part

if TYPE_CHECKING:
    from crosscontrast.corrections.dataset import CorrectionDataset
#: Points in mm (RAS).
Points = tuple[tuple[FiniteFloat, FiniteFloat, FiniteFloat], ...]


class SegmentCordResult(JobResult):
    """Where the results are, and the numbers that people look at first (``None`` where no cord was found).

    ``uncertainty`` is the mean standard deviation of the soft values in and around the cord, ``uncertainty_map`` the
    image of it, where they were asked for. ``evidence`` is what speaks for its being a cord, from 0 to 1, where the
    model measures that.
    """

    image: Path
    softseg: Path
    seg: Path
    csa: Path
    overlay: Path
    sidecar: Path
    mean_csa_mm2: float | None
    sd_csa_mm2: float | None
    volume_mm3: float
    evidence: float | None = None
    uncertainty: float | None = None
    uncertainty_map: Path | None = None


class SegmentCord(Job):
    """Segment the spinal cord of one volume (file or DICOM folder) softly, on the volume's own grid.

    ``at`` are points in the cord, in mm (RAS): it is followed from there, and nothing else is taken for it. In the
    slices of ``ends`` it ends. The results in ``out`` are called ``stem``, by default as the image. Without
    ``overwrite``, those of another image and those that were changed by hand are not replaced.
    """

    kind: ClassVar[str] = "cord.segment"

    image: Path
    out: Path
    stem: str = ""
    model: str = "softcord"
    device: str = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    mirror: bool = False
    uncertainty: bool = False
    at: Points = ()
    ends: Points = ()
    overwrite: bool = False

    def run(self, progress: Progress) -> SegmentCordResult:
        """Segment and write; see :func:`crosscontrast.cord.segment.segment_file`."""

        with output_folder(self.out):
            return self._run(progress)

    def _run(self, progress: Progress) -> SegmentCordResult:
        from crosscontrast.cord.segment import segment_file

        files = SegmentationFiles(self.out, self.stem or image_stem(self.image))
        if not self.overwrite:
            files.check_replaceable(self.image)
        provenance = segment_file(
            self.image,
            files,
            model=self.model,
            device=self.device,
            threshold=self.threshold,
            mirror=self.mirror,
            uncertainty=self.uncertainty,
            at=self.at,
            ends=self.ends,
            progress=progress,
        )
        return SegmentCordResult(
            image=self.image,
            softseg=files.softseg,
            seg=files.seg,
            csa=files.csa,
            overlay=files.overlay,
            sidecar=files.sidecar,
            uncertainty_map=files.uncertainty if self.uncertainty else None,
            warnings=provenance.warnings,
            **provenance.measures,
        )


class SegmentContrastsResult(JobResult):
    """The results of the images that could be segmented, in their order; ``warnings`` say why others could not."""

    cases: list[SegmentCordResult]


class SegmentContrasts(Job):
    """Segment several volumes, such as the contrasts of one patient, one after the other with a model loaded once.

    The parameters are those of :class:`SegmentCord`. An image that cannot be used does not keep the others from being
    segmented; if none can, the reason of the first is the job's error.
    """

    kind: ClassVar[str] = "cord.segment-contrasts"

    images: Annotated[tuple[Path, ...], Field(min_length=1)]
    out: Path
    model: str = "softcord"
    device: str = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    mirror: bool = False
    uncertainty: bool = False
    at: Points = ()
    ends: Points = ()
    overwrite: bool = False

    def run(self, progress: Progress) -> SegmentContrastsResult:
        """Segment one after the other."""
        shared = self.model_dump(exclude={"images"})
        cases: list[SegmentCordResult] = []
        problems: list[CrossContrastError] = []
        for number, image in enumerate(self.images):
            report = part(progress, number / len(self.images), (number + 1) / len(self.images))
            try:
                cases.append(SegmentCord(image=image, **shared).run(report))
            except CancelledError:
                raise
            except CrossContrastError as error:
                problems.append(error)
        if not cases:
            raise problems[0]
        said = [warning for case in cases for warning in case.warnings]
        return SegmentContrastsResult(cases=cases, warnings=said + [error.message for error in problems])


class OpenCaseResult(JobResult):
    """The case to correct: its image, the soft map to begin with, and why it is its turn.

    ``base`` is the revision that ``softseg`` is, 0 for a prediction; ``waiting`` counts the other pending cases.
    """

    case: str
    image: Path
    softseg: Path
    uncertainty: Path | None
    base: int
    model: ModelRecord | None
    reason: str
    waiting: int


class OpenCase(Job):
    """Open a case of the correction dataset ``dataset`` for correction; ``case`` empty means the next of the worklist.

    The next one is the first in this ``order`` that is not ``after`` (the case that the person has before them). A case
    without a prediction is segmented first, with ``model`` on ``device``. A corrected case opens with its newest
    revision. The soft map is written to ``out``.
    """

    kind: ClassVar[str] = "cord.open-case"

    dataset: Path
    out: Path
    case: str = ""
    order: Order = "listed"
    after: str = ""
    model: str = "softcord"
    device: str = "auto"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5

    def run(self, progress: Progress) -> OpenCaseResult:
        """Find the case, predict it if need be, and write where to begin."""
        from crosscontrast.corrections.dataset import CorrectionDataset
        from crosscontrast.corrections.starting import starting_point
        from crosscontrast.ground.images import write_image

        progress(0, 1, "looking for the case")
        dataset = CorrectionDataset.open(self.dataset)
        name, reason = (self.case, "chosen") if self.case else self._next(dataset, part(progress, 0, 0.3))
        case = dataset.case(name)
        if not case.revision and dataset.prediction(name) is None:
            self._predict(case.image, dataset.layout.prediction(name), part(progress, 0.3, 0.9))
        start, predicted = starting_point(dataset, name, threshold=self.threshold), dataset.prediction(name)
        softseg = make_folder(self.out) / f"{name}_softseg.nii.gz"
        write_image(start.soft, softseg, like=case.image)
        progress(1, 1, "done")
        return OpenCaseResult(
            case=name,
            image=case.image,
            softseg=softseg,
            uncertainty=predicted.uncertainty if predicted and not start.base else None,
            base=start.base,
            model=start.model,
            reason=reason,
            waiting=sum(other.state == "pending" and other.name != name for other in dataset.cases()),
        )

    def _next(self, dataset: "CorrectionDataset", progress: Progress) -> tuple[str, str]:
        from crosscontrast.corrections.worklist import worklist

        waiting = [item for item in worklist(dataset, self.order, progress=progress) if item.case.name != self.after]
        if not waiting:
            raise BadInputError(f"No other case of {self.dataset} waits to be corrected.")
        return waiting[0].case.name, waiting[0].reason

    def _predict(self, image: Path, folder: Path, progress: Progress) -> None:
        SegmentCord(image=image, out=folder, model=self.model, device=self.device).run(progress)
