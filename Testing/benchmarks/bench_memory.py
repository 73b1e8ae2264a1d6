"""How much memory ``cord segment`` takes for large images, above what the program holds when it begins with one.

    .venv/bin/python Testing/benchmarks/bench_memory.py [--million 8 30] [--voxel 0.4] [--packed]

Each size is a phantom of cubic voxels with that many millions of them in a process of its own, which first segments a
small one: programs, models and compiled networks are there then. A row is printed as soon as it is known. Sizes 8 and
30 take about three minutes on two cores.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

#: Millimetres of the phantom across; the image goes on around it, dark and noisy.
BODY = 96


def main() -> None:
    """Run each size in its own process, or as a child one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--million", type=float, nargs="+", default=[8, 30], help="voxels")
    parser.add_argument("--voxel", type=float, default=0.4, help="mm")
    parser.add_argument("--packed", action="store_true", help="as .nii.gz, which takes longer to write")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        measure(options.child)
        return
    print("| million voxels | seconds | MB at start | MB at peak | bytes a voxel |")
    print("|---|---|---|---|---|", flush=True)
    for million in options.million:
        with tempfile.TemporaryDirectory() as folder:
            name = "large.nii.gz" if options.packed else "large.nii"
            count = write_phantoms(Path(folder), name, million * 1e6, options.voxel)
            command = [sys.executable, __file__, "--child", str(Path(folder) / name)]
            run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        row = json.loads(run.stdout.splitlines()[-1])
        above = (row["peak"] - row["start"]) / count
        figures = [f"{row['seconds']:.0f}", f"{row['start'] / 1e6:.0f}", f"{row['peak'] / 1e6:.0f}", f"{above:.1f}"]
        print(f"| {count / 1e6:.1f} | {' | '.join(figures)} |", flush=True)


def write_phantoms(folder: Path, name: str, voxels: float, voxel: float) -> int:
    """Write ``small.nii`` and the large image as int16; return how many voxels that has."""
    import SimpleITK as sitk

    from crosscontrast.cord.phantom import CordPhantom

    body = CordPhantom(size=(BODY, BODY, BODY), origin=(-BODY / 2, BODY / 2, -BODY / 2)).image("T2w")
    sitk.WriteImage(body, str(folder / "small.nii"))
    side = round(voxels ** (1 / 3))
    grid = sitk.Image([side] * 3, sitk.sitkUInt8)
    grid.SetSpacing([voxel] * 3)
    grid.SetDirection(body.GetDirection())
    middle = body.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in body.GetSize()])
    corner = grid.TransformContinuousIndexToPhysicalPoint([(side - 1) / 2] * 3)
    grid.SetOrigin([m - c for m, c in zip(middle, corner, strict=True)])
    large = sitk.Resample(body, grid, sitk.Transform(), sitk.sitkLinear, 5.0)
    sitk.WriteImage(sitk.Cast(sitk.AdditiveGaussianNoise(large, 2.0, seed=1), sitk.sitkInt16), str(folder / name))
    return side**3


def measure(image: Path) -> None:
    """Segment the small image, then the large one; the last line of stdout says what was held when."""
    from crosscontrast.cord.jobs import SegmentCord
    from crosscontrast.progress import silent

    SegmentCord(image=image.with_name("small.nii"), out=image.parent / "out", device="cpu").run(silent)
    start, begun = psutil.Process().memory_info().rss, time.perf_counter()
    SegmentCord(image=image, out=image.parent / "out", device="cpu").run(silent)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": seconds, "start": start, "peak": peak}))


if __name__ == "__main__":
    main()
