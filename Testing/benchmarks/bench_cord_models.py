"""Cord models on generated persons in six contrasts, and on the public images, by ``cord evaluate``.

    .venv/bin/python Testing/benchmarks/bench_cord_models.py --out models --model softcord@3 --model softcord \\
        [--persons 10] [--data ../shared/data/cord]

The persons have cords of usual size and no syrinx, and their images no artefacts; the truth is the cord's share of each
voxel. Of the public images (``template/PAM50_small_t2`` and ``PAM50_small_cord``, ``mts/sub-*_acq-MT{on,off}_MTS`` and
the mask of sub-05) two have a mask, and three people were scanned with and without magnetisation transfer, so that
their areas should agree. The report of each cohort is in its folder of ``--out``.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from crosscontrast.cord.ablation.cohort import (
    FINDER_SHAPE,
    draw_person,
    is_usual,
    patient_image,
    write_images,
    write_table,
)
from crosscontrast.cord.evaluation.jobs import EvaluateCohort
from crosscontrast.cord.evaluation.measures import CaseScores
from crosscontrast.cord.evaluation.subjects import per_subject
from crosscontrast.ground.images import write_image
from crosscontrast.statistics.bootstrap import bootstrap_interval

COLUMNS = ["subject", "role", "image", "mask"]
MT_SUBJECTS = ("01", "03", "05")


def main() -> None:
    """Write the cohorts, evaluate the models on them and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", action="append", required=True, help="may be repeated")
    parser.add_argument("--persons", type=int, default=10)
    parser.add_argument("--data", type=Path, help="folder of the public images; without it only persons are measured")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if options.persons:
        print_persons(evaluate(write_persons(options.out / "persons", options.persons), options))
    if options.data:
        print_public(evaluate(write_public(options.out / "public", options.data.resolve()), options))


def write_persons(folder: Path, number: int) -> Path:
    """Write the images of the first ``number`` usual persons and the cohort's table, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    table, rows, seed = folder / "cohort.tsv", [], 0
    while not table.exists():
        person, subject = draw_person(seed, FINDER_SHAPE), f"sub-{seed:03d}"
        seed += 1
        if is_usual(person):
            write_image(patient_image(person.anatomy.cord), folder / f"{subject}_softseg.nii.gz")
            files = write_images(person, subject, folder)
            rows += [[subject, name, file, f"{subject}_softseg.nii.gz"] for name, file in files.items()]
        if len({row[0] for row in rows}) == number:
            write_table(table, COLUMNS, rows)
    return table


def write_public(folder: Path, data: Path) -> Path:
    """Write the table of the public images."""
    folder.mkdir(parents=True, exist_ok=True)
    template = data / "template"
    image, mask = template / "PAM50_small_t2.nii.gz", template / "PAM50_small_cord.nii.gz"
    rows = [["template", "T2w", str(image), str(mask)]]
    mask = data / "mts/sub-05_acq-MTon_MTS_seg.nii.gz"
    for subject in MT_SUBJECTS:
        for contrast in ("MTon", "MToff"):
            image = data / f"mts/sub-{subject}_acq-{contrast}_MTS.nii.gz"
            rows.append([f"sub-{subject}", contrast, str(image), str(mask) if subject == "05" else ""])
    write_table(folder / "cohort.tsv", COLUMNS, rows)
    return folder / "cohort.tsv"


def evaluate(table: Path, options: argparse.Namespace) -> list[CaseScores]:
    """Return the scores of all cases."""
    job = EvaluateCohort(
        cohort=table, out=table.parent / "results", models=tuple(options.model), workers=options.workers
    )
    result = job.run(lambda done, total, message: print(f"{100 * done / total:3.0f}% {message}", flush=True))
    print(result.report)
    with result.cases_table.open(newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return [CaseScores.model_validate({k: v for k, v in row.items() if v != "n/a"}) for row in rows]


def print_persons(cases: list[CaseScores]) -> None:
    """Print Dice, area error and the spread of a person's areas across contrasts, with 95 % intervals over persons."""
    print("| model | contrasts | found | Dice | area error (mm²) | SD of the area across contrasts (mm²) | median SD |")
    print("|---|---|---|---|---|---|---|")
    contrasts = list(dict.fromkeys(case.contrast for case in cases))
    for model in dict.fromkeys(case.method for case in cases):
        for chosen in (contrasts, ["T1w", "T2w", "T2starw"], *([c] for c in contrasts)):
            mine = [case for case in cases if case.method == model and case.contrast in chosen]
            found = sum(case.csa_mm2 is not None for case in mine)
            subjects = per_subject(mine)
            spreads = [s.csa_sd_mm2 for s in subjects if s.csa_sd_mm2 is not None]
            errors = [s.csa_error_mm2 for s in subjects if s.csa_error_mm2 is not None]
            figures = [interval([s.dice for s in subjects if s.dice is not None]), interval(errors)]
            figures += [interval(spreads), f"{np.median(spreads):.2f}"] if spreads else ["", ""]
            print(f"| {model} | {', '.join(chosen)} | {found}/{len(mine)} | {' | '.join(figures)} |")


def print_public(cases: list[CaseScores]) -> None:
    """Print areas, agreement with the masks, and how far the areas of each pair are apart."""
    print("| model | image | area (mm²) | mask's area | Dice | soft Dice |")
    print("|---|---|---|---|---|---|")
    for case in cases:
        areas = [figure(value, 1) for value in (case.csa_mm2, case.reference_csa_mm2)]
        agreement = [figure(value, 3) for value in (case.dice, case.soft_dice)]
        print(f"| {case.method} | {case.subject} {case.contrast} | {' | '.join(areas + agreement)} |")
    for model in dict.fromkeys(case.method for case in cases):
        found = {(c.subject, c.contrast): c.csa_mm2 for c in cases if c.method == model}
        pairs = [(found[f"sub-{s}", "MToff"], found[f"sub-{s}", "MTon"]) for s in MT_SUBJECTS]
        differences = [figure(off - on if off is not None and on is not None else None, 1) for off, on in pairs]
        print(f"{model}: MT-off minus MT-on {', '.join(differences)} mm²")


def figure(value: float | None, digits: int) -> str:
    """Return a cell of a table."""
    return "n/a" if value is None else f"{value:.{digits}f}"


def interval(values: list[float]) -> str:
    """Return the mean over persons with its interval."""
    found = bootstrap_interval(values)
    return f"{found.estimate:.3f} ({found.low:.3f} to {found.high:.3f})"


if __name__ == "__main__":
    main()
