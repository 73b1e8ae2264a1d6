"""Say which radiomic features of real images survive in other ones, such as translations, over a cohort.

python examples/compare_features.py
python examples/compare_features.py cohort.tsv --reference mri --tests pix2pix gan --out compared
"""

import argparse
from pathlib import Path

import crosscontrast as cc
from phantoms import results_folder, write_prostates


def main() -> None:
    """Extract, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cohort", nargs="?", type=Path, help="table with subject, role, image and mask")
    parser.add_argument("--reference", default="t2w", help="role of the real images")
    parser.add_argument("--tests", nargs="+", default=["us"], help="roles to compare with them")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    out = results_folder(given.out)

    few = {} if given.cohort else {"classes": ("shape", "statistics")}
    found = cc.compare_features(
        given.cohort or write_prostates(out / "phantoms", subjects=6),
        out,
        reference=given.reference,
        tests=given.tests,
        extraction=few,
        workers=given.workers,
    )
    print(found.rule)
    for role in found.roles:
        print(f"{role.role}: {role.preserved} of {role.features} features preserved in {role.subjects} subjects")
    print(found.report)


if __name__ == "__main__":
    main()
