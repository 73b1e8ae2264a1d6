"""What a translated image is worth to somebody who segments it: a network taught on real targets is the judge."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import read_cohort
from crosscontrast.ground.coverage import WHOLE
from crosscontrast.ground.images import read_image
from crosscontrast.inference.preprocess import normalise_channels, prepare
from crosscontrast.synthesis.benchmark.results import Subject
from crosscontrast.synthesis.segmentation.cases import one_hot, read_segmentation_cases
from crosscontrast.synthesis.segmentation.config import SegmentationConfig
from crosscontrast.synthesis.segmentation.train import case_dice, segmentation_spec, train_segmentation
from crosscontrast.synthesis.training.cases import Case
from crosscontrast.training.state import CHECKPOINT


class Judge:
    """Segments targets, real or translated, and compares with the label maps; Dice is the mean over the classes.

    It learns from the real targets of the training subjects only, in ``folder``.
    """

    def __init__(self, config: SegmentationConfig, folder: Path, device: torch.device | str = "cpu") -> None:
        self.config = config
        cases = read_segmentation_cases(config, "train")
        self._spec = segmentation_spec(config, cases)
        # Trained in an earlier call, it takes no further step.
        resume = (folder / CHECKPOINT).exists()
        state = train_segmentation(config, folder, resume=resume, device=device, cases=cases)
        self._network = state.average["generator"]
        rows = read_cohort(config.cohort).select(role=config.labels)
        self._labels = {row.subject: row.image for row in rows}

    def dice(self, subject: Subject, image: sitk.Image | None = None) -> float:
        """Return the judge's Dice on ``image``, or on the subject's real target; NaN where no class is there.

        Only what was measured of both source and target counts, whichever of them is judged.
        """
        if subject.name not in self._labels:
            raise BadInputError(f"{self.config.cohort}: {subject.name} has no label map {self.config.labels!r}.")
        image = subject.target if image is None else image
        images = [image, read_image(self._labels[subject.name]), *([subject.measured] if subject.measured else [])]
        prepared = prepare([sitk.Cast(i, sitk.sitkFloat32) for i in images],
                           self.config.preprocessing.model_copy(update={"normalisation": "none"}))  # fmt: skip
        values = torch.from_numpy(normalise_channels(prepared.values[:1], self.config.normalisation))
        target = one_hot(self.config, np.round(prepared.values[1]))
        seen = torch.from_numpy((prepared.values[2:] >= WHOLE).astype(np.float32)) if subject.measured else None
        case = Case(subject.name, values, target, torch.ones_like(target[:1]), measured=seen)
        scores = list(case_dice(self._network, self._spec, case).values())
        return float(np.nanmean(scores)) if np.isfinite(scores).any() else float("nan")
