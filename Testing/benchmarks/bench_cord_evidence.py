"""How much evidence speaks for a cord where there is one, and where there is none: what the threshold is set by.

    CROSSCONTRAST_DATA=../shared/data .venv/bin/python Testing/benchmarks/bench_cord_evidence.py --out evidence.tsv \\
        [--model softcord] [--each 25] [--picture evidence.png] [--minutes 60]

Generated images of small fields of view: spines; and without a cord heads, bodies whose cord lies outside of the
image, knees and noise. With ``$CROSSCONTRAST_DATA`` also the public images that show none. Prints a line per image as
soon as it is known and goes on with the table where it was stopped; then what share of each kind is taken for one with
a cord, by the threshold of the evidence. The threshold is chosen on generated images; real ones judge it.
"""

import argparse
import csv
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import numpy as np
import SimpleITK as sitk
import torch
from bench_cord_found import cases, read_case
from scipy import ndimage

from crosscontrast.cord.ablation.cohort import patient_image
from crosscontrast.cord.generator import frame
from crosscontrast.cord.generator.anatomy import draw_anatomy
from crosscontrast.cord.generator.appearance import Sample, draw_sample
from crosscontrast.cord.generator.draw import Draw
from crosscontrast.cord.generator.grid import Grid
from crosscontrast.cord.segment import segment_volume
from crosscontrast.ground.seeds import seed_of
from crosscontrast.inference import Predictor, warm_predictor
from crosscontrast.models.library import ModelLibrary
from crosscontrast.progress import silent

#: Keeps these bodies apart from all that is trained or measured on elsewhere.
_SEED = 9_260_411
COLUMNS = ("kind", "number", "cord", "size", "evidence", "found", "area", "seconds")
#: Slices and sides of the images, in voxels of 1 mm.
_DEPTHS, _SIDES = (10, 16, 24, 32, 48), (44.0, 66.0)
#: Slices with more cord than this (mm²) show one; an image has one where so large a share of its slices does.
_SHOWN, _MOST = 12.0, 0.8
THRESHOLDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(13))


def main() -> None:
    """Measure what is not in the table yet, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CROSSCONTRAST_DATA"), help="$CROSSCONTRAST_DATA")
    parser.add_argument("--out", type=Path, required=True, help="table (TSV)")
    parser.add_argument("--model", default="softcord")
    parser.add_argument("--each", type=int, default=25, help="generated images with a cord; so many without in all")
    parser.add_argument("--minutes", type=float, default=60.0, help="no image is begun after this")
    parser.add_argument("--picture", type=Path, help="PNG of the curves")
    options = parser.parse_args()
    begun, known = time.monotonic(), read_rows(options.out)
    done = {(row["kind"], row["number"]) for row in known}
    predictor = warm_predictor(ModelLibrary().find(options.model), torch.device("cpu"))
    with options.out.open("a", encoding="utf-8") as table:
        if not known:
            table.write("\t".join(COLUMNS) + "\n")
        for kind, number, make in interleaved(options.each, options.data):
            if time.monotonic() - begun > 60 * options.minutes:
                break
            if (kind, number) not in done:
                row = measure(kind, number, *make(), predictor)
                known.append(dict(zip(COLUMNS, row, strict=True)))
                print("\t".join(row), flush=True)
                table.write("\t".join(row) + "\n")
                table.flush()
    print_shares(known)
    if options.picture:
        draw_curves(known, options.picture)


Made = tuple[sitk.Image, bool]
Place = tuple[str, str, Callable[[], Made]]


def interleaved(each: int, data: Path | None) -> Iterator[Place]:
    """Yield kind, number and what makes the image: spines and others in turn, and among them real ones."""
    real = public(data) if data else iter(())
    others = (("head", head), ("outside", outside), ("knee", knee), ("noise", noise))
    for number in range(each):
        kind, make = others[number % len(others)]
        yield "spine", str(number), partial(spine, number)
        yield kind, str(number // len(others)), partial(make, number // len(others))
        if number % 4 == 3:
            yield from islice(real, 1)
    yield from real


def public(data: Path) -> Iterator[Place]:
    """Yield the public images without a cord, as :func:`interleaved` does, small files first."""
    for name, path, mask, cord in sorted(cases(data, []), key=lambda case: case[1].stat().st_size):
        if not cord:
            yield "real", name, partial(_read, name, path, mask)


def _read(name: str, path: Path, mask: Path | None) -> Made:
    return read_case(name, path, mask, cord=False).image, False


def spine(number: int) -> Made:
    """Return an image through most of whose slices a cord goes."""
    return _body(number, wide=False, stretches=None, cord=True), True


def outside(number: int) -> Made:
    """Return an image of a body beside its spine, or below its cord."""
    return _body(number, wide=True, stretches=None, cord=False), False


def head(number: int) -> Made:
    """Return an image of a head above the medulla."""
    return _body(number, wide=False, stretches={(70, 120): 1.0}, cord=False), False


def _body(number: int, *, wide: bool, stretches: dict[tuple[float, float], float] | None, cord: bool) -> sitk.Image:
    """Return the first generated image of its series in which there is a cord, or none at all."""
    attempt = 0
    while True:
        draw = Draw(seed_of(_SEED, number, attempt, wide, stretches is not None))
        depth = draw.pick(_DEPTHS)
        grid = Grid((max(depth, 24) if stretches else depth, int(draw.uniform(*_SIDES)), int(draw.uniform(*_SIDES))))
        with patch.dict(frame.STRETCHES, stretches or {}, clear=stretches is not None):
            sample = draw_sample(draw_anatomy(grid, draw, wide=wide), grid, draw)
        area = sample.target[0].sum((1, 2))
        shown = float((area > _SHOWN).float().mean())
        if (shown >= _MOST) if cord else float(area.max()) == 0:
            return _seen(sample)
        attempt += 1


def _seen(sample: Sample) -> sitk.Image:
    """Return what the scanner's field of view shows, without what a window would be filled with beside it."""
    inside = (sample.weight.sum(0) > 0).numpy()
    (box,) = ndimage.find_objects(inside.view(np.uint8))
    image = sample.image[0][box]
    return patient_image(300 * (image - image.min()))


def knee(number: int) -> Made:
    """Return thigh bone over shin bone with fluid between, muscles, and vessels as long and thick as a cord."""
    rng = np.random.default_rng([_SEED, number])
    z, y, x = np.meshgrid(np.arange(40) - 20.0, np.arange(66) - 33.0, np.arange(66) - 33.0, indexing="ij")
    air, fat, muscle, marrow, fluid, vessel, wall = (0.02, *rng.uniform(0.05, 1, 6))
    values = np.where(np.hypot(x / 31, y / 32) < 1, fat, air)
    values[np.hypot(x / 28, (y - 2) / 29) < 1] = muscle
    swell = rng.uniform(3, 7) * np.exp(-((z / rng.uniform(10, 16)) ** 2))
    bone = np.hypot(x / (15 + swell), (y + 8) / (11 + swell))
    values[bone < 1.1] = rng.uniform(0.02, 0.2)
    values[bone < 1] = marrow
    values[(bone < 1.15) & (np.abs(z - np.cos(x / 9)) < rng.uniform(2, 4))] = fluid
    for across in rng.uniform(-10, 10, 3):
        radius, wave = rng.uniform(2.5, 5.5), rng.uniform(10, 40)
        course = np.hypot(x - across - 3 * np.sin(z / wave), y - rng.uniform(12, 20))
        values[course < radius + 2] = wall
        values[course < radius] = vessel
    values = ndimage.gaussian_filter(values, rng.uniform(0.4, 0.8))
    noisy = np.hypot(*(values * part + rng.normal(0, 0.03, values.shape) for part in (1, 0)))
    return patient_image(torch.from_numpy((600 * noisy).astype(np.float32))), False


def noise(number: int) -> Made:
    """Return noise, white or smooth."""
    rng = np.random.default_rng([_SEED, number, 1])
    values = ndimage.gaussian_filter(rng.normal(0, 1, (32, 48, 48)), (0, 1, 2.5, 4)[number % 4])
    return patient_image(torch.from_numpy((300 + 100 * values / values.std()).astype(np.float32))), False


def measure(kind: str, number: str, image: sitk.Image, cord: bool, predictor: Predictor) -> list[str]:
    """Return the table's line of an image."""
    begun = time.perf_counter()
    result = segment_volume(image, predictor, 0.5, silent)
    size = "x".join(str(side) for side in image.GetSize())
    evidence, area = f"{result.evidence or 0.0:.3f}", f"{result.csa.mean('area_true'):.1f}"
    found = str(not result.missing)
    return [kind, number, str(cord), size, evidence, found, area, f"{time.perf_counter() - begun:.1f}"]


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the lines of a table that was begun before."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def by_kind(rows: list[dict[str, str]]) -> dict[str, np.ndarray]:
    """Return the evidence of all images of each kind."""
    kinds = defaultdict(list)
    for row in rows:
        kinds[row["kind"]].append(float(row["evidence"]))
    return {kind: np.array(values) for kind, values in kinds.items()}


def print_shares(rows: list[dict[str, str]]) -> None:
    """Print, by threshold, how many of each kind have as much evidence."""
    kinds = by_kind(rows)
    print("| evidence of at least | " + " | ".join(f"{kind} ({len(kinds[kind])})" for kind in kinds) + " |")
    print("|---" * (len(kinds) + 1) + "|")
    for threshold in THRESHOLDS:
        counts = " | ".join(f"{(values >= threshold).sum()}" for values in kinds.values())
        print(f"| {threshold:.2f} | {counts} |")


def draw_curves(rows: list[dict[str, str]], path: Path) -> None:
    """Draw the share of each kind that is taken for one with a cord, against the threshold."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.4))
    axes = figure.subplots()
    places = np.linspace(0, 1, 201)
    for kind, values in by_kind(rows).items():
        axes.step(places, [(values >= place).mean() for place in places], label=f"{kind} ({len(values)})")
    axes.set_xlabel("threshold of the evidence")
    axes.set_ylabel("share taken for one with a cord")
    axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
