"""Ultrasound of tissue maps: speckle from scatterers, attenuation along the beam, and log compression."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from crosscontrast.synthesis.phantom.grid import Grid


@dataclass(frozen=True)
class UsTissue:
    """Backscatter amplitude (1: prostate) and attenuation in dB per cm and MHz."""

    echo: float
    attenuation: float


@dataclass(frozen=True)
class Probe:
    """A transrectal probe that looks from the back to the front.

    ``frequency`` in MHz; ``compensation`` in dB per cm and MHz is what the machine adds back with depth; ``dynamic`` is
    the range in dB that the grey values 0 to 255 span. ``axial`` and ``lateral`` are the pulse's widths (Gaussian
    sigma) in mm. ``looks`` pictures from different angles are averaged (spatial compounding).
    """

    frequency: float = 6.0
    compensation: float = 0.45
    dynamic: float = 60.0
    axial: float = 0.6
    lateral: float = 1.2
    looks: int = 3


def envelope(labels: np.ndarray, tissues: Mapping[int, UsTissue], grid: Grid, probe: Probe, seed: int) -> np.ndarray:
    """Return the amplitude (k, j, i) that the probe receives, before compression.

    Each voxel holds many scatterers, so the echo is a circular complex Gaussian field (Wagner et al., IEEE Trans Sonics
    Ultrason 30:156-163, 1983): in even tissue its amplitude is Rayleigh distributed, mean over deviation 1.91.
    With several looks that ratio grows by the root of their number. Borders reflect as well. The field belongs to
    ``seed``.
    """
    random = np.random.default_rng(seed)
    strength = np.zeros(max(tissues) + 1)
    loss = np.zeros(max(tissues) + 1)
    for label, tissue in tissues.items():
        strength[label], loss[label] = tissue.echo, tissue.attenuation
    echo = strength[labels]
    speckle = np.mean([_speckle(labels.shape, grid, probe, random) for _ in range(probe.looks)], axis=0)
    border = np.abs(ndimage.gaussian_gradient_magnitude(echo, 0.7)) * 0.6
    received = echo * speckle + border
    # From the probe at the back (last j) forwards: both ways through the tissue, in dB.
    path = np.cumsum(loss[labels][:, ::-1] - probe.compensation, axis=1)[:, ::-1] * grid.spacing / 10
    return received * 10 ** (-2 * probe.frequency * path / 20)


def _speckle(shape: tuple[int, ...], grid: Grid, probe: Probe, random: np.random.Generator) -> np.ndarray:
    """Return the amplitude of a circular complex Gaussian field of mean square 1, as wide as the pulse."""
    width = np.array([probe.lateral, probe.axial, probe.lateral]) / grid.spacing
    field = np.stack([ndimage.gaussian_filter(random.standard_normal(shape), width, mode="wrap") for _ in "ri"])
    return np.hypot(*(field / (field.std() * np.sqrt(2))))


def compress(amplitude: np.ndarray, probe: Probe, noise: np.ndarray) -> np.ndarray:
    """Return grey values 0 to 255 (float32): decibels below the brightest echoes, with electronic noise added."""
    reference = np.quantile(amplitude, 0.99)
    decibels = 20 * np.log10(np.maximum(np.hypot(amplitude / reference, noise), 1e-6))
    return (255 * (1 + decibels / probe.dynamic).clip(0, 1)).astype(np.float32)
