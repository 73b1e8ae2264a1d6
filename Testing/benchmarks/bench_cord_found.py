"""Is the cord found in every image that has one, and nowhere else? And is it right in slabs cut from these images?

    CROSSCONTRAST_DATA=../shared/data .venv/bin/python Testing/benchmarks/bench_cord_found.py --out cord-found.tsv \\
        [--model softcord] [--only unf01 --only EPI] [--slabs 8 --slabs 16 --slabs 24] [--cropped]

Prints one line per image as soon as it is known: found or not, Dice and area error (mm²) in the slices of the mask,
what speaks for it (:class:`~crosscontrast.inference.evidence.Evidence`), why it is said to have none, and the
seconds. With ``--slabs``, pieces of that thickness (mm) are cut about the middle of each image with a cord, with
``--cropped`` also to 60 mm around it, and their areas compared with the same slices of the whole image. Real images
judge a model; none is trained on, and none is part of this project.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from crosscontrast.cord.segment import CordSegmentation, segment_volume
from crosscontrast.ground.geometry import reorient
from crosscontrast.ground.images import clean_intensities, read_image
from crosscontrast.inference import warm_predictor
from crosscontrast.models.library import ModelLibrary
from crosscontrast.progress import silent

#: Images with a cord: the file below ``cord``, and its mask's, if it has one.
PEOPLE = {f"people/sub-{name}.nii.gz": f"people/sub-{mask}.nii.gz" if mask else "" for name, mask in {
    "unf01_T1w": "unf01_T1w_seg-manual", "unf01_T2w": "unf01_T2w_seg-manual", "unf01_T2star": "unf01_T2star_seg-manual",
    "l01_EPI": "l01_EPI_seg", "9604_run-1_T2starw": "9604_run-1_T2starw_seg-manual", "9604_run-2_T2starw": "",
    "9669_run-1_T2starw": "9669_run-1_T2starw_seg-manual", "e23_T2w": "e23_T2w_seg-manual",
    "e23_MToff": "e23_MT_seg", "e23_MTon": "e23_MT_seg",
}.items()}  # fmt: skip
MTS = {f"mts/sub-{subject}_acq-MT{pulse}_MTS.nii.gz": "mts/sub-05_acq-MTon_MTS_seg.nii.gz" if subject == "05" else ""
       for subject in ("01", "03", "05") for pulse in ("on", "off")}  # fmt: skip
SINGLE = {f"single/{name}.nii.gz": "" for name in ("mt0", "mt1", "t2_lumbar", "t2_ms")}
WITH_CORD = PEOPLE | MTS | SINGLE | {"template/PAM50_small_t2.nii.gz": "template/PAM50_small_cord.nii.gz"}
#: Folders of images without a cord; labels and masks among them are no images.
WITHOUT = ("pairs/msopen", "pairs/brain_mt", "radiomics")
NO_IMAGE = ("GOLD_STANDARD", "label", "mask", "ibsi")
COLUMNS = ("image", "cord", "found", "dice", "area", "area_error", "evidence", "missing", "seconds")
#: Half the side in mm of what is cut out around a cord.
CROP = 30.0


@dataclass(frozen=True)
class Case:
    """An image in RAS, its mask (k, j, i) if there is one, and whether it shows a cord."""

    name: str
    image: sitk.Image
    mask: np.ndarray | None
    cord: bool


def cases(data: Path, only: list[str]) -> "list[tuple[str, Path, Path | None, bool]]":
    """Return name, image, mask and truth of each image whose name has one of ``only`` in it."""
    rows = [
        (Path(image).name.removesuffix(".nii.gz"), data / "cord" / image, data / "cord" / mask if mask else None, True)
        for image, mask in WITH_CORD.items()
    ]
    for folder in WITHOUT:
        for path in sorted(p for p in (data / folder).iterdir() if not any(word in p.name for word in NO_IMAGE)):
            rows.append((path.name.partition(".")[0], path, None, False))
    return [row for row in rows if not only or any(word in row[0] for word in only)]


def read_case(name: str, path: Path, mask: Path | None, cord: bool) -> Case:
    """Read an image and its mask."""
    image = reorient(clean_intensities(read_image(path), path.name), "RAS")
    drawn = sitk.GetArrayFromImage(reorient(read_image(mask), "RAS")) > 0.5 if mask else None
    return Case(name, image, drawn, cord)


def areas(soft: sitk.Image) -> np.ndarray:
    """Return the soft area of each slice (mm²)."""
    x, y, _ = soft.GetSpacing()
    return np.asarray(sitk.GetArrayViewFromImage(soft).sum((1, 2), dtype=float) * x * y)


def row_of(case: Case, result: CordSegmentation, seconds: float, reference: np.ndarray | None = None) -> list[str]:
    """Return the table's line; areas are compared with the mask's or with ``reference`` (mm² per slice)."""
    found = not result.missing
    area, dice = areas(result.soft), ""
    chosen = area > 0
    if case.mask is not None and reference is None:
        reference = case.mask.sum((1, 2)) * float(np.prod(case.image.GetSpacing()[:2]))
        chosen = reference > 0
        marked, drawn = sitk.GetArrayViewFromImage(result.soft)[chosen] >= 0.5, case.mask[chosen]
        dice = f"{2 * (marked & drawn).sum() / max(marked.sum() + drawn.sum(), 1):.3f}"
    error = f"{np.mean(area[chosen] - reference[chosen]):+.1f}" if reference is not None and chosen.any() else ""
    mean = f"{area[chosen].mean():.1f}" if found else ""
    evidence = "" if result.evidence is None else f"{result.evidence:.2f}"
    right = "yes" if found else "no"
    if found != case.cord:
        right += " (WRONG)"
    return [case.name, str(case.cord), right, dice, mean, error, evidence, result.missing, f"{seconds:.1f}"]


def slabs(case: Case, soft: sitk.Image, thickness: float, cropped: bool) -> "tuple[Case, np.ndarray] | None":
    """Cut a slab about the middle of the found cord; return it with its slices' areas in the whole image."""
    area = areas(soft)
    slices = np.flatnonzero(area > 20)
    count = max(round(thickness / soft.GetSpacing()[2]), 1)
    if len(slices) < count:
        return None
    first = int(slices[len(slices) // 2]) - count // 2
    first = min(max(first, int(slices[0])), int(slices[-1]) + 1 - count)
    size, start = list(case.image.GetSize()), [0, 0, first]
    size[2] = count
    if cropped:
        _, j, i = np.nonzero(sitk.GetArrayViewFromImage(soft)[first : first + count] > 0.5)
        for axis, places in enumerate((i, j)):
            reach = CROP / soft.GetSpacing()[axis]
            low = max(int(places.mean() - reach), 0)
            high = min(int(places.mean() + reach), size[axis])
            start[axis], size[axis] = low, high - low
    name = f"{case.name} {thickness:g} mm{' cropped' if cropped else ''}"
    cut = sitk.RegionOfInterest(case.image, size, start)
    return Case(name, cut, None, True), area[first : first + count]


def main() -> None:
    """Segment all images and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CROSSCONTRAST_DATA"), help="$CROSSCONTRAST_DATA")
    parser.add_argument("--out", type=Path, required=True, help="table (TSV)")
    parser.add_argument("--model", default="softcord")
    parser.add_argument("--only", action="append", default=[], help="part of an image's name; may be repeated")
    parser.add_argument("--slabs", action="append", type=float, default=[], help="mm; may be repeated")
    parser.add_argument("--cropped", action="store_true", help="slabs also cropped to 60 mm around the cord")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set CROSSCONTRAST_DATA")
    predictor = warm_predictor(ModelLibrary().find(options.model), torch.device("cpu"))

    def run(case: Case, reference: np.ndarray | None = None) -> CordSegmentation:
        begun = time.perf_counter()
        result = segment_volume(case.image, predictor, 0.5, silent)
        tell(row_of(case, result, time.perf_counter() - begun, reference))
        return result

    with options.out.open("w", encoding="utf-8") as table:

        def tell(row: list[str] | tuple[str, ...]) -> None:
            print("\t".join(row), flush=True)
            table.write("\t".join(row) + "\n")
            table.flush()

        tell(COLUMNS)
        for row in cases(Path(options.data), options.only):
            case = read_case(*row)
            result = run(case)
            for thickness in options.slabs if case.cord else ():
                for cropped in (False, True) if options.cropped else (False,):
                    slab = slabs(case, result.soft, thickness, cropped)
                    if slab is not None:
                        run(*slab)


if __name__ == "__main__":
    main()
