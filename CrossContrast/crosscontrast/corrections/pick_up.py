"""A cord that was lost half-way, gone on with: what is known stays, and the rest comes from a second segmentation."""

import numpy as np


def picked_up(soft: np.ndarray, predicted: np.ndarray, found: np.ndarray, axis: int, threshold: float) -> np.ndarray:
    """Return ``soft`` with the slices of ``found`` in which it has no cord and nobody corrected anything.

    All are soft values of one shape; slices lie along ``axis``. A slice of ``soft`` has a cord where a value reaches
    ``threshold``, and was corrected where it differs from ``predicted``.
    """
    others = tuple(number for number in range(3) if number != axis)
    known = (soft >= threshold).any(others) | (soft != predicted).any(others)
    return np.where(np.expand_dims(known, others), soft, found)
