"""Magnetisation transfer: MT-off to MT-on of sub-05, learned from sub-01 and sub-03, against the best linear map.

    .venv/bin/python Testing/benchmarks/bench_mt_pairs.py --data ../shared/data/cord/mts --out bench-mt [--steps 200]

The mask is the body, by Otsu's threshold of the MT-off image (smoothed, largest piece, holes filled), so that it does
not depend on what is measured. Three subjects are an example, not evidence.
"""

import argparse
import csv
import json
from pathlib import Path

import SimpleITK as sitk

from CrossContrastLib.ground.images import read_image, write_image
from SynthSegLib.benchmark.job import BenchmarkTranslators

SPLITS = {"sub-01": "train", "sub-03": "train", "sub-05": "test"}


def main() -> None:
    """Make the cohort and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--networks", default="unet3d,pix2pix2d")
    parser.add_argument("--settings", type=json.loads, default={}, help="further settings of the trainings, as JSON")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    job = BenchmarkTranslators(
        cohort=write_cohort(options.data.resolve(), options.out.resolve()),
        source="MToff",
        target="MTon",
        out=options.out,
        networks=tuple(options.networks.split(",")),
        # Both images share the scanner's gain, so their own units are kept; the network learns what the line misses.
        settings={"steps": options.steps, "residual": True, "source_normalisation": "none", "validation_steps": 0}
        | options.settings,
    )
    result = job.run(lambda done, total, message: print(f"{100 * done / total:3.0f}% {message}", flush=True))
    print(result.summary.read_text())


def write_cohort(data: Path, out: Path) -> Path:
    """Write masks and the cohort table."""
    table = out / "cohort.tsv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(["subject", "role", "image", "mask", "split"])
        for subject, split in SPLITS.items():
            files = {role: data / f"{subject}_acq-{role}_MTS.nii.gz" for role in ("MToff", "MTon")}
            mask = out / f"{subject}_body.nii.gz"
            write_image(body(read_image(files["MToff"])), mask)
            writer.writerows([subject, role, path, mask, split] for role, path in files.items())
    return table


def body(image: sitk.Image) -> sitk.Image:
    """The body, as a mask."""
    smooth = sitk.DiscreteGaussian(sitk.Cast(image, sitk.sitkFloat32), 4.0)
    pieces = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.OtsuThreshold(smooth, 0, 1)))
    return sitk.Cast(sitk.BinaryFillhole(sitk.Cast(pieces == 1, sitk.sitkUInt8)), sitk.sitkUInt8)


if __name__ == "__main__":
    main()
