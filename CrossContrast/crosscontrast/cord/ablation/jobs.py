"""The ablation as jobs: the training of one network, and the whole experiment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from crosscontrast.cord.ablation.arms import MANUAL_MASKS, Arm, Network, all_arms
from crosscontrast.cord.ablation.cohort import SHAPE, make_cohort, with_manual_masks
from crosscontrast.cord.ablation.plan import Plan, read_plan, write_plan
from crosscontrast.cord.evaluation.jobs import Evaluated, EvaluationResult, Settings, evaluate_cases, evaluation_result
from crosscontrast.cord.evaluation.plan import Method
from crosscontrast.cord.evaluation.region import Region
from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import Cohort, read_cohort
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.mapping import map_jobs
from crosscontrast.progress import Progress, part

#: Share of the time that trainings get; the rest is for bodies and for evaluating.
_TRAINING_SHARE = 0.7
_FEWEST_STEPS, _MOST_STEPS = 100, 4000
#: All contrasts of a generated person cover the same slices.
WHOLE = Region(slices=(0, SHAPE[0] - 1))
QUICK = Plan(subjects=4, steps=20, channels=(8, 16, 32))


class TrainedNetwork(JobResult):
    """Whether the network was trained now (``False``: it was there)."""

    trained: bool


class TrainNetwork(Job):
    """Train one network of the ablation in ``folder``, whose cohort table is ``cohort``."""

    kind: ClassVar[str] = "cord.ablation-network"

    network: Network
    plan: Plan
    cohort: Path
    folder: Path
    device: str

    def run(self, progress: Progress) -> TrainedNetwork:
        """See :func:`crosscontrast.cord.ablation.networks.train_network`."""
        from crosscontrast.cord.ablation.networks import train_network

        cohort = read_cohort(self.cohort)
        trained = train_network(self.network, self.plan, cohort, self.folder, device=self.device, progress=progress)
        return TrainedNetwork(trained=trained)


class AblationResult(EvaluationResult):
    """The files of the evaluation, and the verdict: the judgement first, then one sentence per comparison."""

    verdict: list[str]


class Ablation(Job):
    """Train all arms on a generated cohort and compare how much their areas depend on the contrast.

    ``subjects`` persons are tested, twice as many others trained on; ``minutes`` decides the number of steps. ``quick``
    is a size that shows that everything works, too small to learn from. What an earlier call has done is not repeated.
    """

    kind: ClassVar[str] = "cord.ablation"

    out: Path
    subjects: Annotated[int, Field(ge=2)] = 20
    minutes: Annotated[float, Field(gt=0)] = 45.0
    quick: bool = False
    device: str = "auto"
    workers: Annotated[int, Field(ge=1)] = 1

    def run(self, progress: Progress) -> AblationResult:
        """Draw the cohort, train, evaluate and judge."""
        from crosscontrast.ground.device import check_device_name
        from crosscontrast.ground.files import make_folder

        check_device_name(self.device)
        folder, arms = make_folder(self.out).resolve(), all_arms()
        known = read_plan(folder)
        subjects = QUICK.subjects if self.quick else self.subjects
        if known and known.subjects != subjects:
            raise BadInputError(
                f"{folder} holds an ablation with {known.subjects} subjects.", "ask for as many, or give another folder"
            )
        cohort = make_cohort(folder / "cohort", subjects, part(progress, 0, 0.05))
        plan = known or self._plan(cohort, arms, folder)
        write_plan(plan, folder)
        self._train(arms, plan, cohort, folder, part(progress, 0.05, 0.75))
        test = Cohort(cohort.path, tuple(cohort.select(split="test")))
        settings = Settings(
            out=folder,
            region=WHOLE,
            library=folder / "models",
            device=self.device,
            workers=self.workers,
            overlays=False,
        )
        evaluated = evaluate_cases(test, [arm.method for arm in arms], settings, part(progress, 0.75, 0.95))
        masks = evaluate_cases(with_manual_masks(test), [Method(MANUAL_MASKS)], settings, part(progress, 0.95, 0.97))
        evaluated.cases.extend(masks.cases)
        return self._conclude(evaluated, plan, cohort, folder)

    def _plan(self, cohort: Cohort, arms: Sequence[Arm], folder: Path) -> Plan:
        from crosscontrast.cord.ablation.networks import seconds_per_step

        if self.quick:
            return QUICK
        plan = Plan(subjects=self.subjects, steps=_FEWEST_STEPS)
        network = arms[-1].networks[0]
        step = seconds_per_step(network, plan, cohort, folder, self.device)
        networks = sum(len(arm.networks) for arm in arms)
        steps = int(60 * self.minutes * _TRAINING_SHARE * self.workers / networks / step)
        return plan.model_copy(update={"steps": min(max(steps, _FEWEST_STEPS), _MOST_STEPS)})

    def _train(self, arms: Sequence[Arm], plan: Plan, cohort: Cohort, folder: Path, progress: Progress) -> None:
        jobs = [
            TrainNetwork(network=network, plan=plan, cohort=cohort.path, folder=folder, device=self.device)
            for arm in arms
            for network in arm.networks
        ]
        for outcome in map_jobs(jobs, workers=self.workers, progress=progress):
            if outcome.error:
                raise outcome.error

    def _conclude(self, evaluated: Evaluated, plan: Plan, cohort: Cohort, folder: Path) -> AblationResult:
        from crosscontrast.cord.ablation.verdict import verdict
        from crosscontrast.cord.evaluation.results import ResultFiles, conclude, write_results

        conclusion = conclude(evaluated.cases, WHOLE)
        sentences = verdict(conclusion.subjects)
        files = ResultFiles(folder)
        write_results(
            files,
            conclusion,
            job=self.kind,
            parameters=plan.model_dump(mode="json"),
            inputs=[cohort.path],
            title="Ablation: training masks and losses",
            lead=[*sentences, *_explanations(plan)],
            pictures={},
        )
        return AblationResult(**evaluation_result(files, evaluated).model_dump(), verdict=sentences)


def _explanations(plan: Plan) -> list[str]:
    """What a reader needs to judge the verdict."""
    return [
        f"Every network took {plan.steps} steps of two images of {2 * plan.subjects} generated persons in six "
        f"contrasts and was tested on {plan.subjects} others. The six networks per contrast together took six times as "
        "many steps as one network for all, which favours them.",
        "The manual masks are simulated: their outline is displaced by up to 0.25 mm depending on the contrast, bright "
        "fluid making the cord look smaller, with the deviations of a rater's hand on top. The soft mask is the "
        "average of a person's six manual masks, and is the reference below. So the experiment shows what training "
        "does with such a bias, not how large the bias of real masks is.",
    ]
