"""Segmenting head phantoms: what a synthetic channel, the skips of the network and the loss weightings are worth.

    .venv/bin/python Testing/benchmarks/bench_synthesis_assisted.py assisted --out bench-assisted [--seeds 5]

Every seed draws its own subjects and its own weights, so that seeds are independent repetitions; arms are compared by
paired t-tests over them with Holm's correction (Wilcoxon's test cannot fall below 0.06 with five pairs). Heavy T2 is
the input. MR angiography is there for every training subject, labels only for the first few: the translator learns
from all pairs, the segmentation from the labelled subjects, as where images are plenty and labels dear. In
``assisted`` vessels are fainter in heavy T2 than blood would be (``flow_void``). Values are the mean Dice of the test
subjects. What is measured already is in the folder's table and not repeated, so that ``--seeds`` can be raised later;
other settings need another folder.
"""

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from crosscontrast.progress import silent
from crosscontrast.statistics.multiplicity import holm
from crosscontrast.synthesis.phantom.write import TABLE, write_phantoms
from crosscontrast.synthesis.segmentation.config import SegmentationConfig
from crosscontrast.synthesis.segmentation.jobs import TrainSegmentation
from crosscontrast.synthesis.training.config import TrainingConfig, make_config
from crosscontrast.synthesis.training.jobs import TrainTranslator
from crosscontrast.synthesis.training.state import CHECKPOINT

#: What is compared -> subjects in all (five eighths are trained on), those with labels, contrast of vessels.
COHORTS = {
    "assisted": {"subjects": 64, "labelled": 3, "flow_void": 0.5},
    "skips": {"subjects": 24, "labelled": 3, "flow_void": 1.0},
    "weightings": {"subjects": 24, "labelled": 3, "flow_void": 1.0},
}
SYNTHETIC = "synthetic"
VESSELS = {"vessels": (4,)}
BRAIN = {"cerebrum": (1,), "cerebellum": (2,), "brainstem": (3,), "vessels": (4,)}
DATA = {"labels": "labels", "inputs": ("heavyT2",)}
TRAINING = {"dims": 2, "batch": 8, "loss": "dice", "learning_rate": 1e-2, "ema": 0.95, "dropout": 0.0}
COMMON = DATA | TRAINING | {"validation_steps": 0}

#: What is compared -> arm -> its settings. The first arm is what the others are tested against.
ARMS: dict[str, dict[str, dict[str, Any]]] = {
    "assisted": {
        "input alone": {"classes": VESSELS},
        "input + synthetic": {"classes": VESSELS, "translators": SYNTHETIC},
        "input + real angiography": {"classes": VESSELS, "inputs": ("heavyT2", "mra")},
    },
    "skips": {
        name: {"classes": BRAIN, "network": network}
        for name, network in [("horizontal", "unet"), ("vertical", "frrn"), ("hybrid", "hybrid")]
    },
    "weightings": {
        f"{loss}, {weighting}": {"classes": BRAIN, "loss": loss, "weighting": weighting}
        for loss in ("ce", "dice")
        for weighting in ("none", "inverse", "median", "focal", "dtm", "dpt")
    },
}


def main() -> None:
    """Measure what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=ARMS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first seed; settings were chosen with seed 100")
    parser.add_argument("--size", type=int, default=32, help="voxels a side")
    parser.add_argument("--subjects", type=int, help="in all (64 for assisted, else 24)")
    parser.add_argument("--labelled", type=int, help="training subjects with labels (3)")
    parser.add_argument("--flow-void", type=float, help="contrast of vessels in heavy T2 (0.5 for assisted, else 1)")
    parser.add_argument("--steps", type=int, default=300, help="steps of each segmentation")
    parser.add_argument("--translator-steps", type=int, default=2000)
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("a comparison needs at least two seeds")
    for name, value in COHORTS[options.what].items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    seeds = range(options.first, options.first + options.seeds)
    table = options.out.resolve() / f"{options.what}.tsv"
    for seed in seeds:
        for arm, settings in ARMS[options.what].items():
            if (str(seed), arm) not in read(table):
                own = {"steps": options.steps, "seed": seed}
                scores = measure(options, table.parent / f"seed-{seed}", f"{options.what} {arm}", settings | own)
                add(table, seed, arm, scores)
    print(summary(read(table), list(ARMS[options.what]), [str(seed) for seed in seeds]))


def measure(options: argparse.Namespace, folder: Path, name: str, settings: dict[str, Any]) -> dict[str, float]:
    """Train one arm with one seed and return Dice by class."""
    cohort = few_labels(options, folder / "cohort", settings["seed"])
    if settings.get("translators") == SYNTHETIC:
        settings = settings | {"translators": (str(translator(options, folder, cohort, settings["seed"])),)}
    config = make_config(SegmentationConfig, COMMON | {"cohort": cohort} | settings)
    out = folder / name.replace(", ", "-").replace(" ", "-")
    job = TrainSegmentation(out=out, settings=config, resume=(out / CHECKPOINT).exists(), device="cpu")
    return job.run(silent).dice


def few_labels(options: argparse.Namespace, folder: Path, seed: int) -> Path:
    """Write the phantoms of a seed, unless they are there, and return the table of those that labels are used of."""
    few = folder / "few.tsv"
    if not few.exists():
        table = write_phantoms(
            "head", folder, subjects=options.subjects, size=options.size, flow_void=options.flow_void, seed=seed
        )
        lines = table.read_text().splitlines()
        rows = list(csv.DictReader(lines, delimiter="\t"))
        training = [row["subject"] for row in rows if (row["split"], row["role"]) == ("train", "labels")]
        spare = [row["subject"] in training[options.labelled :] for row in rows]
        kept = [line for line, left_out in zip(lines[1:], spare, strict=True) if not left_out]
        few.write_text("\n".join([lines[0], *kept]) + "\n")
    return few


def translator(options: argparse.Namespace, folder: Path, cohort: Path, seed: int) -> Path:
    """Train heavy T2 to angiography on all pairs of the split train; one that is there is used."""
    roles = {"cohort": cohort.with_name(TABLE), "source": "heavyT2", "target": "mra", "seed": seed}
    # The squared error: L1 answers the median, and where a thin vessel is uncertain that is none.
    terms = {"adversarial": 0, "l1": 0, "mse": 100}
    network = {"network": "pix2pix2d", "neighbours": 1, "width": 12, "terms": terms, "dropout": 0.0}
    training = {"batch": 8, "learning_rate": 1e-2, "ema": 0.98, "validation_steps": 0}
    training["steps"] = options.translator_steps
    config = make_config(TrainingConfig, roles | network | training)
    return TrainTranslator(out=folder / "translator", settings=config, resume=True, device="cpu").run(silent).model


def read(table: Path) -> dict[tuple[str, str], dict[str, float]]:
    """Return seed and arm -> class -> Dice, of what is measured."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    if table.exists():
        with table.open() as stream:
            for row in csv.DictReader(stream, ["seed", "arm", "class", "dice"], delimiter="\t"):
                found.setdefault((row["seed"], row["arm"]), {})[row["class"]] = float(row["dice"])
    return found


def add(table: Path, seed: int, arm: str, scores: dict[str, float]) -> None:
    """Add a measurement to the table, and say it."""
    with table.open("a", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerows([seed, arm, name, dice] for name, dice in scores.items())
    print(seed, arm, {name: round(dice, 3) for name, dice in scores.items()}, flush=True)


def summary(found: dict[tuple[str, str], dict[str, float]], arms: list[str], seeds: list[str]) -> str:
    """Return the Markdown table: means and deviations over the seeds, and differences from and tests against an arm."""
    vessels = np.array([[found[seed, arm]["vessels"] for seed in seeds] for arm in arms])
    means = np.array([[np.mean([*found[seed, arm].values()]) for seed in seeds] for arm in arms])
    columns = []
    for name, values in (("Dice of vessels", vessels), ("mean Dice of classes", means)):
        adjusted = holm([float(stats.ttest_rel(row, values[0]).pvalue) for row in values[1:]])
        tests = [f"{row.mean():+.3f} (p {p:.3g})" for row, p in zip(values[1:] - values[0], adjusted, strict=True)]
        columns.append([name, *(f"{row.mean():.3f} ± {row.std(ddof=1):.3f}" for row in values)])
        columns.append([f"against {arms[0]}", "", *tests])
    rows = list(zip([f"{len(seeds)} seeds", *arms], *columns, strict=True))
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], ("---",) * len(rows[0]), *rows[1:]])


if __name__ == "__main__":
    main()
