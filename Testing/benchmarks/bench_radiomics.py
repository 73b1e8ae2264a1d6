"""What features cost, beside other programs on the same cases: ``bench_radiomics.py [CASES] [ROUNDS] [PROGRAM ...]``.

Cases are generated: 256 x 256 x 25 voxels of .8 x .8 x 6.5 mm with a region of about 4,000, in 32 grey levels. Each
program runs in a process of its own: first one case, which has its start with imports, then the same case ROUNDS times
(3), of which the best is what a further case costs ("warm"), then CASES (8) one after another. A line appears as soon
as a program is done: seconds on the clock, seconds of processor time, and the process' largest memory. Programs that
are not installed are left out; fastrad and PySERA make the set nearest to PyRadiomics' 107.
"""

import importlib.util
import json
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

SIZE, SPACING = (25, 256, 256), (0.8, 0.8, 6.5)
#: Half axes of the region in voxels (k, j, i).
REGION = (5.0, 14.0, 14.0)
#: Name, what it needs, and what it computes.
PROGRAMS = {
    "ibsi": ("numpy", "186"),
    "ibsi with shape": ("numpy", "211"),
    "pyradiomics": ("radiomics", "107"),
    "mirp": ("mirp", "186"),
    "fastrad": ("fastrad", "107"),
    "pysera": ("pysera", "nearest"),
}


def write_cases(folder: Path, count: int) -> None:
    """Write textured images with a round region."""
    grid = np.indices(SIZE).T - (np.array(SIZE) - 1) / 2
    inside = ((grid / REGION) ** 2).sum(-1).T < 1
    for number in range(count):
        field = ndimage.gaussian_filter(np.random.default_rng(number).standard_normal(SIZE), (0.3, 1.0, 1.0))
        values = (500 + 150 * field / field.std()).astype(np.float32)
        for name, array in (("image", values), ("mask", inside.astype(np.uint8))):
            image = sitk.GetImageFromArray(array)
            image.SetSpacing(SPACING)
            sitk.WriteImage(image, str(folder / f"{number}_{name}.nii.gz"))


def runner(program: str, folder: Path) -> Callable[[Path, Path], int]:
    """Return what computes the features of an image and a mask, and says how many."""
    if program in ("ibsi", "ibsi with shape", "pyradiomics", "mirp"):
        from crosscontrast.ground.images import read_image
        from crosscontrast.radiomics.extraction.case import case_features
        from crosscontrast.radiomics.extraction.settings import CLASSES, ExtractionSettings

        backend = program.split()[0]
        classes = CLASSES["ibsi"] if "shape" in program else ()
        settings = ExtractionSettings(backend=backend, classes=classes, bin_count=32)
        return lambda image, mask: len(case_features(read_image(image), read_image(mask), settings).values)
    if program == "fastrad":
        import torch
        from fastrad import FeatureExtractor, FeatureSettings, Mask, MedicalImage

        torch.set_num_threads(1)
        names = ["firstorder", "shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
        extractor = FeatureExtractor(FeatureSettings(feature_classes=names, bin_width=25.0, device="cpu"))

        def fastrad(image: Path, mask: Path) -> int:
            read = [sitk.ReadImage(str(path)) for path in (image, mask)]
            arrays = [torch.from_numpy(sitk.GetArrayFromImage(part).astype("float32")) for part in read]
            spacing = read[0].GetSpacing()
            return len(extractor.extract(MedicalImage(arrays[0], spacing=spacing), Mask(arrays[1], spacing=spacing)))

        return fastrad
    import pysera

    def with_pysera(image: Path, mask: Path) -> int:
        pysera.process_batch(
            image_input=str(image),
            mask_input=str(mask),
            output_path=str(folder / "pysera"),
            report="none",
            categories="diag,morph,glcm,glrlm,glszm,ngtdm,ngldm",
            dimensions="3D",
            bin_size=25,
            enable_parallelism=False,
        )
        return 0

    return with_pysera


def measure(program: str, folder: Path, count: int, rounds: int) -> None:
    """Run one program in this process and print what it took as JSON."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    compute = runner(program, folder)
    first, times = None, {1: [], count: []}
    for cases, found in times.items():
        for _ in range(1 + rounds if cases == 1 else 1):
            start, cpu = time.perf_counter(), time.process_time()
            for number in range(cases):
                compute(folder / f"{number}_image.nii.gz", folder / f"{number}_mask.nii.gz")
            if first is None:
                first = (time.perf_counter() - begin, time.process_time() - begin_cpu)
            else:
                found.append((time.perf_counter() - start, time.process_time() - cpu))
    best = {cases: [min(part) for part in zip(*found, strict=True)] for cases, found in times.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("\n" + json.dumps({"first": first, "one": best[1], "many": best[count], "memory": memory}))


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--measure":
        measure(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    rounds = sys.argv[2] if len(sys.argv) > 2 else "3"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cases(folder, count)
        voxels = int(sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "0_mask.nii.gz"))).sum())
        print(f"{' x '.join(map(str, SIZE[::-1]))} voxels, {voxels} in the region; seconds wall / processor")
        print(f"  {'':18}{'features':>9}{'first case':>18}{'a case, warm':>18}{f'{count} cases':>18}{'memory':>10}")
        for program, (needed, features) in PROGRAMS.items():
            if importlib.util.find_spec(needed) is None or (sys.argv[3:] and program not in sys.argv[3:]):
                continue
            words = [sys.executable, __file__, "--measure", program, name, str(count), rounds]
            run = subprocess.run(words, capture_output=True, text=True, check=False)
            if run.returncode:
                print(f"  {program:18}failed: {(run.stderr.strip().splitlines() or ['?'])[-1][:120]}", flush=True)
                continue
            found = json.loads(run.stdout.strip().splitlines()[-1])
            cells = "".join(f"{found[key][0]:11.3f} / {found[key][1]:.3f}" for key in ("first", "one", "many"))
            print(f"  {program:18}{features:>9} {cells}{found['memory']:7.0f} MB", flush=True)


if __name__ == "__main__":
    main()
