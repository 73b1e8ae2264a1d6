"""Make the soft ground truth of one person out of the masks of several contrasts.

python examples/soft_ground_truth.py
python examples/soft_ground_truth.py cohort.tsv --subject sub-01 --out softgt
"""

import argparse
from pathlib import Path

import crosscontrast as cc
from phantoms import results_folder, write_cords


def main() -> None:
    """Register, average, write one soft mask per contrast."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cohort", nargs="?", type=Path, help="table with subject, role (the contrast), image and mask")
    parser.add_argument("--subject", help="default: the first of the table")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    out = results_folder(given.out)

    cohort = cc.read_cohort(given.cohort or write_cords(out / "phantoms", contrasts=("T1w", "T2w", "MToff")))
    subject = given.subject or cohort.subjects()[0]
    rows = [row for row in cohort.rows if row.subject == subject and row.mask]
    if not rows:
        parser.error(f"{subject} has no mask in {cohort.path}")
    masks = {row.role: cc.read_image(row.mask) for row in rows}
    images = {row.role: cc.read_image(row.image) for row in rows}
    fused = cc.soft_ground_truth(masks, images)
    for contrast, soft in fused.soft.items():
        cc.write_image(soft, out / f"{subject}_{contrast}_softseg.nii.gz")
        area = cc.measure_csa(soft).mean("area_true")
        print(f"{contrast}: mean area {area:.1f} mm2, {out / f'{subject}_{contrast}_softseg.nii.gz'}")
    for remark in fused.remarks:
        print(remark)


if __name__ == "__main__":
    main()
