"""Magnetisation transfer: MT-off to MT-on of sub-05, learned from sub-01 and sub-03, against the best linear map.

    .venv/bin/python Testing/benchmarks/bench_mt_pairs.py --data ../shared/data/cord/mts --out bench-mt [--test sub-01]

The mask is the body, by Otsu's threshold of the MT-off image (smoothed, largest piece, holes filled), so that it does
not depend on what is measured. Settings were chosen on sub-01 and sub-03, each tested after learning from the other
(``--test``). Three subjects are an example, not evidence.
"""

import argparse
import csv
import json
from pathlib import Path

import SimpleITK as sitk

from crosscontrast.ground.images import read_image, write_image
from crosscontrast.synthesis.benchmark.jobs import BenchmarkTranslators

#: Who is tested -> who is learned from. The last one is what is reported, the others are for choosing settings.
FOLDS = {"sub-03": ("sub-01",), "sub-01": ("sub-03",), "sub-05": ("sub-01", "sub-03")}
#: Both images share the scanner's gain, so their own units are kept, and no layer normalises a window's level away; a
#: 2D U-Net of three neighbouring slices learns by L1 what the best line misses.
SETTINGS = {
    "source_normalisation": "none",
    "residual": True,
    "norm": False,
    "dropout": 0,
    "neighbours": 1,
    "terms": {"adversarial": 0},
    "validation_steps": 0,
}


def main() -> None:
    """Make the cohort and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--test", choices=FOLDS, default="sub-05", help="who is tested")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--networks", default="pix2pix2d")
    parser.add_argument("--settings", type=json.loads, default={}, help="further settings of the trainings, as JSON")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    job = BenchmarkTranslators(
        cohort=write_cohort(options.data.resolve(), options.out.resolve(), options.test),
        source="MToff",
        target="MTon",
        out=options.out,
        networks=tuple(options.networks.split(",")),
        settings=SETTINGS | {"steps": options.steps} | options.settings,
    )
    result = job.run(lambda done, total, message: print(f"{100 * done / total:3.0f}% {message}", flush=True))
    print(result.summary.read_text())


def write_cohort(data: Path, out: Path, test: str) -> Path:
    """Write masks and the cohort table, of ``test`` and of those that are learned from for it."""
    table = out / "cohort.tsv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(["subject", "role", "image", "mask", "split"])
        for subject, split in [*((s, "train") for s in FOLDS[test]), (test, "test")]:
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
