"""The comparison as one HTML file for people."""

from collections.abc import Sequence
from pathlib import Path

from crosscontrast.radiomics.checklists import add_checklists
from crosscontrast.radiomics.preservation.measure import FeatureVerdict, Measured, Pairs, count_preserved, count_shape
from crosscontrast.radiomics.preservation.plots import (
    bland_altman_figure,
    family_of,
    heat_map,
    icc_figure,
    scatter_figure,
)
from crosscontrast.radiomics.preservation.results import Comparison
from crosscontrast.report.html import Cell, HtmlReport, number_text

#: Features drawn per role: the best, the middle and the worst.
_DRAWN = 12
#: Lines of features in the report; preservation.tsv has all.
_MOST_LINES = 1000


def write_report(comparison: Comparison, path: Path) -> None:
    """Write the report; raises :class:`crosscontrast.errors.OutputError`."""
    report = HtmlReport("Radiomic features preserved")
    for sentence in comparison.lead:
        report.paragraph(sentence)
    report.paragraph(f"Rule, written before the run: {comparison.settings.rule.text()}")
    report.notes(comparison.remarks)
    _counts(report, comparison)
    if comparison.verdicts:
        report.heading("By class")
        report.figure(heat_map(comparison.verdicts), "Preserved features of all, by class and role.")
        _classes(report, comparison.verdicts)
    if any(v.measures for v in comparison.verdicts):
        report.figure(
            icc_figure(comparison.verdicts),
            "ICC(A,1) with 95 % interval of every feature, best first within its class; green: preserved.",
        )
    for pairs in comparison.pairs:
        _examples(report, pairs, comparison.of_role(pairs.role))
    _features(report, comparison)
    _failures(report, comparison)
    _methods(report, comparison)
    add_checklists(report, comparison.answers)
    report.write(path)


def _counts(report: HtmlReport, comparison: Comparison) -> None:
    report.heading("Preserved features")
    rows: list[list[Cell]] = []
    for pairs in comparison.pairs:
        verdicts = comparison.of_role(pairs.role)
        ours, rho_only = count_preserved(verdicts)
        groups = {v.cluster for v in verdicts if v.preserved and v.cluster is not None}
        null = comparison.nulls.get(pairs.role)
        rows.append(
            [
                pairs.role,
                len(pairs.subjects),
                f"{ours} of {len(verdicts)}",
                count_shape(verdicts),
                len(groups) if any(v.cluster for v in verdicts) else None,
                f"{rho_only} of {len(verdicts)}",
                None if null is None else f"{number_text(null.preserved_mean)} (at most {null.preserved_most})",
                None if null is None else f"{number_text(null.rho_only_mean)} (at most {null.rho_only_most})",
            ]
        )
    columns = [
        *(
            "role",
            "subjects",
            "preserved",
            "of them shape",
            "groups among them",
            f"rho ≥ {comparison.settings.rho_only:g} alone",
        ),
        *("preserved by chance", "rho alone by chance"),
    ]
    report.table(columns, rows)
    report.paragraph(
        f"Against the role {comparison.reference!r}. Features of shape are the mask's: where the images of a pair "
        "share it, they are equal whatever the images show. Groups are features with |rho| ≥ "
        f"{comparison.settings.redundant:g} among each other in the reference images: they say the same thing once. "
        "By chance: the same count where every image is paired with another subject's, mean over "
        f"{comparison.settings.shuffles} shuffles. The rule of rho alone is that of earlier studies (76 of 186 "
        "features after 2D Pix2Pix in Salmanpour et al. 2025) and ignores offset, scale and uncertainty."
    )


def _classes(report: HtmlReport, verdicts: Sequence[FeatureVerdict]) -> None:
    rows: list[list[Cell]] = []
    for role in dict.fromkeys(v.role for v in verdicts):
        for family in dict.fromkeys(family_of(v) for v in verdicts):
            mine = [v for v in verdicts if v.role == role and family_of(v) == family]
            iccs = sorted(v.measures["icc"].estimate or 0.0 for v in mine if v.measures)
            bands = [sum(v.band == band for v in mine) for band in ("excellent", "good", "moderate", "poor")]
            ours, rho_only = count_preserved(mine)
            rows.append([role, family, len(mine), ours, rho_only, iccs[len(iccs) // 2] if iccs else None, *bands])
    columns = ["role", "class", "features", "preserved", "rho alone", "median ICC"]
    report.table([*columns, "excellent", "good", "moderate", "poor"], rows)
    report.paragraph("Bands are by the lower end of the ICC's interval: excellent ≥ 0.9, good ≥ 0.75, moderate ≥ 0.5.")


def _examples(report: HtmlReport, pairs: Pairs, verdicts: Sequence[FeatureVerdict]) -> None:
    known = [v for v in verdicts if v.measures and v.measures["icc"].estimate is not None]
    if not known:
        return
    known.sort(key=lambda v: -(v.measures["icc"].estimate or 0.0))
    step = max(1.0, (len(known) - 1) / (_DRAWN - 1))
    chosen = [known[round(k * step)] for k in range(min(_DRAWN, len(known)))]
    report.heading(f"Features from best to worst: {pairs.role}")
    report.figure(scatter_figure(pairs, chosen), "Each point is an image; grey: equality. Red titles: not preserved.")
    report.figure(bland_altman_figure(pairs, chosen), "Bland-Altman: bias and 95 % limits of agreement.")


def _features(report: HtmlReport, comparison: Comparison) -> None:
    report.heading("Features")
    verdicts = sorted(comparison.verdicts, key=_loss)
    if len(verdicts) > _MOST_LINES:
        report.paragraph(f"The {_MOST_LINES} that lose most of {len(verdicts)}; preservation.tsv has all.")
    rows: list[list[Cell]] = []
    for v in verdicts[:_MOST_LINES]:
        cells = [_interval(v.measures.get(name)) for name in ("icc", "ccc", "spearman")]
        relative = v.measures["relative_difference"].estimate if v.measures else None
        kept = "yes" if v.preserved else "no"
        rows.append([v.role, v.feature, kept, *cells, relative, v.limit_q, v.cluster, v.ceiling_icc, v.reason])
    columns = ["role", "feature", "preserved", "ICC(A,1)", "CCC", "rho", "difference (%)", "q", "group", "ceiling"]
    report.table([*columns, "reason"], rows, marked=[k for k, v in enumerate(verdicts[:_MOST_LINES]) if v.reason])


def _failures(report: HtmlReport, comparison: Comparison) -> None:
    failed = [row for row in comparison.table.rows if not row.done]
    if failed:
        report.heading("Images without features")
        report.table(
            ["subject", "session", "role", "reason"], [[r.subject, r.session, r.role, r.reason] for r in failed]
        )


def _methods(report: HtmlReport, comparison: Comparison) -> None:
    settings = comparison.settings
    report.heading("Methods")
    report.paragraph(
        f"Intervals: {settings.resamples} draws of subjects with all their images, expanded percentiles (Hesterberg "
        f"2015), level {settings.rule.level:.0%}, seed {settings.seed}. ICC(A,1): two-way, absolute agreement, single "
        "measurement (McGraw and Wong 1996). CCC: Lin 1989. Difference: mean of 200 |y - x| / (|x| + |y|) over pairs "
        "that are not both near 0. q: Benjamini-Hochberg over the features of a role, of the test that the weakest "
        "coefficient of the rule is at most its limit. Ceiling: ICC between the reference images and the same with the "
        "contour of the mask moved at random; no translation can be expected to exceed it."
    )


def _interval(measured: Measured | None) -> str:
    if measured is None or measured.estimate is None:
        return "–"
    if measured.low is None or measured.high is None:
        return number_text(measured.estimate)
    return f"{measured.estimate:.2f} [{measured.low:.2f}, {measured.high:.2f}]"


def _loss(verdict: FeatureVerdict) -> tuple[bool, float]:
    icc = verdict.measures["icc"].estimate if verdict.measures else None
    return icc is not None, icc if icc is not None else 0.0
