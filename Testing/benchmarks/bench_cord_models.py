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
from collections import defaultdict
from pathlib import Path

import numpy as np

from CrossContrastLib.ground.images import write_image
from CrossContrastLib.statistics.bootstrap import bootstrap_interval
from SoftCordSegLib.ablation.cohort import Person, draw_person, patient_image, write_images, write_table
from SoftCordSegLib.evaluation.jobs import EvaluateCohort
from SoftCordSegLib.generator.tissues import Tissue

#: As large as the window of the shipped models' finder in the slices: in smaller images it misses cords.
SHAPE = (48, 56, 56)
#: Mean area, in mm², of cords as most people have them.
USUAL = (45.0, 95.0)
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
        person, subject = draw_person(seed, SHAPE), f"sub-{seed:03d}"
        seed += 1
        if is_usual(person):
            write_image(patient_image(person.anatomy.cord), folder / f"{subject}_softseg.nii.gz")
            files = write_images(person, subject, folder)
            rows += [[subject, name, file, f"{subject}_softseg.nii.gz"] for name, file in files.items()]
        if len({row[0] for row in rows}) == number:
            write_table(table, COLUMNS, rows)
    return table


def is_usual(person: Person) -> bool:
    """Whether the cord is as large as most people's, and has no syrinx."""
    area = float(person.anatomy.cord.sum((1, 2)).mean())
    return USUAL[0] < area < USUAL[1] and not person.anatomy.fractions[Tissue.SYRINX].any()


def write_public(folder: Path, data: Path) -> Path:
    """Write the table of the public images."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        [
            "template",
            "T2w",
            str(data / "template/PAM50_small_t2.nii.gz"),
            str(data / "template/PAM50_small_cord.nii.gz"),
        ]
    ]
    mask = data / "mts/sub-05_acq-MTon_MTS_seg.nii.gz"
    for subject in MT_SUBJECTS:
        for contrast in ("MTon", "MToff"):
            image = data / f"mts/sub-{subject}_acq-{contrast}_MTS.nii.gz"
            rows.append([f"sub-{subject}", contrast, str(image), str(mask) if subject == "05" else ""])
    write_table(folder / "cohort.tsv", COLUMNS, rows)
    return folder / "cohort.tsv"


def evaluate(table: Path, options: argparse.Namespace) -> list[dict[str, str]]:
    """Return the rows of the table of cases."""
    job = EvaluateCohort(
        cohort=table, out=table.parent / "results", models=tuple(options.model), workers=options.workers
    )
    result = job.run(lambda done, total, message: print(f"{100 * done / total:3.0f}% {message}", flush=True))
    print(result.report)
    with result.cases_table.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def print_persons(cases: list[dict[str, str]]) -> None:
    """Print Dice, area error and the spread of a person's areas across contrasts, with 95 % intervals over persons."""
    print("| model | contrasts | found | Dice | area error (mm²) | SD of the area across contrasts (mm²) | median SD |")
    print("|---|---|---|---|---|---|---|")
    contrasts = list(dict.fromkeys(case["contrast"] for case in cases))
    for model in dict.fromkeys(case["method"] for case in cases):
        for chosen in (contrasts, ["T1w", "T2w", "T2starw"], *([c] for c in contrasts)):
            mine = [case for case in cases if case["method"] == model and case["contrast"] in chosen]
            areas: dict[str, list[float]] = defaultdict(list)
            found = [case for case in mine if np.isfinite(number(case["csa_mm2"]))]
            for case in found:
                areas[case["subject"]].append(number(case["csa_mm2"]))
            subjects = [case["subject"] for case in mine]
            figures = [interval([number(case[key]) for case in mine], subjects) for key in ("dice", "csa_error_mm2")]
            spreads = [float(np.std(values, ddof=1)) for values in areas.values()] if len(chosen) > 1 else []
            figures.append(interval(spreads, list(areas)) if spreads else "")
            median = f"{np.median(spreads):.2f}" if spreads else ""
            print(f"| {model} | {', '.join(chosen)} | {len(found)}/{len(mine)} | {' | '.join(figures)} | {median} |")


def print_public(cases: list[dict[str, str]]) -> None:
    """Print areas, agreement with the masks, and how far the areas of each pair are apart."""
    print("| model | image | area (mm²) | mask's area | Dice | soft Dice |")
    print("|---|---|---|---|---|---|")
    for case in cases:
        keys = ("csa_mm2", "reference_csa_mm2", "dice", "soft_dice")
        values = [f"{number(case[key]):.{1 if 'csa' in key else 3}f}" for key in keys]
        print(f"| {case['method']} | {case['subject']} {case['contrast']} | {' | '.join(values)} |")
    for model in dict.fromkeys(case["method"] for case in cases):
        areas = {(c["subject"], c["contrast"]): number(c["csa_mm2"]) for c in cases if c["method"] == model}
        pairs = [areas[f"sub-{s}", "MToff"] - areas[f"sub-{s}", "MTon"] for s in MT_SUBJECTS]
        print(f"{model}: MT-off minus MT-on {', '.join(f'{difference:.1f}' for difference in pairs)} mm²")


def number(text: str) -> float:
    """Return a cell's number, NaN where there is none."""
    return float("nan") if text in ("", "n/a") else float(text)


def interval(values: list[float], subjects: list[str]) -> str:
    """Return the mean with its interval."""
    found = bootstrap_interval(values, subjects=subjects)
    return f"{found.estimate:.3f} ({found.low:.3f} to {found.high:.3f})"


if __name__ == "__main__":
    main()
