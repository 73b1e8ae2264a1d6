"""The shipped translator of cord images on generated images and on real pairs: what it brings, and what it loses.

    .venv/bin/python Testing/benchmarks/bench_cord_translator.py --model cordsynth --data ../shared/data/cord \\
        [--part generated --part lesions --part pairs --part area --part registration]

*generated*: images by :func:`~crosscontrast.cord.translator.examples.draw_example` of seeds that no training has; mean
absolute error in and about the canal, against that of the best line from the image to the truth, fitted on the very
image. *lesions*: lesion minus white matter in the answer, as a share of what it truly is, and the same for the image.
*pairs*: the translation, and the image itself, each by its own best line, against the real target within 8 mm of the
cord. *area*: softcord on image, translation and real target, in the slices that both masks have. *registration*: rigid,
by mutual information, from 12 places up to 6 mm and 6 degrees off; how far cord points then lie from where they should.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from crosscontrast.cord.segment import segment_volume
from crosscontrast.cord.translator.examples import draw_example
from crosscontrast.ground.images import clean_intensities, image_like, read_image, write_image
from crosscontrast.ground.placement import bring_onto
from crosscontrast.ground.seeds import seed_of
from crosscontrast.inference import warm_predictor
from crosscontrast.inference.predictor import Predictor
from crosscontrast.metrics.similarity import compare_images
from crosscontrast.models.find import find_model
from crosscontrast.models.library import ModelLibrary
from crosscontrast.progress import silent

#: source, target, mask, by the data's folder.
PAIRS = {
    "unf01 T1w -> T2w": ("people/sub-unf01_T1w", "people/sub-unf01_T2w", "people/sub-unf01_T2w_seg-manual"),
    "unf01 T2*w -> T2w": ("people/sub-unf01_T2star", "people/sub-unf01_T2w", "people/sub-unf01_T2w_seg-manual"),
    "e23 MT-off -> T2w": ("people/sub-e23_MToff", "people/sub-e23_T2w", "people/sub-e23_MT_seg"),
    "e23 MT-on -> T2w": ("people/sub-e23_MTon", "people/sub-e23_T2w", "people/sub-e23_MT_seg"),
    "e23 MT-off -> MT-on": ("people/sub-e23_MToff", "people/sub-e23_MTon", "people/sub-e23_MT_seg"),
    **{
        f"{name} MT-off -> MT-on": (f"mts/sub-{name}_acq-MToff_MTS", f"mts/sub-{name}_acq-MTon_MTS", "")
        for name in ("01", "03", "05")
    },
}
AROUND = 8.0
STARTS = 12


def main() -> None:
    """Print the tables of the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="cordsynth")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", action="append", choices=list(PARTS))
    parser.add_argument("--images", type=int, default=12)
    options = parser.parse_args()
    torch.set_num_threads(1)
    translator = warm_predictor(find_model(options.model, "translation"), torch.device("cpu"))
    for part in options.part or PARTS:
        print(f"\n## {part}\n", flush=True)
        PARTS[part](translator, options)


def generated(translator: Predictor, options: argparse.Namespace) -> None:
    """Print the errors on generated images."""
    print("| image | T2w | best line | T1w | best line |\n|---|---|---|---|---|")
    for number in range(options.images):
        example = draw_example(seed_of(77, number))
        answer = translator.predict([example.image])
        region = bring_onto(near(example.shares["canal"]), example.image, linear=False)
        inside = sitk.GetArrayFromImage(region) > 0
        if inside.sum() < 50:
            continue
        row = []
        for name, target in example.targets.items():
            truth = sitk.GetArrayFromImage(bring_onto(target, example.image))[inside]
            row += [np.abs(sitk.GetArrayFromImage(answer[name])[inside] - truth).mean()]
            row += [np.abs(fitted(sitk.GetArrayFromImage(example.image)[inside], truth) - truth).mean()]
        print(f"| {number} | " + " | ".join(f"{value:.3f}" for value in row) + " |", flush=True)


def lesions(translator: Predictor, options: argparse.Namespace) -> None:
    """Print how much of generated lesions is left."""
    print("| seed | lesion mm3 | input contrast / noise-free white | T2w kept | T1w kept |\n|---|---|---|---|---|")
    found, number = 0, 0
    while found < options.images:
        number += 1
        example = draw_example(seed_of(78, number), (48, 64, 64))
        lesion, white = (
            sitk.GetArrayFromImage(bring_onto(example.shares[name], example.image)) > limit
            for name, limit in (("lesion", 0.6), ("white", 0.8))
        )
        if lesion.sum() < 8 or white.sum() < 50:
            continue
        found += 1
        answer = translator.predict([example.image])
        image = sitk.GetArrayFromImage(example.image)
        row = [(image[lesion].mean() - image[white].mean()) / max(image[white].mean(), 1e-6)]
        for name, target in example.targets.items():
            truth, made = (sitk.GetArrayFromImage(i) for i in (bring_onto(target, example.image), answer[name]))
            row.append((made[lesion].mean() - made[white].mean()) / (truth[lesion].mean() - truth[white].mean()))
        volume = lesion.sum() * np.prod(example.image.GetSpacing())
        print(f"| {number} | {volume:.0f} | " + " | ".join(f"{value:.2f}" for value in row) + " |", flush=True)


def pairs(translator: Predictor, options: argparse.Namespace) -> None:
    """Print likeness to real targets, of the image and of its translation, each by its best line."""
    print("| pair | MAE image | MAE T2w-like | MAE T1w-like | SSIM image | SSIM T2w-like | SSIM T1w-like |")
    print("|---|---|---|---|---|---|---|")
    for name in PAIRS:
        source, target, mask = read_pair(name, options.data)
        answers = translator.predict([source])
        shown = [bring_onto(image, target) for image in (source, *answers.values())]
        region = bring_onto(near(mask), target, linear=False)
        seen = sitk.Resample(image_like(np.ones(source.GetSize()[::-1], np.float32), source), target) > 0.5
        region = sitk.And(sitk.Cast(region > 0, sitk.sitkUInt8), sitk.Cast(seen, sitk.sitkUInt8))
        inside = sitk.GetArrayFromImage(region) > 0
        truth = sitk.GetArrayFromImage(target)
        width = float(np.subtract(*np.quantile(truth[inside], [0.99, 0.01])))
        found = []
        for image in shown:
            values = sitk.GetArrayFromImage(image)
            best = fitted(values[inside], truth[inside], values)
            found.append(compare_images(target, image_like(best.astype(np.float32), target), region, width))
        row = [*(f.mae / width for f in found), *(f.ssim or float("nan") for f in found)]
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in row) + " |", flush=True)


def area(translator: Predictor, options: argparse.Namespace) -> None:
    """Print mean areas of softcord on image, translation and real target."""
    cord = warm_predictor(ModelLibrary().find("softcord"), torch.device("cpu"))
    print("| pair | image | T2w-like | target | slices |\n|---|---|---|---|---|")
    for name in PAIRS:
        source, target, _ = read_pair(name, options.data)
        images = (source, translator.predict([source])["T2w"], target)
        masks = [bring_onto(segment_volume(image, cord, 0.5, silent).soft, source) for image in images]
        areas = [sitk.GetArrayFromImage(mask).sum((1, 2)) * np.prod(source.GetSpacing()[:2]) for mask in masks]
        common = np.all([a > 20 for a in areas], axis=0)
        row = [float(a[common].mean()) if common.any() else float("nan") for a in areas]
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in row) + f" | {common.sum()} |", flush=True)


def registration(translator: Predictor, options: argparse.Namespace) -> None:
    """Print how far registrations from known places end from where they should."""
    print("| pair | off at first, mm | by image, mm | by T2w-like, mm | T2w-like nearer |\n|---|---|---|---|---|")
    for name in [key for key in PAIRS if key.endswith("T2w")]:
        source, target, mask = read_pair(name, options.data)
        moving = (source, translator.predict([source])["T2w"])
        points = np.argwhere(sitk.GetArrayFromImage(mask) > 0)[::7, ::-1]
        places = np.array([mask.TransformIndexToPhysicalPoint(point.tolist()) for point in points])
        random, rows = np.random.default_rng(5), []
        for _ in range(STARTS):
            off = sitk.Euler3DTransform(places.mean(0), *np.radians(random.uniform(-6, 6, 3)), random.uniform(-6, 6, 3))
            rows.append([error(off, places), *(error(register(target, image, off), places) for image in moving)])
        first, plain, translated = np.array(rows).T
        nearer = int((translated < plain).sum())
        print(
            f"| {name} | {np.median(first):.2f} | {np.median(plain):.2f} | {np.median(translated):.2f} | "
            f"{nearer} of {STARTS} |",
            flush=True,
        )


def register(fixed: sitk.Image, moving: sitk.Image, start: sitk.Transform) -> sitk.Transform:
    """Register two images that are aligned in truth, beginning at ``start``."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.3)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 80)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(sitk.Euler3DTransform(start), inPlace=False)
    method.SetNumberOfThreads(1)
    return method.Execute(sitk.Cast(fixed, sitk.sitkFloat32), sitk.Cast(moving, sitk.sitkFloat32))


def error(transform: sitk.Transform, places: np.ndarray) -> float:
    """Return how far on average the transform takes points that should stay."""
    moved = np.array([transform.TransformPoint(place.tolist()) for place in places])
    return float(np.linalg.norm(moved - places, axis=1).mean())


def read_pair(name: str, data: Path) -> tuple[sitk.Image, sitk.Image, sitk.Image]:
    """Return source, target and a mask of the cord; where nobody drew one, softcord's of the target."""
    source, target, mask = PAIRS[name]
    images = [clean_intensities(read_image(data / f"{file}.nii.gz"), file) for file in (source, target)]
    if mask:
        return images[0], images[1], read_image(data / f"{mask}.nii.gz")
    kept = Path(tempfile.gettempdir()) / f"bench_cord_translator_{Path(target).name}_mask.nii.gz"
    if not kept.exists():
        cord = warm_predictor(ModelLibrary().find("softcord"), torch.device("cpu"))
        write_image(segment_volume(images[1], cord, 0.5, silent).binary, kept)
    return images[0], images[1], read_image(kept)


def near(mask: sitk.Image) -> sitk.Image:
    """Return what lies within :data:`AROUND` mm of a mask, in its slices."""
    inside = sitk.Cast(sitk.Cast(mask, sitk.sitkFloat32) > 0.5, sitk.sitkUInt8)
    reach = [round(AROUND / step) if step < 3 else 0 for step in mask.GetSpacing()]
    wide = sitk.GetArrayFromImage(sitk.BinaryDilate(inside, reach))
    wide[~sitk.GetArrayFromImage(inside).any((1, 2))] = 0
    return image_like(wide.astype(np.float32), mask)


def fitted(x: np.ndarray, y: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
    """Return the values of the line through (x, y) with the least squares, at x or elsewhere."""
    slope, offset = np.polyfit(x.astype(float).ravel(), y.astype(float).ravel(), 1)
    return slope * (x if values is None else values) + offset


PARTS = {"generated": generated, "lesions": lesions, "pairs": pairs, "area": area, "registration": registration}


if __name__ == "__main__":
    main()
