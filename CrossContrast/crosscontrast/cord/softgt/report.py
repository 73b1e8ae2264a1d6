"""The quality report of a soft ground truth."""

from collections.abc import Sequence
from pathlib import Path

from crosscontrast.cord.softgt.agreement import Limits
from crosscontrast.cord.softgt.fuse import SoftGroundTruth
from crosscontrast.cord.softgt.pictures import contrast_figure
from crosscontrast.cord.softgt.records import ContrastResult
from crosscontrast.report.html import Cell, HtmlReport

_COLUMNS = (
    "contrast",
    "",
    "Dice before",
    "Dice after",
    "centreline before (mm)",
    "centreline after (mm)",
    "area ratio before",
    "area ratio after",
    "common stretch (mm)",
    "moved (mm)",
    "turned (°)",
    "registered by",
)


def write_report(
    found: SoftGroundTruth, results: Sequence[ContrastResult], path: Path, *, subject: str, remarks: Sequence[str]
) -> None:
    """Write the report as one HTML file; raises :class:`crosscontrast.errors.OutputError`."""
    report = HtmlReport(f"Soft ground truth of {subject}")
    kept = sum(told.kept for told in results)
    report.paragraph(f"Mean of {kept} of {len(results)} contrasts, registered to {found.reference}.")
    report.notes(remarks)
    faulty = [number for number, told in enumerate(results) if told.faults]
    report.table(_COLUMNS, map(_row, results), marked=faulty)
    report.paragraph(
        "Each contrast is compared with the mean of the others that were kept, over the stretch of cord that both "
        f"cover, before and after registration. {Limits().in_words()}"
    )
    report.paragraph(
        "In the pictures blue is the outline of the contrast's own mask, orange that of the soft mask as the headers "
        "alone would have it, green that of the soft mask after registration; thin lines are soft values of 0.1 and "
        "0.9."
    )
    for told, fused in zip(results, found.contrasts, strict=True):
        report.heading(told.role)
        report.figure(contrast_figure(fused), _verdict(told, found.reference))
    report.write(path)


def _verdict(told: ContrastResult, reference: str) -> str:
    if told.faults:
        what = "kept on demand although" if told.kept else "left out:"
        return f"{told.role}: {what} {'; '.join(told.faults)}."
    if told.role == reference:
        return f"{told.role}: the reference of the registration."
    return f"{told.role}: moved by {told.moved_mm:.1f} mm and {told.rotated_deg:.1f}°, registered by {told.step}."


def _row(told: ContrastResult) -> list[Cell]:
    before, after = told.before, told.after
    return [
        told.role,
        "kept" if told.kept else "left out",
        before.dice,
        after.dice,
        before.centreline_mm,
        after.centreline_mm,
        before.area_ratio,
        after.area_ratio,
        after.common_mm,
        told.moved_mm,
        told.rotated_deg,
        told.step,
    ]
