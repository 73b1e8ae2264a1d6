"""The job that trains one network with and without the radiomics-preserving loss."""

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from crosscontrast.ground.tables import TableWriter
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part
from crosscontrast.synthesis.ablation.compare import Arm, Difference, differences
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.training.settings import make_config

#: A feature counts as preserved from this concordance between real and translated images on; a usual "good".
PRESERVED = 0.75


class RadiomicsAblationResult(JobResult):
    """All arms, their table, and what each weight changes against the first."""

    table: Path
    arms: list[Arm]
    differences: list[Difference]


class RadiomicsAblation(Job):
    """Train ``network`` with each weight of the radiomics loss and each seed, and count preserved features.

    A feature is preserved where Lin's concordance over the test subjects is at least 0.75. With few subjects that is a
    rough number: compare arms by it, not studies.
    """

    kind: ClassVar[str] = "synth.ablation"

    cohort: Path
    source: str
    target: str
    network: str
    out: Path
    weights: tuple[float, ...] = (0.0, 1.0)
    seeds: tuple[int, ...] = (0, 1, 2)
    settings: dict[str, Any] = Field(default={})
    force: bool = False
    device: str = "auto"

    def run(self, progress: Progress) -> RadiomicsAblationResult:
        """Train and measure all arms."""
        from crosscontrast.errors import BadInputError
        from crosscontrast.ground.device import choose_device
        from crosscontrast.ground.files import atomic_write, make_folder
        from crosscontrast.synthesis.ablation.features import region_features
        from crosscontrast.synthesis.benchmark.run import read_subjects, run_benchmark
        from crosscontrast.synthesis.training.checks import check_pairs

        own = {"cohort": self.cohort, "source": self.source, "target": self.target, "network": self.network}
        runs = [(weight, seed) for seed in self.seeds for weight in self.weights]
        plans = [
            make_config(TrainingConfig, self.settings | own | {"radiomics": weight, "seed": seed})
            for weight, seed in runs
        ]
        said = check_pairs(plans[0], ("train", "validation", "test"), force=self.force)
        for sentence in said:
            progress(0, 1, sentence)
        subjects = list(read_subjects(plans[0], "test"))
        if len(subjects) < 3:
            raise BadInputError(f"{self.cohort} needs at least three test subjects to compare features over.")
        make_folder(self.out)
        real = [region_features(subject.target, subject.mask) for subject in subjects]
        arms = []
        for number, ((weight, seed), config) in enumerate(zip(runs, plans, strict=True)):
            report = part(progress, number / len(runs), (number + 1) / len(runs))
            folder = self.out / f"weight-{weight:g}_seed-{seed}"
            found, _ = run_benchmark([config], folder, device=choose_device(self.device), progress=report)
            made = [region_features(found.images[s.name][self.network], s.mask) for s in subjects]
            errors = [row.measures["mae"] for row in found.rows if row.method == self.network]
            arms.append(_arm(weight, seed, errors, real, made))
        table = self.out / "ablation.tsv"
        with atomic_write(table) as path, path.open("w", newline="") as stream:
            writer = TableWriter(stream)
            writer.writerow(Arm.model_fields)
            writer.writerows(arm.model_dump().values() for arm in arms)
        return RadiomicsAblationResult(table=table, arms=arms, differences=differences(arms), warnings=said)


def _arm(
    weight: float, seed: int, errors: list[float], real: list[dict[str, float]], made: list[dict[str, float]]
) -> Arm:
    import numpy as np

    from crosscontrast.synthesis.ablation.features import concordance

    agreement = np.array(
        [concordance(*(np.array([values[name] for values in side]) for side in (real, made))) for name in real[0]]
    )
    known = agreement[np.isfinite(agreement)]
    return Arm(
        radiomics=weight,
        seed=seed,
        mae=float(np.mean(errors)),
        features=len(known),
        preserved=int((known >= PRESERVED).sum()),
        median_concordance=float(np.median(known)),
    )
