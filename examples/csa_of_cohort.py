"""Measure every cord of a cohort and write its mean area, and the spread across contrasts that a person's areas have.

python examples/csa_of_cohort.py
python examples/csa_of_cohort.py cohort.tsv --out results
"""

import argparse
import csv
import statistics
from collections import defaultdict
from pathlib import Path

import crosscontrast as cc
from phantoms import results_folder, write_cords


def main() -> None:
    """Segment and measure in memory; one line per image."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cohort", nargs="?", type=Path, help="table with subject, role (the contrast) and image")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    out = results_folder(given.out)

    cohort = cc.read_cohort(given.cohort or write_cords(out / "phantoms", contrasts=("T1w", "T2w")))
    areas = defaultdict(list)
    with (out / "areas.tsv").open("w", newline="") as stream:
        table = csv.writer(stream, delimiter="\t")
        table.writerow(["subject", "contrast", "mean_area_mm2", "sd_along_cord_mm2"])
        for row in cohort.rows:
            csa = cc.segment_cord(cc.read_image(row.image)).csa
            areas[row.subject].append(csa.mean("area_true"))
            table.writerow([row.subject, row.role, f"{csa.mean('area_true'):.2f}", f"{csa.sd('area_true'):.2f}"])
    for subject, found in areas.items():
        spread = f", SD across contrasts {statistics.stdev(found):.2f} mm2" if len(found) > 1 else ""
        print(f"{subject}: mean area {statistics.mean(found):.1f} mm2{spread}")
    print(out / "areas.tsv")


if __name__ == "__main__":
    main()
