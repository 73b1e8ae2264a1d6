"""How good a cord network gets for its size and training time: a table and one plot.

    .venv/bin/python Testing/benchmarks/bench_model_size.py --minutes 6 --out sizes --shipped softcord@3=109

Each size learns from scratch what the second network of the shipped models does (two channels, windows that follow the
cord), from the same generated bodies, for the same time on one thread, and is measured on the way on generated images
that it never sees. --shipped measures a model of the library on them too; its number is how many minutes of one core
its training took.
"""

import argparse
import csv
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

SIZES: dict[str, dict] = {
    "8-16-32-64": {"channels": [8, 16, 32, 64]},
    "16-32-64-96": {"channels": [16, 32, 64, 96]},
    "32-48-64-96": {"channels": [32, 48, 64, 96]},
    "24-48-96-128 + border of 8": {"channels": [24, 48, 96, 128], "fine": 8},
    "64-96-128-192 + border of 16": {"channels": [64, 96, 128, 192], "fine": 16},
}
#: Okabe and Ito's colours, which people who see red and green alike can tell apart.
COLOURS = ("#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7")
WINDOW = (48, 32, 32)


def main() -> None:
    """Train all sizes, two at a time where there are cores, measure the shipped models, and draw the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=6.0, help="training time of each size")
    parser.add_argument("--workers", type=int, default=2, help="trainings at the same time, one thread each")
    parser.add_argument("--samples", type=int, default=192, help="generated images to measure on")
    parser.add_argument("--shipped", action="append", default=[], metavar="MODEL=MINUTES", help="may be repeated")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    shipped = [request.rpartition("=")[::2] for request in options.shipped]
    with ProcessPoolExecutor(options.workers, max_tasks_per_child=1) as pool:
        trained = [
            pool.submit(train_one, name, options.out / f"size_{number}", options.minutes, options.samples)
            for number, name in enumerate(SIZES)
        ]
        measured = [pool.submit(measure_shipped, name, float(minutes), options.samples) for name, minutes in shipped]
        rows = [future.result() for future in trained]
        models = [future.result() for future in measured]
    print("| network | parameters | file (MB) | ms per window | steps | Dice | soft Dice | area error (mm²) | ECE |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows + models:
        last = {key: values[-1][1] for key, values in row["curves"].items()}
        print(
            f"| {row['name']} | {row['parameters'] / 1e6:.2f} M | {row['megabytes']:.1f} | {row['ms']:.0f} | "
            f"{row['steps']} | {last['dice']:.3f} | {last['soft_dice']:.3f} | {last['area_error']:.1f} | "
            f"{last['ece']:.3f} |"
        )
    draw(rows, models, options.out / "model_size.png")
    print(f"\n{options.out / 'model_size.png'}")


def train_one(name: str, folder: Path, minutes: float, samples: int) -> dict:
    """Train one size; return its row of the table, with curves over minutes."""
    import torch

    from crosscontrast.cord.teaching.config import TrainingConfig
    from crosscontrast.cord.teaching.loop import train
    from crosscontrast.models.spec import NetworkSpec

    torch.set_num_threads(1)
    network = NetworkSpec(name="CompactUNet", arguments={"in_channels": 2, "out_channels": 2} | SIZES[name])
    config = TrainingConfig(
        network=network,
        losses={"bce": 10.0, "dice": 0.1, "area": 0.3},
        output_weights=(1.0, 0.2),
        patches=(WINDOW,),
        centred=True,
        relative=True,
        batch=4,
        steps=20_000,
        warmup=100,
        ema=0.99,
        validation_samples=samples,
        validation_minutes=max(minutes / 5, 0.2),
    )
    state = train(config, folder, max_minutes=minutes)
    return {"name": name, "steps": state.step, "curves": read_curves(folder / "log.csv")} | describe(state.average)


def measure_shipped(request: str, minutes: float, samples: int) -> dict:
    """Measure the network of a model of the library that follows the cord; return its row of the table."""
    import torch

    from crosscontrast.cord.teaching.config import TrainingConfig
    from crosscontrast.cord.teaching.evaluate import evaluate, held_out
    from crosscontrast.models.bundle import WEIGHTS, build_with_weights, read_spec
    from crosscontrast.models.library import ModelLibrary

    torch.set_num_threads(1)
    entry = ModelLibrary().find(request)
    spec = read_spec(entry.folder)
    localisation = spec.localisation
    if localisation is None or localisation.relative is None:
        raise SystemExit(f"{request} has no second network that follows the cord by a first estimate.")
    config = TrainingConfig(
        patches=(WINDOW,), centred=True, relative=True, reaches=localisation.reaches, validation_samples=samples
    )
    network = build_with_weights(spec, entry.folder, request)[WEIGHTS]
    scores = evaluate(network, held_out(config))
    curves = {name: [(minutes, value)] for name, value in scores.items()}
    return {"name": request, "steps": "", "curves": curves} | describe(network)


def describe(network) -> dict:
    """Return a network's number of parameters, the size of its file in half precision, and ms per window."""
    import torch

    window = torch.zeros(2, 2, *WINDOW)
    with torch.inference_mode():
        network(window)
        start = time.process_time()
        for _ in range(5):
            network(window)
        seconds = (time.process_time() - start) / 10
    parameters = sum(p.numel() for p in network.parameters())
    return {"parameters": parameters, "megabytes": 2 * parameters / 1e6, "ms": 1000 * seconds}


def read_curves(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Read the held-out measures of a training: name -> (minutes, value) in the order of time."""
    curves: dict[str, list[tuple[float, float]]] = {}
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            group, _, name = row["name"].partition("/")
            if group == "held_out":
                curves.setdefault(name, []).append((float(row["minutes"]), float(row["value"])))
    return curves


def draw(rows: list[dict], models: list[dict], path: Path) -> None:
    """Draw soft Dice over training time, and at the end over the number of parameters."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.4), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    over_time, over_size = figure.subplots(1, 2, sharey=True)
    for row, colour in zip(rows, COLOURS, strict=True):
        curve = row["curves"]["soft_dice"]
        over_time.plot(*zip(*curve, strict=True), marker="o", markersize=3, color=colour, label=row["name"])
        over_size.plot(row["parameters"] / 1e6, curve[-1][1], "o", color=colour)
    for model in models:
        (minutes, value), millions = model["curves"]["soft_dice"][-1], model["parameters"] / 1e6
        for axes, place in ((over_time, minutes), (over_size, millions)):
            axes.plot(place, value, "*", markersize=12, color="0.2")
            axes.annotate(model["name"], (place, value), (0, -16), textcoords="offset points", ha="center", fontsize=8)
    values = [row["curves"]["soft_dice"][-1][1] for row in rows + models]
    margin = 0.15 * (max(values) - min(values)) + 0.005
    over_time.set(xlabel="minutes of training on one core", ylabel="soft Dice on held-out generated images")
    over_time.set(xscale="log", ylim=(min(values) - 3 * margin, max(values) + margin))
    minutes = rows[0]["curves"]["soft_dice"][-1][0]
    over_size.set(xlabel=f"parameters (millions); circles: after {minutes:.0f} minutes", xscale="log")
    for axes, ticks in ((over_time, (1, 3, 10, 30, 100, 300, 1000)), (over_size, (0.3, 1, 3, 5))):
        low, high = axes.get_xlim()
        axes.set_xticks([tick for tick in ticks if low <= tick <= high], minor=False)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
        axes.margins(x=0.15)
    over_time.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
