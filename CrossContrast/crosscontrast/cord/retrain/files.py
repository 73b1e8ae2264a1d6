"""What a retraining leaves in its folder, and what it remembers there to go on later."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from crosscontrast.cord.retrain.figures import Figures
from crosscontrast.cord.retrain.gate import Verdict
from crosscontrast.cord.retrain.settings import RetrainSettings
from crosscontrast.ground.provenance import ModelRecord


class Plan(BaseModel):
    """What was decided at the start: ``plan.json``. ``revisions`` are those of all corrected cases at that time."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    dataset: Path
    base: ModelRecord
    settings: RetrainSettings
    training: tuple[str, ...]
    test: tuple[str, ...]
    revisions: dict[str, int]


class Outcome(BaseModel):
    """What came out: ``verdict.json``. ``model`` is the candidate's name in the library, once it is there;
    ``kept_aside`` says that a person decided against that."""

    verdict: Verdict
    figures: Figures
    model: str | None = None
    kept_aside: bool = False


@dataclass(frozen=True)
class RetrainFiles:
    """Paths in ``folder``; ``models`` is a model library of the base model and the candidate."""

    folder: Path

    @property
    def plan(self) -> Path:
        """The :class:`Plan`; its presence makes a later call go on."""
        return self.folder / "plan.json"

    @property
    def outcome(self) -> Path:
        """The :class:`Outcome`."""
        return self.folder / "verdict.json"

    @property
    def report(self) -> Path:
        """The report for people."""
        return self.folder / "report.html"

    @property
    def training(self) -> Path:
        """Checkpoint, diary and pictures of the training."""
        return self.folder / "training"

    @property
    def models(self) -> Path:
        """Library with both models."""
        return self.folder / "models"

    @property
    def base(self) -> Path:
        """The base model's copy."""
        return self.models / "base" / "1"

    @property
    def candidate(self) -> Path:
        """The candidate, ready to be added to a library."""
        return self.models / "candidate" / "1"

    @property
    def evaluation(self) -> Path:
        """Segmentations of the test images by both models."""
        return self.folder / "evaluation"

    @property
    def learnt(self) -> Path:
        """Segmentations of the training images by the candidate."""
        return self.folder / "learnt"
