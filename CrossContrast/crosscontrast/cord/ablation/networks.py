"""Training one network of an arm and putting it where the evaluation finds it."""

from pathlib import Path

from crosscontrast.cord.ablation.arms import Network
from crosscontrast.cord.ablation.plan import Plan
from crosscontrast.cord.teaching.loop import train
from crosscontrast.cord.teaching.state import CHECKPOINT
from crosscontrast.ground.cohort import Cohort
from crosscontrast.ground.device import choose_device
from crosscontrast.ground.files import make_folder
from crosscontrast.models.bundle import BundleMetadata, write_bundle
from crosscontrast.progress import Progress, silent

_CARD = """# {name}

A network of the ablation experiment, trained for {steps} steps on generated images of {persons} bodies.
It is for that comparison only and not for real images.
"""
#: Steps that are timed to know how many fit into the time.
_TIMED_STEPS = 12


def train_network(
    network: Network, plan: Plan, cohort: Cohort, folder: Path, *, device: str = "auto", progress: Progress = silent
) -> bool:
    """Train into ``folder``/training and write the model to ``folder``/models; return False if it was there already.

    An interrupted training goes on from its last checkpoint.
    """
    bundle = folder / "models" / network.name / "1"
    if bundle.exists():
        return False
    place = make_folder(folder / "training" / network.name)
    table = place / "cohort.tsv"
    network.write_table(cohort, table)
    config = plan.training(network, table)
    resume = (place / CHECKPOINT).exists()
    state = train(config, place, resume=resume, device=choose_device(device), progress=progress)
    write_bundle(
        bundle,
        plan.model(),
        state.average.state_dict(),
        _metadata(network),
        _CARD.format(name=network.name, steps=plan.steps, persons=2 * plan.subjects),
        source="trained by the ablation experiment",
    )
    return True


def seconds_per_step(network: Network, plan: Plan, cohort: Cohort, folder: Path, device: str) -> float:
    """Return how long a step takes here, measured on a few; a process's first training is slower and not counted."""
    place = make_folder(folder / "training" / "timing")
    table = place / "cohort.tsv"
    network.write_table(cohort, table)
    short = plan.model_copy(update={"steps": _TIMED_STEPS})
    states = [train(short.training(network, table), place, device=choose_device(device)) for _ in range(2)]
    return 60 * states[-1].minutes / _TIMED_STEPS


def _metadata(network: Network) -> BundleMetadata:
    return BundleMetadata(
        name=network.name,
        version="1",
        task="Comparison of training masks and losses",
        description=f"Trained with the loss {network.loss} on masks of the kind {network.masks!r}.",
        authors="The ablation command of CrossContrast",
        copyright="None",
        licence="Apache-2.0",
        changelog={"1": "Trained."},
    )
