"""The evaluation as one HTML file for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosscontrast.cord.evaluation.measures import (
    MEASURE_NAMES,
    SUBJECT_MEASURES,
    CaseScores,
    SubjectMeasure,
    SubjectScores,
)
from crosscontrast.cord.evaluation.plots import contrast_figure, violin_figure
from crosscontrast.cord.evaluation.summary import Mean, Summary, values_by_method
from crosscontrast.report.html import Cell, HtmlReport, number_text

#: With more methods than this, all pairs would fill pages: the report shows those of the CSA SD, summary.json all.
_MOST_METHODS = 3


@dataclass(frozen=True)
class Findings:
    """All that a report shows: its ``title``, the first words, the results, and an overlay picture by caption."""

    title: str
    lead: Sequence[str]
    cases: Sequence[CaseScores]
    subjects: Sequence[SubjectScores]
    summary: Summary
    pictures: dict[str, Path]


def write_report(findings: Findings, path: Path) -> None:
    """Write the report; raises :class:`crosscontrast.errors.OutputError`."""
    report = HtmlReport(findings.title)
    for sentence in findings.lead:
        report.paragraph(sentence)
    report.notes(findings.summary.remarks)
    measures = [measure for measure in SUBJECT_MEASURES if _measured(findings, measure)]
    _methods(report, findings.summary, measures)
    _comparisons(report, findings.summary, measures)
    _figures(report, findings, measures)
    _subjects(report, findings.subjects, measures)
    _cases(report, findings.cases, measures)
    if findings.pictures:
        report.heading("Segmentations")
        report.gallery(findings.pictures)
    report.write(path)


def _measured(findings: Findings, measure: SubjectMeasure) -> bool:
    return any(getattr(scores, measure) is not None for scores in findings.subjects)


def _methods(report: HtmlReport, summary: Summary, measures: Sequence[SubjectMeasure]) -> None:
    report.heading("Methods")
    report.paragraph("Means over subjects with 95 % bootstrap confidence intervals.")
    report.table(
        ["method", *(MEASURE_NAMES[measure] for measure in measures), "subjects"],
        [
            [name, *(_interval(means[measure]) for measure in measures), max(m.subjects for m in means.values())]
            for name, means in summary.methods.items()
        ],
    )


def _interval(mean: Mean) -> str:
    if mean.mean is None:
        return "–"
    ends = "" if mean.low is None or mean.high is None else f" [{number_text(mean.low)}, {number_text(mean.high)}]"
    return number_text(mean.mean) + ends


def _comparisons(report: HtmlReport, summary: Summary, measures: Sequence[SubjectMeasure]) -> None:
    shown = measures if len(summary.methods) <= _MOST_METHODS else measures[:1]
    rows: list[list[Cell]] = [
        [MEASURE_NAMES[measure], c.first, c.second, c.pairs, c.median_difference, c.p, c.p_holm]
        for measure in shown
        for c in summary.comparisons[measure]
    ]
    if rows:
        report.heading("Comparisons")
        report.paragraph("Two-sided Wilcoxon signed-rank tests over subjects, with Holm's correction for all pairs.")
        columns = ["measure", "first", "second", "subjects", "median of first - second", "p", "p (Holm)"]
        report.table(columns, rows)


def _figures(report: HtmlReport, findings: Findings, measures: Sequence[SubjectMeasure]) -> None:
    report.heading("Figures")
    if any(case.csa_mm2 is not None for case in findings.cases):
        report.figure(contrast_figure(findings.cases), "Area by contrast. A line joins the images of one person.")
    if measures:
        groups = {MEASURE_NAMES[measure]: values_by_method(findings.subjects, measure) for measure in measures}
        report.figure(violin_figure(groups), "One point per subject; the line is the median.")


def _subjects(report: HtmlReport, subjects: Sequence[SubjectScores], measures: Sequence[SubjectMeasure]) -> None:
    report.heading("Subjects")
    columns = ["method", "subject", "contrasts", "mean CSA (mm²)", *(MEASURE_NAMES[measure] for measure in measures)]
    rows = (
        [s.method, s.subject, ", ".join(s.contrasts), s.csa_mean_mm2, *(getattr(s, measure) for measure in measures)]
        for s in subjects
    )
    report.table(columns, rows)


def _cases(report: HtmlReport, cases: Sequence[CaseScores], measures: Iterable[SubjectMeasure]) -> None:
    report.heading("Cases")
    per_image = [measure for measure in measures if measure != "csa_sd_mm2"]
    names = [MEASURE_NAMES[measure] for measure in per_image]
    rows: list[list[Cell]] = [
        [c.method, c.subject, c.session, c.contrast, c.csa_mm2, *(getattr(c, m) for m in per_image), c.status, c.reason]
        for c in cases
    ]
    failed = [number for number, case in enumerate(cases) if case.status == "failed"]
    columns = ["method", "subject", "session", "contrast", "CSA (mm²)", *names, "status", "reason"]
    report.table(columns, rows, marked=failed)
