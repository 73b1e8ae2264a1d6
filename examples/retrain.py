"""Retrain the shipped model on a dataset's corrections; the gate says whether the candidate may become a version.

python examples/retrain.py
python examples/retrain.py my-dataset --out retrained --steps 800 --accept
"""

import argparse
from pathlib import Path

import crosscontrast as cc
from phantoms import results_folder, write_cords


def corrected_phantoms(folder: Path) -> Path:
    """Make a dataset of two persons whose corrections are the truth; the second only tests."""
    cohort = cc.read_cohort(write_cords(folder / "phantoms", subjects=2))
    dataset = cc.CorrectionDataset.create(folder / "dataset")
    for row in cohort.rows:
        case = dataset.add(row.image)
        truth = cc.read_image(row.mask)
        dataset.save(case.name, truth, truth > 0.5, author="example")
    dataset.freeze_test_subjects(["02"])
    return folder / "dataset"


def main() -> None:
    """Train, measure before and after, tell the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?", type=Path, help="a correction dataset with two subjects or more")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=1, help="some hundred learn something")
    parser.add_argument("--accept", action="store_true", help="make a candidate that passes the next version")
    given = parser.parse_args()
    out = results_folder(given.out)

    settings, base = {"steps": given.steps}, "softcord"
    if not given.dataset:  # small windows and few of them, so that this takes seconds
        settings |= {"patches": ((32, 32, 32),), "batch": 1, "geometries": 1, "appearances": 1, "validation_samples": 1}
        base = "softcord@3"  # the smaller one
    found = cc.retrain_cord(
        given.dataset or corrected_phantoms(out), out / "retrained", base=base, settings=settings, accept=given.accept
    )
    print("The gate passes it." if found.passed else "The gate refuses it:")
    for reason in found.reasons:
        print(f"  {reason}")
    print(f"accepted as {found.model}" if found.model else f"kept aside: {found.candidate}")
    print(found.report)


if __name__ == "__main__":
    main()
