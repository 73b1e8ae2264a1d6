"""The study as one HTML file: what was asked, what was found, and the parts' own reports inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crosscontrast.report.html import Cell, HtmlReport
from crosscontrast.statistics.bootstrap import bootstrap_interval
from crosscontrast.study.plan import visit_name
from crosscontrast.study.translations import MEASURES, Translation, picture

if TYPE_CHECKING:
    from crosscontrast.radiomics.outcome.jobs import Predicted
    from crosscontrast.radiomics.preservation.jobs import Compared

_PICTURES = 3
_LEVEL = 0.05


@dataclass(frozen=True)
class Findings:
    """Everything that the report tells; ``folder`` is where the parts lie."""

    how: str
    remarks: Sequence[str]
    translations: Sequence[Translation]
    gate: Mapping[str, int]
    compared: "Compared"
    predicted: "Predicted"
    folder: Path


def design_sentence(source: str, target: str, model: str | None, network: str | None, images: int, how: str) -> str:
    """Say in a sentence what was translated by what, and how leaks were kept out."""
    by = f"the network {network}" if network else f"the model {Path(model or '').name}"
    return f"{images} images of role {source!r} were translated into {target!r} by {by}: {how}."


def write_report(findings: Findings, path: Path) -> None:
    """Write the report; raises :class:`crosscontrast.errors.OutputError`."""
    report = HtmlReport("From translation to outcome")
    report.paragraph(findings.how[0].upper() + findings.how[1:])
    report.notes([*findings.remarks, *dict.fromkeys([*findings.compared.warnings, *findings.predicted.warnings])])
    report.heading("In short")
    report.table(["question", "answer"], _answers(findings))
    _translations(report, findings)
    _preserved(report, findings.compared)
    _outcome(report, findings.predicted)
    report.heading("Limits")
    report.paragraph(
        "Every image is kept in the analysis, whatever the quality gate says of it: leaving out those that are stopped "
        "would flatter the rest. Translated images carry the source's mask, as they would where no target exists. "
        "Where several translators were trained, folds also differ in their translator, which adds to the noise. In "
        "the outcome's cross-validation the images to learn from may come from a translator that saw the images, "
        "never the outcome, of those that are held out."
    )
    report.heading("Parts")
    report.links(
        {
            "translations: gate and similarity of every image": "translations.tsv",
            "table of all images": "cohort.tsv",
            "preserved features, whole report": "preservation/report.html",
            "outcome, whole report": "outcome/report.html",
        }
    )
    report.embed("Radiomic features preserved: the whole report", findings.compared.report)
    report.embed("Prediction of the outcome: the whole report", findings.predicted.report)
    report.write(path)


def _answers(findings: Findings) -> list[list[Cell]]:
    """Return the main results, a line each."""
    gate = ", ".join(f"{count} {decision}" for decision, count in findings.gate.items())
    rows: list[list[Cell]] = [["What does the quality gate say of the translated images?", gate]]
    for role in findings.compared.roles:
        what = f"How many of the real images' features are preserved in role {role.role}?"
        rows.append([what, f"{role.preserved} of {role.features}, {role.shape} of them shape, which is the mask's"])
    for model in dict.fromkeys(p.model for p in findings.predicted.performances):
        areas = [f"{p.arm} {p.auc:.2f}" for p in findings.predicted.performances if p.model == model]
        rows.append([f"How well is the outcome predicted (AUC, {model})?", ", ".join(areas)])
    found = [t for t in findings.predicted.tests if t.p_holm is not None and t.p_holm < _LEVEL]
    words = "; ".join(f"{t.first} and {t.second} ({t.model}, p = {t.p_holm:.2g})" for t in found)
    rows.append(["Which arms differ (p below 0.05 after Holm)?", words or "none that this study can tell"])
    return rows


def _translations(report: HtmlReport, findings: Findings) -> None:
    report.heading("Translated images")
    made = [t for t in findings.translations if t.similarity]
    if made:
        report.table(["measure", "mean", "95 % interval"], [_interval_row(made, name) for name in MEASURES])
        report.paragraph(
            "Translated against real images inside the mask; the data range of PSNR and SSIM is that of the real image "
            "there. Intervals draw subjects."
        )
    shown = [t for t in findings.translations if t.image][:_PICTURES]
    for t in shown:
        report.figure(picture(t), f"{visit_name(t.source)}, {t.translator}, quality gate: {t.decision}")
    rows: list[list[Cell]] = []
    noted = [t for t in findings.translations if t.reason or t.decision != "go"]
    for t in noted:
        values: list[Cell] = [getattr(t.similarity, name, None) for name in MEASURES]
        reasons = t.reason or "; ".join(t.verdict.reasons if t.verdict else [])
        rows.append([visit_name(t.source), t.translator, "failed" if t.reason else t.decision, *values, reasons])
    marked = [k for k, t in enumerate(noted) if t.reason or t.decision == "stop"]
    if noted:
        report.paragraph("Images that failed or are no plain go; translations.tsv has all.")
        report.table(["subject", "translator", "gate", *MEASURES, "reasons"], rows, marked=marked)
    missing = {sentence for t in made if t.verdict for sentence in t.verdict.missing}
    if missing:
        report.paragraph("Checks without material: " + "; ".join(sorted(missing)) + ".")


def _interval_row(made: Sequence[Translation], name: str) -> list[Cell]:
    values = [getattr(t.similarity, name) for t in made]
    numbers = np.array([np.nan if value is None else value for value in values], float)
    found = bootstrap_interval(numbers, subjects=[t.source.subject for t in made])
    interval = f"{found.low:.3g} to {found.high:.3g}" if np.isfinite([found.low, found.high]).all() else "–"
    return [name, found.estimate, interval]


def _preserved(report: HtmlReport, compared: "Compared") -> None:
    report.heading("Preserved features")
    report.paragraph(compared.rule)
    rows: list[list[Cell]] = [
        [r.role, r.subjects, f"{r.preserved} of {r.features}", r.shape, f"{r.rho_only} of {r.features}"]
        for r in compared.roles
    ]
    report.table(["role", "subjects", "preserved", "of them shape", "by rho alone"], rows)
    report.paragraph(
        "The row of the source is what its own features would give without any translation. Features of shape are the "
        "mask's, and equal where images share it. Details, chance and "
        "intervals of every feature are in the whole report below."
    )


def _outcome(report: HtmlReport, predicted: "Predicted") -> None:
    report.heading("Outcome")
    rows: list[list[Cell]] = []
    for p in predicted.performances:
        area = f"{p.auc:.3f}" if p.auc_low is None else f"{p.auc:.3f} [{p.auc_low:.3f}, {p.auc_high:.3f}]"
        rows.append([p.arm, p.model, area, p.accuracy, p.calibration_error])
    report.table(["arm", "model", "AUC [95 %]", "accuracy", "calibration error"], rows)
    tests: list[list[Cell]] = [
        [t.model, f"{t.first} - {t.second}", t.difference, t.p, t.p_holm] for t in predicted.tests
    ]
    if tests:
        report.table(["model", "arms", "difference of AUC", "p", "p (Holm)"], tests)
