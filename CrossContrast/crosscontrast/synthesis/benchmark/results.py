"""What the benchmark measures and finds: subjects, one row per subject and method, and their summary."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydantic import BaseModel

from crosscontrast.ground.tables import TableWriter
from crosscontrast.statistics.bootstrap import bootstrap_interval
from crosscontrast.synthesis.benchmark.measures import LOWER, MEASURES

DICE = "downstream_dice"


@dataclass(frozen=True)
class Subject:
    """One subject's images as they are on disk, on the target's grid, with the mask that is measured in.

    ``measured`` is 1 where both images were measured, and the mask lies inside of it; ``None``: everywhere.
    """

    name: str
    source: sitk.Image
    target: sitk.Image
    mask: sitk.Image
    measured: sitk.Image | None = None


class Row(BaseModel):
    """The measures of one subject's translation by one method."""

    method: str
    subject: str
    measures: dict[str, float]


class Cost(BaseModel):
    """What a translator took: training, one volume, memory added at the peak, and parameters of the way there."""

    train_minutes: float
    seconds_per_volume: float
    peak_mib: float | None
    parameters: int
    steps: int


class Estimate(BaseModel):
    """Mean over subjects with standard deviation and 95 % bootstrap interval; None where it cannot be had."""

    mean: float | None
    sd: float | None
    low: float | None
    high: float | None


def known(rows: Sequence[Row]) -> list[str]:
    """Return the measures that any row has a value of."""
    return [n for n in (*MEASURES, DICE) if any(np.isfinite(row.measures.get(n, np.nan)) for row in rows)]


def summarise(rows: Sequence[Row]) -> dict[str, dict[str, Estimate]]:
    """Return method -> measure -> estimate, the methods ordered by :func:`mean_ranks`."""
    order = mean_ranks(rows)
    return {
        method: {name: _estimate([r for r in rows if r.method == method], name) for name in known(rows)}
        for method in sorted(order, key=lambda method: order[method])
    }


def _estimate(rows: Sequence[Row], name: str) -> Estimate:
    values = np.array([row.measures.get(name, np.nan) for row in rows])
    interval = bootstrap_interval(values, subjects=[row.subject for row in rows])
    finite = values[np.isfinite(values)]
    sd = float(finite.std(ddof=1)) if len(finite) > 1 else None
    numbers = [None if not np.isfinite(v) else float(v) for v in (interval.estimate, interval.low, interval.high)]
    return Estimate(mean=numbers[0], sd=sd, low=numbers[1], high=numbers[2])


def mean_ranks(rows: Sequence[Row]) -> dict[str, float]:
    """Return each method's rank, averaged over MAE, PSNR, SSIM, MS-SSIM, LPIPS and downstream Dice, as far as known.

    One measure alone never decides: on ReMIND, SSIM and downstream Dice correlate negatively (arXiv 2606.00630).
    """
    methods = list(dict.fromkeys(row.method for row in rows))
    judged = [name for name in known(rows) if name in ("mae", "psnr", "ssim", "ms_ssim", "lpips", DICE)]
    ranks = np.zeros(len(methods))
    for name in judged:
        means = [_mean([r.measures.get(name, np.nan) for r in rows if r.method == m]) for m in methods]
        worth = np.array([-np.inf if np.isnan(v) else -v if name in LOWER else v for v in means])
        ranks += np.argsort(np.argsort(-worth, kind="stable"), kind="stable") + 1
    return dict(zip(methods, ranks / max(len(judged), 1), strict=True))


def _mean(values: list[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def write_tables(rows: Sequence[Row], cases: Path, summary: Path) -> None:
    """Write ``cases`` (a line per subject and method) and ``summary`` (a line per method and measure) as TSV."""
    names = known(rows)
    with cases.open("w", newline="", encoding="utf-8") as stream:
        writer = TableWriter(stream)
        writer.writerow(["method", "subject", *names])
        writer.writerows(
            [row.method, row.subject, *(f"{row.measures.get(n, np.nan):.6g}" for n in names)] for row in rows
        )
    with summary.open("w", newline="", encoding="utf-8") as stream:
        writer = TableWriter(stream)
        writer.writerow(["method", "measure", "mean", "sd", "ci95_low", "ci95_high"])
        for method, estimates in summarise(rows).items():
            for name, e in estimates.items():
                cells = ["" if v is None else f"{v:.6g}" for v in (e.mean, e.sd, e.low, e.high)]
                writer.writerow([method, name, *cells])
