"""Segment the cord in every image of a folder, each with its five result files; what cannot be used is named.

python examples/segment_folder.py
python examples/segment_folder.py my_images --out results --workers 4
"""

import argparse
from pathlib import Path

import crosscontrast as cc
from crosscontrast.ground.inputs import find_images
from phantoms import results_folder, write_cords


def main() -> None:
    """Find the images, make a job of each, run them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="*", type=Path, help="images, DICOM folders, or folders of images")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    out = results_folder(given.out)

    images = (
        find_images(given.images) if given.images else [write_cords(out / "phantoms").with_name("sub-01_T2w.nii.gz")]
    )
    jobs = [cc.make_job("cord.segment", image=image, out=out) for image in images]
    for image, outcome in zip(images, cc.map_jobs(jobs, workers=given.workers), strict=True):
        if outcome.error:
            print(f"{image.name}: {outcome.error}")
        else:
            print(f"{image.name}: mean area {outcome.result.mean_csa_mm2} mm2, {outcome.result.softseg}")


if __name__ == "__main__":
    main()
