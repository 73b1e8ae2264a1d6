"""Correction datasets and models made of the generated cohort of the ablation, small enough to train in a test."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from crosscontrast.cord.ablation.cohort import SHAPE
from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.ground.cohort import Cohort
from crosscontrast.ground.images import image_like, read_image
from crosscontrast.models.bundle import BundleMetadata, write_bundle
from crosscontrast.models.library import ModelEntry, ModelLibrary
from crosscontrast.models.networks import build_network
from crosscontrast.models.spec import ModelSpec, NetworkSpec, Windowing

Spoil = Callable[[np.ndarray], np.ndarray]


def spec(channels: Sequence[int]) -> ModelSpec:
    arguments = {"in_channels": 1, "out_channels": 2, "channels": list(channels)}
    return ModelSpec(
        task="segmentation",
        network=NetworkSpec(name="CompactUNet", arguments=arguments),
        outputs=("cord", "canal"),
        windowing=Windowing(size=SHAPE, divisible_by=2 ** len(channels)),
    )


def untaught(model: ModelSpec, seed: int = 1) -> dict[str, torch.Tensor]:
    """Weights of a network that has learnt nothing."""
    torch.manual_seed(seed)
    return build_network(model.network.name, **model.network.arguments).state_dict()


def add_model(
    folder: Path,
    model: ModelSpec,
    weights: dict[str, torch.Tensor] | None = None,
    finder: dict[str, torch.Tensor] | None = None,
) -> ModelEntry:
    """Put a model called ``cordtest`` into the library; without weights one that has learnt nothing."""
    weights = weights or untaught(model)
    metadata = BundleMetadata(
        name="cordtest",
        version="1",
        task="Test",
        description="Test",
        authors="Test",
        copyright="None",
        licence="Apache-2.0",
        changelog={"1": "Test"},
    )
    write_bundle(folder / "cordtest", model, weights, metadata, "# A model for tests\n", finder=finder)
    return ModelLibrary().add(folder / "cordtest", "cordtest")


def corrections_of(
    folder: Path, cohort: Cohort, wanted: dict[str, Sequence[str]], test: Sequence[str], spoil: Spoil | None = None
) -> CorrectionDataset:
    """Make a dataset with the true soft masks of these subjects and contrasts; ``spoil`` damages those to train on."""
    dataset = CorrectionDataset.create(folder)
    for row in cohort.rows:
        if row.role not in wanted.get(row.subject, ()):
            continue
        assert row.mask
        case = dataset.add(row.image, subject=row.subject, contrast=row.role)
        soft = read_image(row.mask)
        if spoil and row.subject not in test:
            soft = image_like(spoil(sitk.GetArrayFromImage(soft)), soft)
        dataset.save(case.name, soft, soft >= 0.5, author="Test")
    dataset.freeze_test_subjects(test)
    return dataset
