"""How good a cord network gets for its size and training time: a table and one plot.

    .venv/bin/python Testing/benchmarks/bench_model_size.py --minutes 10 --out sizes

Each size learns from scratch from the same generated bodies for the same time on one thread and is measured on the way
on generated images that it never sees. --shipped adds the learning curve of another training's log.csv, such as that of
the shipped model.
"""

import argparse
import csv
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

SIZES: dict[str, dict] = {
    "8-16-32-64": {"channels": [8, 16, 32, 64]},
    "16-32-64-96": {"channels": [16, 32, 64, 96]},
    "24-48-96-128 (shipped trunk)": {"channels": [24, 48, 96, 128]},
    "24-48-96-128 + border 8 (shipped)": {"channels": [24, 48, 96, 128], "fine": 8},
    "40-80-160-192": {"channels": [40, 80, 160, 192]},
}
SHAPE = (48, 32, 32)


def main() -> None:
    """Train all sizes, two at a time where there are cores, and draw the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10.0, help="training time of each size")
    parser.add_argument("--workers", type=int, default=2, help="trainings at the same time, one thread each")
    parser.add_argument("--shipped", type=Path, help="log.csv of a longer training to show beside them")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.workers, max_tasks_per_child=1) as pool:
        folders = [options.out / f"size_{number}" for number in range(len(SIZES))]
        rows = list(pool.map(train_one, SIZES, folders, [options.minutes] * len(SIZES)))
    print("| network | parameters | ms per window | steps | Dice | soft Dice | area error (mm²) | calibration error |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in zip(SIZES, rows, strict=True):
        last = {key: values[-1][1] for key, values in row["curves"].items()}
        print(
            f"| {name} | {row['parameters'] / 1e6:.2f} M | {row['ms']:.0f} | {row['steps']} | {last['dice']:.3f} | "
            f"{last['soft_dice']:.3f} | {last['area_error']:.1f} | {last['ece']:.3f} |"
        )
    draw(rows, read_curves(options.shipped) if options.shipped else {}, options.out / "model_size.png")
    print(f"\n{options.out / 'model_size.png'}")


def train_one(name: str, folder: Path, minutes: float) -> dict:
    """Train one size and return its figures: parameters, milliseconds per window, steps, and curves over minutes."""
    import torch

    from CrossContrastLib.models.spec import NetworkSpec
    from SoftCordSegLib.training.config import TrainingConfig
    from SoftCordSegLib.training.loop import train

    torch.set_num_threads(1)
    network = NetworkSpec(name="CompactUNet", arguments={"in_channels": 1, "out_channels": 2} | SIZES[name])
    config = TrainingConfig(
        network=network,
        patches=(SHAPE,),
        centred=True,
        batch=4,
        steps=20_000,
        warmup=100,
        ema=0.99,
        validation_samples=96,
        validation_minutes=max(minutes / 8, 0.2),
    )
    state = train(config, folder, max_minutes=minutes)
    window = torch.zeros(2, 1, *SHAPE)
    with torch.inference_mode():
        state.average(window)
        start = time.process_time()
        for _ in range(5):
            state.average(window)
        seconds = (time.process_time() - start) / 10
    return {
        "parameters": sum(p.numel() for p in state.network.parameters()),
        "ms": 1000 * seconds,
        "steps": state.step,
        "curves": read_curves(folder / "log.csv"),
    }


def read_curves(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Read the held-out measures of a training: name -> (minutes, value) in the order of time."""
    curves: dict[str, list[tuple[float, float]]] = {}
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            group, _, name = row["name"].partition("/")
            if group == "held_out":
                curves.setdefault(name, []).append((float(row["minutes"]), float(row["value"])))
    return curves


def draw(rows: list[dict], shipped: dict, path: Path) -> None:
    """Draw soft Dice over training time, and at the end over the number of parameters."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    over_time, over_size = figure.subplots(1, 2, sharey=True)
    for (name, row), colour in zip(
        zip(SIZES, rows, strict=True), ("#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"), strict=True
    ):
        curve = row["curves"]["soft_dice"]
        over_time.plot(*zip(*curve, strict=True), marker="o", markersize=3, color=colour, label=name)
        over_size.plot(row["parameters"] / 1e6, curve[-1][1], "o", color=colour)
        over_size.annotate(f" {row['ms']:.0f} ms", (row["parameters"] / 1e6, curve[-1][1]), fontsize=8)
    if shipped:
        over_time.plot(*zip(*shipped["soft_dice"], strict=True), color="0.3", label="shipped follower, longer")
        over_time.set_xscale("log")
    over_time.set(xlabel="minutes of training", ylabel="soft Dice on held-out generated images")
    over_size.set(xlabel="parameters (millions); labels: time per window", xlim=(0, None))
    over_time.legend(fontsize=8)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
