"""Our engine against MONAI's sliding window and nnU-Net's predictor: the same weights, volume and machine, in one run.

    .venv/bin/python Testing/benchmarks/bench_inference.py [--image FILE | --whole] [--repeats 3] [--threads 2]
        [--device cuda]

Each row is printed as soon as it is known, and the phases of ours below the rows of ours. The phantom of 128 mm takes
less than three minutes on two idle cores, that of ``--whole`` (192 x 256 x 256 mm) some ten.

Every contender runs in a process of its own, because peak memory is a process's. All share reading, resampling to the
model's grid and the way back, and differ in how the network is moved: ours passes coarsely over the volume and finely
around the cord, by OpenVINO where it is installed and by PyTorch ("torch"); the others pass finely over everything
(overlap 0.5, Gaussian weights, no mirroring).
"""

import argparse
import json
import logging
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

CONTENDERS = ("ours", "torch", "monai", "nnunet")


def main() -> None:
    """Run all contenders, or as a child one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, help="volume to segment (default: a phantom of 128 mm)")
    parser.add_argument("--whole", action="store_true", help="a phantom of 192 x 256 x 256 mm")
    parser.add_argument("--model", default="softcord")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the networks run")
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(options, Path(folder))


def compare(options: argparse.Namespace, folder: Path) -> None:
    """Run each contender in its own process and print its row."""
    image = options.image or folder / "phantom.nii.gz"
    truth = None if options.image else write_phantom(image, whole=options.whole)
    print(f"{image.name}, {options.model}, {options.threads} threads, {device_name(options.device)}, ")
    print(f"median of {options.repeats} runs, of ours after one to warm up\n")
    print("| engine | seconds | times ours | peak MiB | largest difference | Dice to ours | Dice to truth |")
    print("|---|---|---|---|---|---|---|", flush=True)
    ours_row, ours_map, phases = {}, np.empty(0), []
    for name in CONTENDERS:
        if name == "nnunet" and find_spec("nnunetv2") is None:
            print("nnU-Net is not installed; left out")
            continue
        result = folder / f"{name}.npy"
        command = [sys.executable, __file__, "--child", name, "--image", str(image), "--result", str(result)]
        command += ["--model", options.model, "--repeats", str(options.repeats), "--threads", str(options.threads)]
        command += ["--device", options.device]
        engine = os.environ if name == "ours" else os.environ | {"CROSSCONTRAST_ENGINE": "torch"}
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=engine)
        row, found = json.loads(run.stdout.splitlines()[-1]), np.load(result)
        if name == "ours":
            ours_row, ours_map = row, found
        difference = float(np.abs(found - ours_map)[ours_map > 0.05].max(initial=0))
        times, to_truth = row["seconds"] / ours_row["seconds"], "" if truth is None else f"{dice(found, truth):.4f}"
        figures = [f"{row['seconds']:.2f}", f"{times:.2f}", f"{row['peak_mib']:.0f}", f"{difference:.3f}"]
        print(f"| {' | '.join([name, *figures, f'{dice(found, ours_map):.4f}', to_truth])} |", flush=True)
        phases += [f"{name}, {row['engine']}:", *row["phases"]] if row["phases"] else []
    print("\n" + "\n".join(phases))


def device_name(device: str) -> str:
    """What the networks run on, as a reader would name it."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    return platform.processor() or platform.machine()


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice of two soft maps at 0.5."""
    return 2 * float(((a >= 0.5) & (b >= 0.5)).sum()) / max(int((a >= 0.5).sum() + (b >= 0.5).sum()), 1)


def write_phantom(path: Path, *, whole: bool) -> np.ndarray:
    """Write a cord as long as the field of view, 128 mm each way or 192 x 256 x 256 mm, with air around; its truth."""
    import SimpleITK as sitk

    from crosscontrast.cord.phantom import CordPhantom
    from crosscontrast.ground.images import write_image

    length, border = (256, [48, 80, 0]) if whole else (128, [16, 16, 0])
    body = CordPhantom(size=(96, 96, length), origin=(-48.0, 48.0, -length / 2))
    write_image(sitk.ConstantPad(body.image("T2w"), border, border, 5.0), path)
    return sitk.GetArrayFromImage(sitk.ConstantPad(body.soft_truth(), border, border, 0.0))


def run_child(options: argparse.Namespace) -> None:
    """Time one contender and write its map (k, j, i); the last line of stdout is its row."""
    import SimpleITK as sitk
    import torch

    from crosscontrast.cord.postprocess import keep_cord
    from crosscontrast.ground.images import clean_intensities, read_image
    from crosscontrast.inference.compiled import engine_of

    torch.set_num_threads(options.threads)
    phases: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: phases.append("  " + record.getMessage())
    logging.getLogger("time").addHandler(listener)
    logging.getLogger("time").setLevel(logging.INFO)
    image = clean_intensities(read_image(options.image), options.image.name)
    segment = {"ours": ours, "torch": ours, "monai": monai, "nnunet": nnunet}[options.child](
        options.model, options.device
    )
    seconds = []
    warm_up = options.child in ("ours", "torch")  # of minutes it is nothing
    for _ in range(options.repeats + warm_up):
        phases.clear()
        start = time.perf_counter()
        soft = segment(image)
        seconds.append(time.perf_counter() - start)
    # What a user gets is the cord alone; false objects elsewhere would drown the differences in the cord.
    np.save(options.result, sitk.GetArrayFromImage(keep_cord(soft)[0]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"seconds": statistics.median(seconds[warm_up:]), "peak_mib": peak, "phases": phases}
    print(json.dumps(row | {"engine": engine_of(getattr(segment, "predictor", None))}))


def ours(model: str, device: str) -> Callable:
    """The engine as ``crosscontrast cord segment`` runs it."""
    import torch

    from crosscontrast.inference import load_predictor
    from crosscontrast.models.library import ModelLibrary

    predictor = load_predictor(ModelLibrary().find(model), torch.device(device))

    def segment(image):
        return predictor.predict([image])["cord"]

    segment.predictor = predictor
    return segment


def monai(model: str, device: str) -> Callable:
    """MONAI's inferer over the whole resampled volume."""
    from monai.inferers import SlidingWindowInferer

    def slide(network, windowing, x):
        inferer = SlidingWindowInferer(
            windowing.size, windowing.batch, overlap=0.5, mode="gaussian", sw_device=device, device="cpu"
        )
        return inferer(x[None], network)[0].float()

    return whole_volume(model, device, slide)


def nnunet(model: str, device: str) -> Callable:
    """nnU-Net's predictor over the whole resampled volume, with our networks in place of its own."""
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    def slide(network, windowing, x):
        predictor = nnUNetPredictor(
            tile_step_size=0.5, use_gaussian=True, use_mirroring=False, device=torch.device(device)
        )
        predictor.network = network
        predictor.allowed_mirroring_axes = None
        predictor.configuration_manager = argparse.Namespace(patch_size=list(windowing.size))
        predictor.label_manager = argparse.Namespace(num_segmentation_heads=2)
        # Off with what it prints: the last line of stdout is ours.
        predictor.allow_tqdm = predictor.verbose = False
        return predictor.predict_sliding_window_return_logits(x).float().cpu()

    return whole_volume(model, device, slide)


def whole_volume(model: str, device: str, slide: Callable) -> Callable:
    """Our preprocessing and way back around somebody else's sliding window ``slide(network, windowing, x)``.

    A network with a relative channel needs a first estimate: the finder's, slid over everything as well. What is done
    to single windows (normalising them, adding that channel) is part of the network here.
    """
    import torch

    from crosscontrast.ground.geometry import resample_onto
    from crosscontrast.inference.engine import following_inputs
    from crosscontrast.inference.preprocess import normalise_channels, prepare
    from crosscontrast.models.library import ModelLibrary
    from crosscontrast.models.load import load_model

    loaded = load_model(ModelLibrary().find(model))
    network, coarse_network = loaded.network.to(device), loaded.finder.to(device) if loaded.finder else None
    spec, localisation = loaded.spec, loaded.spec.localisation
    follow = localisation.follow if localisation else None
    relative = localisation.relative if localisation else None
    method = spec.preprocessing.normalisation

    class OnWindows(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            windows = x.cpu()
            return self.network(following_inputs(spec, windows[:, :1], windows[:, 1:]).to(x.device))

    def segment(image):
        prepared = prepare([image], spec.preprocessing)
        with torch.inference_mode(), torch.autocast(device, torch.float16, enabled=device == "cuda"):
            raw = torch.from_numpy(prepared.values)
            normalised = torch.from_numpy(normalise_channels(prepared.values, method))
            if relative:
                finder = localisation.finder
                estimate = torch.sigmoid(slide(coarse_network, finder.windowing, normalised))
                logits = slide(OnWindows().eval(), spec.windowing, torch.cat([raw, estimate]))
            elif follow is not None:
                logits = slide(OnWindows().eval(), spec.windowing, raw)
            else:
                logits = slide(network, spec.windowing, normalised)
            values = torch.sigmoid(logits)
        return resample_onto(prepared.to_image(values[spec.outputs.index("cord")].numpy()), image)

    return segment


if __name__ == "__main__":
    main()
