"""Train a network of one's own on images with masks, put it into the model library, and segment with it.

python examples/own_model.py
python examples/own_model.py cohort.tsv --name my-cord --steps 2000 --out my-training

The training here is a bare loop: crosscontrast cord train has all that a real one needs.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from types import EllipsisType

import numpy as np
import SimpleITK as sitk
import torch

import crosscontrast as cc
from crosscontrast.ground.geometry import reorient
from crosscontrast.inference.preprocess import normalise
from crosscontrast.models.bundle import BundleMetadata, write_bundle
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import ModelSpec, NetworkSpec, Preprocessing, Windowing
from phantoms import results_folder, write_cords

#: A network of MONAI by its name and arguments; one written by hand is named in models/networks/registry.py first.
NETWORK = NetworkSpec(
    name="MonaiUNet",
    arguments={"spatial_dims": 3, "in_channels": 1, "out_channels": 1, "channels": [8, 16], "strides": [2]},
)
#: What an image is turned into before the network sees it; in training and later, the same.
SPEC = ModelSpec(
    task="segmentation",
    network=NETWORK,
    outputs=("cord",),
    preprocessing=Preprocessing(orientation="RAS", spacing=None, normalisation="foreground"),
    windowing=Windowing(size=(16, 32, 32)),
)


def as_tensor(path: Path, normalisation: str) -> torch.Tensor:
    """Read an image as (batch, channel, k, j, i) in the model's orientation."""
    values = sitk.GetArrayFromImage(reorient(cc.read_image(path), SPEC.preprocessing.orientation)).astype(np.float32)
    return torch.from_numpy(normalise(values, normalisation)).float()[None, None]


def random_window(shape: Sequence[int]) -> tuple[EllipsisType | slice, ...]:
    """Choose a window like the model's within the image, with even sides, which the network's one halving needs."""
    sides = [min(have, wanted) // 2 * 2 for have, wanted in zip(shape, SPEC.windowing.size, strict=True)]
    firsts = [int(torch.randint(have - side + 1, ())) for have, side in zip(shape, sides, strict=True)]
    return (..., *(slice(first, first + side) for first, side in zip(firsts, sides, strict=True)))


def main() -> None:
    """Train, seal, add, segment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cohort", nargs="?", type=Path, help="table with subject, role, image and mask")
    parser.add_argument("--name", default="my-cord")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    out = results_folder(given.out)
    if not given.cohort:  # a library of its own, so that trying this leaves nothing in yours
        os.environ["CROSSCONTRAST_HOME"] = str(out / "home")

    rows = cc.read_cohort(given.cohort or write_cords(out / "phantoms")).rows
    torch.manual_seed(0)
    network = build_network(NETWORK.name, **NETWORK.arguments)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    for step in range(given.steps):
        row = rows[step % len(rows)]
        image, mask = as_tensor(row.image, SPEC.preprocessing.normalisation), as_tensor(row.mask, "none")
        window = random_window(image.shape[2:])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(image[window]), mask[window])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print(f"loss after {given.steps} steps: {loss.item():.3f}")

    words = dict.fromkeys(("name", "version", "task", "description", "authors", "copyright"), "example")
    metadata = BundleMetadata(**words, licence="Apache-2.0", changelog={"1": "first"})
    write_bundle(out / given.name, SPEC, network.eval().state_dict(), metadata, card="# A cord model of one's own")
    entry = cc.ModelLibrary().add(out / given.name, given.name)
    found = cc.segment_cord(cc.read_image(rows[0].image), model=str(entry))
    scores = cc.segmentation_scores(found.soft, cc.read_image(rows[0].mask))
    print(
        f"{entry} on what it learnt from: soft Dice {scores.soft_dice:.2f}"
        + (f" ({found.missing})" if found.missing else "")
    )


if __name__ == "__main__":
    main()
