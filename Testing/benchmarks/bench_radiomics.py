"""How long features take, beside other programs on the same cases: ``python bench_radiomics.py [CASES] [WORKERS]``.

Every program gets the same images and masks as files and computes PyRadiomics' classes (107 features) with bins of
width 25, PyRadiomics' default (PySERA: the nearest set that it offers).
Wall time includes the start of the program, because a user waits for it; processor time is that of all its processes,
which a busy machine does not change. "cached" is a second run of ours.
Other programs take part where they can be imported (PySERA, fastrad) or run (``pyradiomics``). Each line gives the best
of ``ROUNDS`` runs, since other work on the machine only ever adds time.
"""

import importlib.util
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

ROUNDS = 2
SIZE, RADIUS = (40, 128, 128), 10

_FASTRAD = """
import sys, SimpleITK, fastrad
from fastrad import FeatureExtractor, FeatureSettings, MedicalImage, Mask
import torch
torch.set_num_threads(1)
settings = FeatureSettings(feature_classes=["firstorder", "shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm"],
                           bin_width=25.0, device="cpu")
extractor = FeatureExtractor(settings)
for line in open(sys.argv[1]).read().splitlines()[1:]:
    paths = line.split(",")[1:3]
    read = [SimpleITK.ReadImage(p) for p in paths]
    arrays = [torch.from_numpy(SimpleITK.GetArrayFromImage(r).astype("float32")) for r in read]
    spacing = read[0].GetSpacing()
    extractor.extract(MedicalImage(arrays[0], spacing=spacing), Mask(arrays[1], spacing=spacing))
"""
_PYSERA = """
import sys, pysera
if __name__ == "__main__":
    for line in open(sys.argv[1]).read().splitlines()[1:]:
        _, image, mask = line.split(",")
        pysera.process_batch(image_input=image, mask_input=mask, output_path=sys.argv[2], report="none",
                             categories="diag,morph,glcm,glrlm,glszm,ngtdm,ngldm",
                             dimensions="3D", bin_size=25, enable_parallelism=False)
"""


def write_cases(folder: Path, count: int) -> tuple[Path, Path]:
    """Write textured images with a ball of about 4,000 voxels; return our table and PyRadiomics' own."""
    ours, theirs = ["subject\trole\timage\tmask"], ["ID,Image,Mask"]
    grid = (np.indices(SIZE).T - (np.array(SIZE) - 1) / 2).T
    for number in range(count):
        field = ndimage.gaussian_filter(np.random.default_rng(number).standard_normal(SIZE), 1.0)
        values = (500 + 150 * field / field.std()).astype(np.float32)
        mask = ((grid**2).sum(0) < (RADIUS - number % 3) ** 2).astype(np.uint8)
        paths = [folder / f"{number}_{name}.nii.gz" for name in ("image", "mask")]
        for array, path in zip((values, mask), paths, strict=True):
            sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
        ours.append(f"s{number}\tmri\t{paths[0].name}\t{paths[1].name}")
        theirs.append(f"s{number},{paths[0]},{paths[1]}")
    (folder / "cohort.tsv").write_text("\n".join(ours) + "\n")
    (folder / "batch.csv").write_text("\n".join(theirs) + "\n")
    (folder / "ours.yaml").write_text("extraction: {bin_width: 25}\n")
    return folder / "cohort.tsv", folder / "batch.csv"


def timed(make_command: Callable[[], list[str | Path]]) -> tuple[float, float] | None:
    """Return the best wall and processor time of a command in seconds; ``None`` where it fails, and says why."""
    times = []
    for _ in range(ROUNDS):
        command = [str(word) for word in make_command()]
        start, before = time.perf_counter(), processor_time()
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        times.append((time.perf_counter() - start, processor_time() - before))
        if run.returncode:
            print(f"  failed: {(run.stderr.strip().splitlines() or ['?'])[-1][:150]}")
            return None
    return min(wall for wall, _ in times), min(cpu for _, cpu in times)


def processor_time() -> float:
    """Return the seconds of processor time of all ended child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    workers = sys.argv[2] if len(sys.argv) > 2 else "2"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cohort, batch = write_cases(folder, count)
        fresh = itertools.count()

        def ours(jobs: str, out: str) -> list[str | Path]:
            words = [sys.executable, "-m", "crosscontrast.cli", "radiomics", "extract", "--cohort", cohort]
            return [*words, "--settings", folder / "ours.yaml", "--out", folder / out, "--workers", jobs]

        def pyradiomics(jobs: str) -> list[str | Path]:
            words: list[str | Path] = ["pyradiomics", batch, "-o", folder / "p.csv", "-f", "csv"]
            return [*words, "--jobs", jobs]

        results = {
            "ours, 1 worker": timed(lambda: ours("1", f"cold{next(fresh)}")),
            f"ours, {workers} workers": timed(lambda: ours(workers, f"cold{next(fresh)}")),
            "ours, cached": timed(lambda: ours("1", "cold0")),
            "pyradiomics, 1 job": timed(lambda: pyradiomics("1")),
            f"pyradiomics, {workers} jobs": timed(lambda: pyradiomics(workers)),
        }
        for peer, script in (("fastrad", _FASTRAD), ("pysera", _PYSERA)):
            if importlib.util.find_spec(peer):
                file = folder / f"{peer}_run.py"
                file.write_text(script)
                results[peer] = timed(lambda file=file: [sys.executable, file, batch, folder / "peer"])
        voxels = int(sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "0_mask.nii.gz"))).sum())
        print(f"{count} cases of {' x '.join(map(str, SIZE[::-1]))} voxels, {voxels} in the mask")
        print(f"  {'':24}{'wall':>10}{'processor':>12}")
        for label, seconds in results.items():
            text = "failed" if seconds is None else f"{seconds[0]:8.2f} s{seconds[1]:10.2f} s"
            print(f"  {label:24}{text}")


if __name__ == "__main__":
    main()
