"""Magnetic resonance images of tissue maps: the spin-echo equation, coil shading and Rician noise."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from crosscontrast.synthesis.phantom.grid import Grid


@dataclass(frozen=True)
class MrTissue:
    """Proton density, relaxation times in ms, and how much the signal varies inside the tissue (relative)."""

    density: float
    t1: float
    t2: float
    texture: float = 0.05


def spin_echo(tissue: MrTissue, repetition: float, echo: float) -> float:
    """Return the signal of a spin echo with TR and TE in ms, 1 for water without relaxation."""
    return tissue.density * (1 - np.exp(-repetition / tissue.t1)) * np.exp(-echo / tissue.t2)


def acquire(
    labels: np.ndarray,
    signals: Mapping[int, float],
    textures: Mapping[int, float],
    grid: Grid,
    random: np.random.Generator,
    *,
    noise: float,
    shading: float = 0.15,
    scale: float = 1000.0,
) -> np.ndarray:
    """Return the image (k, j, i) of a label map: float32, not negative, about ``scale`` where the signal is 1.

    Voxels mix with their neighbours by a Gaussian of 0.6 voxel; the coil's sensitivity varies by ``shading``; the noise
    is Rician (Gudbjartsson and Patz, MRM 34:910-914, 1995) with deviation ``noise`` in units of the signal.
    """
    signal, texture = (_lookup(table, labels) for table in (signals, textures))
    signal = signal * (1 + texture * grid.smooth_field(random, 1.5 * grid.spacing))
    signal = ndimage.gaussian_filter(signal, 0.6, mode="nearest").clip(min=0)
    signal = signal * np.exp(shading * grid.smooth_field(random, grid.size * grid.spacing / 4))
    real, imaginary = noise * random.standard_normal((2, *labels.shape))
    return (scale * np.hypot(signal + real, imaginary)).astype(np.float32)


def _lookup(table: Mapping[int, float], labels: np.ndarray) -> np.ndarray:
    values = np.zeros(int(labels.max()) + 1)
    for label, value in table.items():
        if label < len(values):
            values[label] = value
    return values[labels]
