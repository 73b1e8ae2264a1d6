"""Items of radiomics checklists that a run can answer by itself, to be copied; the rest is the study's.

CLEAR (58 items; Kocak et al., Insights Imaging 14:75, 2023), METRICS (30; Kocak et al., Insights Imaging 15:8, 2024)
and the Radiomics Quality Score (16; Lambin et al., Nat Rev Clin Oncol 14:749-762, 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.tables import TableWriter
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.report.html import HtmlReport

Checklist = Literal["CLEAR", "METRICS", "RQS"]
#: Number of items of each checklist.
SIZES: dict[Checklist, int] = {"CLEAR": 58, "METRICS": 30, "RQS": 16}

#: How textures are seen, by the setting ``aggregation``.
_SEEN = {
    "3D": "textures in the volume",
    "2.5D": "textures in slices taken together",
    "2D": "textures averaged over slices",
}


@dataclass(frozen=True)
class Answer:
    """What this run says to one item."""

    checklist: Checklist
    number: int
    item: str
    text: str


def extraction_answers(
    settings: ExtractionSettings, backend: str, features: int, *, moved_contours: int
) -> list[Answer]:
    """Answer what extraction settings answer; ``moved_contours`` is how often contours were moved for robustness."""
    bins = settings.bins
    discretised = f"{bins['bin_count']} bins" if "bin_count" in bins else f"bins of width {bins['bin_width']:g}"
    grid = f"resampled to {' x '.join(f'{s:g}' for s in settings.spacing)} mm" if settings.spacing else "not resampled"
    images = [*(["original"] if settings.original else []), *settings.filters]
    scaled = "scaled to mean 0, SD 100" if settings.normalise == "zscore" else "not normalised"
    region = "the value named in the mask" if settings.label else "voxels above 0"
    if settings.threshold:
        region = f"soft map at or above {settings.threshold:g}"
    answers = [
        Answer(
            "CLEAR", 21, "Image pre-processing details", f"Intensities {scaled}; region: {region}{_limits(settings)}."
        ),
        Answer("CLEAR", 22, "Resampling method and its parameters", f"Images were {grid}."),
        Answer(
            "CLEAR",
            23,
            "Discretization method and its parameters",
            f"Grey levels in {discretised}; {_SEEN[settings.aggregation]}.",
        ),
        Answer("CLEAR", 24, "Image types", ", ".join(images) + "."),
        Answer("CLEAR", 25, "Feature extraction method", f"Hand-crafted features by {backend}."),
        Answer("CLEAR", 26, "Feature classes", ", ".join(settings.chosen_classes) + "."),
        Answer("CLEAR", 27, "Number of features", f"{features} per image."),
        Answer("CLEAR", 28, "Default configuration statement", "Everything else as the software's version has it."),
        Answer("CLEAR", 54, "Sharing radiomic feature data", "features.tsv holds all values and can be shared."),
        Answer("CLEAR", 55, "Sharing pre-processing scripts or settings", "The settings stand in the JSON summary."),
        Answer("METRICS", 11, "Image preprocessing", f"Intensities {scaled}, {grid}."),
        Answer("METRICS", 12, "Standardized feature extraction software", f"{backend}, tested on IBSI's phantom."),
        Answer("METRICS", 13, "Reporting of extraction parameters", f"{discretised}; all in the JSON summary."),
    ]
    if moved_contours:
        text = f"Contours were moved at random {moved_contours} times; ICC per feature stands as its ceiling."
        answers += [
            Answer("CLEAR", 31, "Details of segmentation reliability analysis", text),
            Answer("METRICS", 14, "Removal of non-robust features", text + " Features below a limit can be left out."),
            Answer("RQS", 2, "Multiple segmentations", text),
        ]
    return answers


def _limits(settings: ExtractionSettings) -> str:
    words = []
    if settings.resegment:
        low, high = ("no limit" if end is None else f"{end:g}" for end in settings.resegment)
        words.append(f"intensities from {low} to {high}")
    if settings.outliers is not None:
        words.append(f"within {settings.outliers:g} standard deviations of the mean")
    return "".join(f", {word}" for word in words)


def preservation_answers(rule: str, groups: int, subjects: int, resamples: int) -> list[Answer]:
    """Answer what a comparison of features answers."""
    return [
        Answer(
            "CLEAR", 40, "Uncertainty evaluation", f"95 % intervals by drawing {subjects} subjects {resamples} times."
        ),
        Answer("CLEAR", 46, "Feature statistics", f"Agreement of every feature in preservation.tsv. {rule}"),
        Answer("METRICS", 15, "Removal of redundant features", f"{groups} groups of features that say the same."),
        Answer("METRICS", 21, "Consideration of uncertainty", "Lower ends of intervals decide."),
        Answer(
            "RQS", 5, "Feature reduction or adjustment for multiple testing", "Benjamini-Hochberg over all features."
        ),
    ]


def outcome_answers(
    subjects: int,
    folds: int,
    repeats: int,
    models: Sequence[str],
    batch: str | None,
    features: int,
    *,
    timed: bool = False,
) -> list[Answer]:
    """Answer what a prediction of outcomes answers; a ``timed`` one is judged by concordance alone."""
    split = f"{folds} folds by subject, {repeats} time(s), inner folds for the models' settings"
    answers = [
        Answer("CLEAR", 15, "Data split methodology", split + "."),
        Answer("CLEAR", 29, "Handling of missing data", "Median of the training rows, inside every fold."),
        Answer("CLEAR", 30, "Details of class imbalance", "Classes weighted inversely to their frequency in training."),
        Answer("CLEAR", 32, "Feature scaling details", "Mean 0 and SD 1 by the training rows, inside every fold."),
        Answer("CLEAR", 34, "Algorithm details", ", ".join(models) + "."),
        Answer("CLEAR", 35, "Training and tuning details", "Grid search by AUC in inner folds grouped by subject."),
        Answer("CLEAR", 38, "Testing technique", "Internal: nested cross-validation; no external data in this run."),
        Answer("CLEAR", 39, "Performance metrics", "AUC, accuracy, sensitivity, specificity, Brier, calibration."),
        Answer(
            "CLEAR",
            40,
            "Uncertainty evaluation",
            "95 % intervals over held-out parts, corrected for shared training data.",
        ),
        Answer(
            "CLEAR",
            41,
            "Statistical performance comparison",
            "Corrected t-test of repeated cross-validation, Holm's correction.",
        ),
        Answer("METRICS", 16, "Dimensionality compared to data size", f"{features} features, {subjects} subjects."),
        Answer("METRICS", 18, "Proper data partitioning process", split + "; everything is learned inside the folds."),
        Answer("METRICS", 19, "Handling of confounding factors", f"ComBat for {batch}." if batch else "None handled."),
        Answer("METRICS", 20, "Performance evaluation metrics", "AUC of scores with ROC curves."),
        Answer(
            "METRICS",
            21,
            "Consideration of uncertainty",
            "95 % intervals over held-out parts, corrected for shared training data.",
        ),
        Answer("METRICS", 22, "Calibration assessment", "Calibration curve and expected calibration error."),
        Answer("METRICS", 26, "Internal testing", "Held-out folds of nested cross-validation."),
        Answer("METRICS", 27, "External testing", "Not in this run."),
        Answer("RQS", 9, "Discrimination statistics", "AUC with interval, from resampling: cross-validation."),
        Answer("RQS", 10, "Calibration statistics", "Calibration curve, from cross-validation."),
        Answer("RQS", 12, "Validation", "Not external: only cross-validation within this cohort."),
    ]
    return _timed(answers) if timed else answers


def _timed(answers: Sequence[Answer]) -> list[Answer]:
    """Say what is done where the outcome has a time: no classes, no calibration, concordance for everything else."""
    other = {
        ("CLEAR", 30): "",
        ("CLEAR", 35): "Number of components by concordance in inner folds grouped by subject.",
        ("CLEAR", 39): "Harrell's concordance.",
        ("CLEAR", 41): "Bootstrap by subject, Holm's correction.",
        ("METRICS", 20): "Concordance of scores, curves of Kaplan and Meier.",
        ("METRICS", 22): "",
        ("RQS", 9): "Concordance with interval, from resampling: cross-validation.",
        ("RQS", 10): "",
    }
    said = [replace(a, text=other.get((a.checklist, a.number), a.text)) for a in answers]
    return [answer for answer in said if answer.text]


def add_checklists(report: HtmlReport, answers: Sequence[Answer]) -> None:
    """Add the answers to a report, and say how many items are left to the authors."""
    report.heading("Checklists")
    left = ", ".join(
        f"{size - len({a.number for a in answers if a.checklist == name})} of {size} items of {name}"
        for name, size in SIZES.items()
    )
    report.paragraph(f"What this run answers by itself. To be filled in by the study's authors: {left}.")
    report.table(["checklist", "no.", "item", "answer"], [[a.checklist, a.number, a.item, a.text] for a in answers])


def write_checklists(answers: Sequence[Answer], path: Path) -> None:
    """Write the answers as a table."""
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = TableWriter(stream)
        writer.writerow(["checklist", "number", "item", "answer"])
        writer.writerows([a.checklist, a.number, a.item, a.text] for a in answers)
