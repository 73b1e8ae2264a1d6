"""The report of a retraining: the verdict, the figures behind it, and pictures before and after."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crosscontrast.cord.evaluation.measures import MEASURE_NAMES, CaseScores
from crosscontrast.cord.evaluation.plots import contrast_figure
from crosscontrast.cord.retrain.figures import Change, Figures
from crosscontrast.cord.retrain.files import Outcome, Plan
from crosscontrast.cord.retrain.gate import doubts, is_doubted
from crosscontrast.report.html import Cell, HtmlReport, number_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Below this number of test subjects an interval says little.
_FEW = 5


def write_report(
    plan: Plan,
    outcome: Outcome,
    cases: Sequence[CaseScores],
    pictures: Mapping[str, Path],
    log: Path,
    path: Path,
) -> None:
    """Write the report; ``pictures`` are overlays by caption, ``log`` is the training's diary."""
    verdict, figures = outcome.verdict, outcome.figures
    base = f"{plan.base.name}@{plan.base.version}"
    report = HtmlReport(f"Retraining of {base}: {'passed' if verdict.passed else 'kept aside'}")
    report.paragraph(_lead(plan, base))
    report.notes([*verdict.reasons, *doubts(figures, plan.settings.limits), *_remarks(figures)])
    report.heading("Gate")
    report.paragraph(
        "On the frozen test subjects, which the candidate was not trained on; the last two limits are on the"
        " corrections that it was trained on."
    )
    rows: list[list[Cell]] = [
        [c.what, c.found, c.limit, "not measured" if c.found is None else "kept" if c.kept else "broken"]
        for c in verdict.checks
    ]
    broken = [number for number, check in enumerate(verdict.checks) if not check.kept]
    report.table(["limit on", "found", "at most", ""], rows, marked=broken)
    report.heading("Before and after")
    report.table(
        ["measure", base, "candidate", "change [95 % interval]", "subjects"],
        [
            [MEASURE_NAMES[measure], change.before, change.after, _interval(change), change.subjects]
            for measure, change in figures.changes.items()
        ],
    )
    report.heading("Systematic errors")
    report.paragraph("Means over the subjects with their signs; minus is to the right, to the back and too small.")
    report.table(
        ["contrast", "model", "to the left (mm)", "to the front (mm)", "area (relative)"],
        [
            [each.contrast, name, each.to_left_mm, each.to_front_mm, each.area]
            for before, after in zip(figures.base_systematic, figures.systematic, strict=True)
            for name, each in ((base, before), ("candidate", after))
        ],
    )
    report.heading("Image by image")
    if figures.areas:
        report.figure(_drift_figure(figures), "Area of each test image by both models, against its corrected mask.")
    if any(case.csa_mm2 is not None for case in cases):
        report.figure(contrast_figure(cases), "Area by contrast. A line joins the images of one person.")
    report.table(
        [
            "subject",
            "session",
            "contrast",
            "corrected (mm²)",
            f"{base} (mm²)",
            "candidate (mm²)",
            f"Dice of {base}",
            "of the candidate",
            "base model",
        ],
        [
            [
                a.subject,
                a.session,
                a.contrast,
                a.reference_mm2,
                a.before_mm2,
                a.after_mm2,
                a.before_dice,
                a.after_dice,
                "right" if a.right else "off",
            ]
            for a in figures.areas
        ],
    )
    report.heading("Training")
    if points := _losses(log):
        report.figure(_loss_figure(points), "Loss, averaged over 50 steps.")
    report.table(
        ["trained on", "distance of the candidate's centreline from the correction's (mm)"],
        [[str(image), image.centre_distance_mm] for image in figures.learnt],
        marked=[n for n, image in enumerate(figures.learnt) if is_doubted(image, plan.settings.limits)],
    )
    report.paragraph(f"Tested on: {', '.join(plan.test)}.")
    if pictures:
        report.heading("Segmentations of the test images")
        # By caption, so that the two models' pictures of an image lie side by side.
        report.gallery(dict(sorted(pictures.items())))
    report.write(path)


def _lead(plan: Plan, base: str) -> str:
    share = plan.settings.corrected_share
    return (
        f"{base} was trained on for {plan.settings.steps} steps with {len(plan.training)} corrected images "
        f"({share:.0%} of the examples) and generated ones, and compared with it on {len(plan.test)} corrected images."
    )


def _remarks(figures: Figures) -> list[str]:
    count = max((change.subjects for change in figures.changes.values()), default=0)
    if count >= _FEW:
        return []
    return [f"With {count} test subject{'' if count == 1 else 's'} the figures say little about other people."]


def _interval(change: Change) -> str:
    ends = "" if change.low is None or change.high is None else f" [{change.low:+.3g}, {change.high:+.3g}]"
    return f"{change.difference:+.3g}{ends}" if change.difference else number_text(0) + ends


def _drift_figure(figures: Figures) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 4.4), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    reference = [a.reference_mm2 for a in figures.areas]
    axes.scatter(reference, [a.before_mm2 for a in figures.areas], s=22, color="#0072B2", label="base")
    axes.scatter(reference, [a.after_mm2 for a in figures.areas], s=22, color="#E69F00", label="candidate")
    for a in figures.areas:
        axes.plot([a.reference_mm2] * 2, [a.before_mm2, a.after_mm2], color="0.75", linewidth=0.8, zorder=0)
    ends = [min(reference) - 3, max(reference) + 3]
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set_xlabel("area of the corrected mask (mm²)")
    axes.set_ylabel("area by the model (mm²)")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _losses(log: Path) -> list[tuple[int, float]]:
    """Steps and losses from the training's diary; none where it is too short for one."""
    if not log.exists():
        return []
    with log.open(encoding="utf-8", newline="") as stream:
        return [(int(r["step"]), float(r["value"])) for r in csv.DictReader(stream) if r["name"] == "loss"]


def _loss_figure(points: list[tuple[int, float]]) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 2.8), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([step for step, _ in points], [value for _, value in points], color="#0072B2")
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
