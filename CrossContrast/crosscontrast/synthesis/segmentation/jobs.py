"""The jobs that train segmentations, segment, and cleanse labels."""

from pathlib import Path
from typing import ClassVar

from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part
from crosscontrast.synthesis.segmentation.config import SegmentationConfig
from crosscontrast.training.settings import CONFIG, read_config


class TrainSegmentationResult(JobResult):
    """The training's folder, its model, the step reached, and Dice by class on the test subjects (NaN: none)."""

    folder: Path
    model: Path
    step: int
    dice: dict[str, float]
    test_subjects: int


class TrainSegmentation(Job):
    """Train a segmentation on a cohort's images and, where it names translators, on what these make of them."""

    kind: ClassVar[str] = "synth.segment-train"

    out: Path
    settings: SegmentationConfig | None = None
    resume: bool = False
    max_minutes: float | None = None
    device: str = "auto"

    def run(self, progress: Progress) -> TrainSegmentationResult:
        """Train, write the model and measure it on the split ``test``."""
        import numpy as np

        from crosscontrast.errors import BadInputError
        from crosscontrast.ground.device import choose_device
        from crosscontrast.models.find import find_model
        from crosscontrast.synthesis.segmentation.cases import read_segmentation_cases
        from crosscontrast.synthesis.segmentation.train import (
            case_dice,
            export_segmentation,
            segmentation_spec,
            train_segmentation,
        )
        from crosscontrast.training.state import CHECKPOINT

        if not self.resume and (self.out / CHECKPOINT).exists():
            raise BadInputError(f"There is a training in {self.out} already.", "resume it, or give another folder")
        settings = read_config(self.out / CONFIG, SegmentationConfig, {}) if self.resume else self.settings
        if settings is None:
            raise BadInputError("A training that is not resumed needs settings.")
        if not self.resume:
            # By version or bundle: what a bare name or a training's folder means may be another one when it goes on.
            exact = tuple(find_model(model, "translation").request for model in settings.translators)
            settings = settings.model_copy(update={"translators": exact})
        state = train_segmentation(
            settings,
            self.out,
            resume=self.resume,
            max_minutes=self.max_minutes,
            device=choose_device(self.device),
            progress=part(progress, 0, 0.95),
        )
        cases = read_segmentation_cases(settings, "train")
        model = export_segmentation(settings, state, self.out, cases)
        test = read_segmentation_cases(settings, "test")
        spec = segmentation_spec(settings, cases)
        scores = [case_dice(state.average["generator"], spec, case) for case in test]
        names = settings.outputs[1:] if scores else ()
        progress(1, 1, "done")
        return TrainSegmentationResult(
            folder=self.out,
            model=model,
            step=state.step,
            dice={name: float(np.nanmean([score[name] for score in scores])) for name in names},
            test_subjects=len(test),
        )


class SegmentImageResult(JobResult):
    """A soft map per class, the label map, the synthetic channels, and the sidecar."""

    soft: dict[str, Path]
    labels: Path
    synthetic: list[Path]
    sidecar: Path


class SegmentImage(Job):
    """Translate one volume and segment it from input and synthetic channels.

    ``model`` is a segmentation, ``more_images`` are its further real inputs in order; ``translators`` make the others,
    by default those that it was trained with. ``localise`` names a class: a first pass finds it, a second one segments
    around it. Files that are not unchanged results of ours are replaced only with ``overwrite``.
    """

    kind: ClassVar[str] = "synth.segment"

    image: Path
    out: Path
    model: str
    more_images: tuple[Path, ...] = ()
    translators: tuple[str, ...] = ()
    localise: str = ""
    margin: float = 16.0
    device: str = "auto"
    overwrite: bool = False

    def run(self, progress: Progress) -> SegmentImageResult:
        """Segment and write; see :func:`crosscontrast.synthesis.segmentation.segment.segment_file`."""
        from crosscontrast.ground.files import make_folder
        from crosscontrast.synthesis.segmentation.segment import Request, segment_file

        folder = make_folder(self.out)
        request = Request(
            model=self.model,
            translators=self.translators,
            localise=self.localise,
            margin=self.margin,
            device=self.device,
        )
        images = (self.image, *self.more_images)
        return SegmentImageResult(**vars(segment_file(images, folder, request, progress, overwrite=self.overwrite)))


class CleanseLabelsResult(JobResult):
    """The proposals and their confidence, by volume, and the table of them all."""

    proposals: list[Path]
    confidence: list[Path]
    table: Path


class CleanseLabels(Job):
    """Rebuild whole label maps from sparse or noisy ones of a cohort; see crosscontrast.synthesis.segmentation.cleanse.

    All splits are used: this is about the labels that are there, not about judging a network. The given labels are
    only read.
    """

    kind: ClassVar[str] = "synth.cleanse"

    settings: SegmentationConfig
    labelling: str
    out: Path
    device: str = "auto"

    def run(self, progress: Progress) -> CleanseLabelsResult:
        """Learn and write the proposals; see :func:`~.cleanse_files.cleanse_cohort`."""
        from crosscontrast.synthesis.segmentation.cleanse_files import cleanse_cohort

        done = cleanse_cohort(self.settings, self.labelling, self.out, device=self.device, progress=progress)
        return CleanseLabelsResult(**vars(done))
