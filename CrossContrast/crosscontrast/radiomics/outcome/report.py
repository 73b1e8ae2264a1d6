"""The prediction of outcomes as one HTML file for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crosscontrast.radiomics.checklists import Answer, add_checklists
from crosscontrast.radiomics.outcome.samples import Labels
from crosscontrast.radiomics.outcome.settings import OutcomeSettings
from crosscontrast.radiomics.outcome.summary import ArmTest, Performance
from crosscontrast.radiomics.outcome.survival import SurvivalPerformance, survival_curves
from crosscontrast.report.figures import COLOURS, new_figure
from crosscontrast.report.html import HtmlReport
from crosscontrast.statistics.calibration import calibration_curve
from crosscontrast.statistics.roc import roc_points

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (*COLOURS, "#000000")
_CALIBRATION_BINS = 5


@dataclass(frozen=True)
class Prediction:
    """Everything that was found; ``scores`` by arm and model, an entry per visit of ``labels``."""

    column: str
    labels: Labels
    settings: OutcomeSettings
    scores: Mapping[tuple[str, str], np.ndarray]
    performances: Sequence[Performance]
    tests: Sequence[ArmTest]
    remarks: Sequence[str]
    answers: Sequence[Answer]
    survival: Sequence[SurvivalPerformance] = ()


def write_report(prediction: Prediction, path: Path) -> None:
    """Write the report; raises :class:`crosscontrast.errors.OutputError`."""
    labels, settings = prediction.labels, prediction.settings
    report = HtmlReport(f"Prediction of {prediction.column}")
    report.paragraph(
        f"{len(labels.visits)} images of {len(set(labels.subjects))} subjects with all arms and an outcome; "
        f"{int(labels.truth.sum())} are {labels.positive!r}, the positive class, the others {labels.negative!r}. Every "
        f"score comes from a model that never saw the subject: {settings.folds} folds by subject, {settings.repeats} "
        f"time(s), the models' own settings chosen in {settings.inner_folds} inner folds. Imputation, "
        "scaling, components and batch effects are learned inside the folds."
    )
    report.notes(prediction.remarks)
    report.heading("Performance")
    if labels.times is None:
        _classes(report, prediction)
    else:
        _survival(report, prediction)
    if prediction.tests:
        report.heading("Arms compared")
        report.table(
            ["model", "first", "second", "first - second", "p", "p (Holm)", "test"],
            [
                [t.model, t.first, t.second, _interval(t.difference, t.low, t.high), t.p, t.p_holm, t.method]
                for t in prediction.tests
            ],
        )
        how = (
            "Differences of AUC on the same held-out parts, by the t-test corrected as above"
            if labels.times is None
            else "Differences of concordance on the same images, by drawing subjects"
        )
        report.paragraph(f"{how}; Holm's correction over all of these tests.")
    add_checklists(report, prediction.answers)
    report.write(path)


def _survival(report: HtmlReport, prediction: Prediction) -> None:
    """Show how well each arm orders the subjects by their time to the event."""
    times = prediction.labels.times
    assert times is not None
    report.table(
        ["arm", "model", "subjects", "events", "concordance"],
        [[p.arm, p.model, p.subjects, p.events, _interval(p.concordance, p.low, p.high)] for p in prediction.survival],
    )
    report.paragraph(
        "Cox's model on principal components, whose number is chosen in inner folds. Harrell's concordance of held-out "
        "scores, with 95 % bootstrap intervals over subjects: 0.5 is chance."
    )
    figure = survival_curves(dict(prediction.scores), times, prediction.labels.truth)
    report.figure(figure, "Kaplan-Meier curves of the halves of lower and higher held-out scores.")


def _classes(report: HtmlReport, prediction: Prediction) -> None:
    """Show how well each arm and model tells the classes."""
    report.table(
        ["arm", "model", "AUC", "accuracy", "sensitivity", "specificity", "Brier", "calibration error"],
        [
            [
                p.arm,
                p.model,
                _interval(p.auc, p.auc_low, p.auc_high),
                _interval(p.accuracy, p.accuracy_low, p.accuracy_high),
                *(p.sensitivity, p.specificity, p.brier, p.calibration_error),
            ]
            for p in prediction.performances
        ],
    )
    report.paragraph(
        "AUC and accuracy are means over the held-out parts, with 95 % intervals whose variance is corrected for the "
        "training data that the parts share (Nadeau and Bengio, 2003). Accuracy, sensitivity and specificity at a "
        "score of 0.5."
    )
    report.figure(
        curves(prediction),
        "Top: ROC curves of held-out scores, averaged over repeats. Bottom: calibration in bins of 0.2.",
    )


def curves(prediction: Prediction) -> "Figure":
    """Draw ROC and calibration curves, a column per model and a colour per arm."""
    models = list(dict.fromkeys(model for _, model in prediction.scores))
    arms = list(dict.fromkeys(arm for arm, _ in prediction.scores))
    figure = new_figure(3.6 * len(models) + 0.4, 6.8)
    panels = figure.subplots(2, len(models), squeeze=False)
    truth = prediction.labels.truth
    for (arm, model), scores in prediction.scores.items():
        colour = _COLOURS[arms.index(arm) % len(_COLOURS)]
        top, bottom = panels[:, models.index(model)]
        area = next(p.auc for p in prediction.performances if (p.arm, p.model) == (arm, model))
        top.plot(*roc_points(scores, truth), color=colour, label=f"{arm} ({area:.2f})")
        curve = calibration_curve(scores, truth.astype(float), bins=_CALIBRATION_BINS)
        filled = curve.count > 0
        bottom.plot(curve.predicted[filled], curve.observed[filled], color=colour, marker="o", markersize=4)
    for column, model in enumerate(models):
        top, bottom = panels[:, column]
        for axes in (top, bottom):
            axes.plot([0, 1], [0, 1], color="0.8", linewidth=0.8, zorder=0)
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        top.set(title=model, xlabel="false positive rate", ylabel="true positive rate")
        top.legend(fontsize=8, loc="lower right")
        bottom.set(xlabel="score", ylabel="share that is positive")
    return figure


def _interval(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
