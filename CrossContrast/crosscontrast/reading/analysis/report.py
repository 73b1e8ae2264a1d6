"""The report of a reader study as one HTML file."""

from collections.abc import Sequence
from pathlib import Path

from crosscontrast.reading.analysis.measures import Measure
from crosscontrast.reading.analysis.plots import answers_figure, case_figure, roc_figure, time_figure
from crosscontrast.reading.analysis.ratings import ALL
from crosscontrast.reading.analysis.results import Results
from crosscontrast.reading.analysis.rows import Row
from crosscontrast.reading.plan import IMAGE_FOLDER, Plan
from crosscontrast.report.html import Cell, HtmlReport, number_text


def write_report(plan: Plan, results: Results, folder: Path, path: Path) -> None:
    """Write the report of the study in ``folder``; raises :class:`crosscontrast.errors.OutputError`."""
    report = HtmlReport(plan.study.title)
    table = results.table
    report.paragraph(
        f"{len(table.readers)} readers, {len(table.cases)} cases, arms {', '.join(table.arms)}; {plan.study.design} "
        f"design, {len(table.answers)} readings that count. Plan {plan.fingerprint[:16]}…, seed {plan.study.seed}."
    )
    report.notes(results.remarks)
    report.paragraph(
        "Brackets hold 95 % intervals: bootstrap over cases (bias-corrected and accelerated) for medians and agreement,"
        " DeLong for areas, exact for shares. Repeats and training cases count only where they are named."
    )
    for measure in results.measures:
        _measure(report, results, measure)
    _turing(report, results)
    _accuracy(report, results)
    _marks(report, results)
    report.heading("Time")
    report.figure(time_figure(table), "Time per reading in the order of each reader; pauses are left out.")
    _pictures(report, plan, folder)
    report.write(path)


def _of(results: Results, name: str, question: str, **fields: str) -> list[Row]:
    wanted = {"question": question, **fields}
    return [row for row in results.tables[name] if all(getattr(row, key) == value for key, value in wanted.items())]


def _interval(row: Row, name: str) -> str:
    value, low, high = (getattr(row, key) for key in (name, "low", "high"))
    if value is None:
        return "–"
    ends = "" if low is None or high is None else f" [{number_text(low)}, {number_text(high)}]"
    return number_text(value) + ends


def _cells(rows: Sequence[Row], *columns: str) -> list[list[Cell]]:
    """Return the fields of rows; ``name±`` is a field with its interval."""
    return [[_interval(r, c[:-1]) if c.endswith("±") else getattr(r, c) for c in columns] for r in rows]


def _measure(report: HtmlReport, results: Results, measure: Measure) -> None:
    report.heading(f"{measure.id}: {measure.text}")
    report.figure(answers_figure(results.table, measure), "First readings, all readers.")
    rows = _of(results, "medians", measure.id, reader=ALL)
    if rows and measure.level == "nominal":
        report.table(["arm", "answers", f"share of “{measure.names[1]}”"], _cells(rows, "arm", "answers", "mean"))
    elif rows:
        report.table(["arm", "answers", "median", "mean"], _cells(rows, "arm", "answers", "median±", "mean"))
    if rows := _of(results, "comparisons", measure.id):
        report.table(
            ["first", "second", "cases", "median difference", "p (Wilcoxon)", "p (Holm)"],
            _cells(rows, "first", "second", "cases", "median_difference", "p", "p_holm"),
        )
    if rows := _of(results, "agreement", measure.id):
        report.paragraph("Agreement between readers:")
        report.table(
            ["coefficient", "arm", "estimate", "cases"], _cells(rows, "coefficient", "arm", "estimate±", "cases")
        )
    if rows := _of(results, "repeats", measure.id):
        report.paragraph("Agreement of readers with themselves on repeated readings:")
        report.table(
            ["reader", "coefficient", "estimate", "repeats"],
            _cells(rows, "reader", "coefficient", "estimate±", "repeats"),
        )


def _turing(report: HtmlReport, results: Results) -> None:
    if rows := results.tables["turing"]:
        report.heading("Visual Turing test")
        report.paragraph(
            "Share of images taken for what they are. p is Fisher's exact test of whether the judgement depends on the "
            "truth; the intervals of all readers together take their judgements for independent."
        )
        report.table(
            ["reader", "images", "right", "of", "share", "p"],
            _cells(rows, "reader", "images", "correct", "total", "share±", "p"),
        )


def _accuracy(report: HtmlReport, results: Results) -> None:
    for data in results.rocs:
        report.heading(f"Accuracy: {data.question}")
        report.figure(roc_figure(data), "ROC curves of the readers.")
        report.table(
            ["arm", "reader", "area", "positive", "negative"],
            _cells(_of(results, "areas", data.question), "arm", "reader", "area±", "positives", "negatives"),
        )
        if rows := _of(results, "multi_reader", data.question):
            report.paragraph("Over readers and cases (Obuchowski and Rockette, degrees of freedom of Hillis):")
            report.table(
                ["", "estimate", "F", "df", "p", "p (Holm)", "cases"],
                _cells(rows, "what", "estimate±", "f", "df", "p", "p_holm", "cases"),
            )
        if rows := _of(results, "area_comparisons", data.question):
            report.paragraph("Each reader by DeLong's test:")
            report.table(
                ["reader", "first", "second", "difference", "p", "p (Holm)"],
                _cells(rows, "reader", "first", "second", "difference", "p", "p_holm"),
            )


def _marks(report: HtmlReport, results: Results) -> None:
    if rows := results.tables["marks"]:
        report.heading("Marked points")
        report.table(
            ["question", "arm", "marks", "cases of several readers", "mean distance to their mean (mm)"],
            _cells(rows, "question", "arm", "marks", "cases", "mean_distance±"),
        )


def _pictures(report: HtmlReport, plan: Plan, folder: Path) -> None:
    case = next(case.name for case in plan.cases if not case.training)
    images = {i.arm: folder / IMAGE_FOLDER / i.file for i in plan.images if i.case == case}
    if all(path.exists() for path in images.values()):
        report.heading("What readers saw")
        report.figure(case_figure(images), f"{case}: middle slices of the blinded images.")
