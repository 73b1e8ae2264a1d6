"""Features of intensities without regard to texture. Codes in comments are those of the IBSI reference manual."""

import numpy as np

from crosscontrast.radiomics.ibsi.region import Bins, Region

#: Radius in mm of the ball of 1 cm^3 that local peaks are means over.
PEAK_RADIUS = 10 * (3 / (4 * np.pi)) ** (1 / 3)


def statistics(values: np.ndarray) -> dict[str, float]:
    """Return the 18 intensity-based statistics of the region's values (family UHIW)."""
    middle = np.median(values)
    return _moments(values) | {
        "median": float(middle),  # Y12H
        "min": float(values.min()),  # 1GSF
        "p10": float(np.percentile(values, 10)),  # QG58
        "p90": float(np.percentile(values, 90)),  # 8DWT
        "max": float(values.max()),  # 84IY
        **_spread(values),
        "energy": float((values**2).sum()),  # N8CA
        "rms": float(np.sqrt((values**2).mean())),  # 5ZWQ
    }


def histogram(levels: np.ndarray) -> dict[str, float]:
    """Return the 23 features of the histogram of the region's grey levels, whole numbers from 1 (family ZVCW)."""
    counts = np.bincount(levels)[1:]
    share = counts[counts > 0] / len(levels)
    modes = np.flatnonzero(counts == counts.max()) + 1
    # A histogram of one level has no slope.
    slope = np.gradient(counts.astype(float)) if len(counts) > 1 else np.zeros(1)
    values = levels.astype(float)
    return _moments(values) | {
        "median": float(np.median(values)),  # WIFQ
        "min": float(values.min()),  # 1PR8
        "p10": float(np.percentile(values, 10)),  # GPMT
        "p90": float(np.percentile(values, 90)),  # OZ0C
        "max": float(values.max()),  # 3NCY
        "mode": float(modes[np.argmin(np.abs(modes - values.mean()))]),  # AMMC: of several the nearest to the mean
        **_spread(values),
        "entropy": float(-(share * np.log2(share)).sum()),  # TLU2
        "uniformity": float((share**2).sum()),  # BJ5W
        "max_grad": float(slope.max()),  # 12CE
        "max_grad_g": float(np.argmax(slope) + 1),  # 8E6O
        "min_grad": float(slope.min()),  # VQB3
        "min_grad_g": float(np.argmin(slope) + 1),  # RHQZ
    }


def volume_histogram(region: Region, bins: Bins | None) -> dict[str, float]:
    """Return the 7 features of the intensity-volume histogram (family P88C).

    With ``bins`` of fixed width intensities are the middles of the bins, with a fixed number of bins their numbers;
    without any they are the values themselves, in steps of 1 where all are whole numbers.
    """
    values = region.chosen
    steps = _steps(region, bins)
    if bins is not None:
        levels = bins.levels(region)[region.inside]
        values = steps[levels - 1]
    low, high = (values.min(), values.max()) if bins is None else (steps[0], steps[-1])
    ordered = np.sort(values)

    def volume(fraction: float) -> float:
        # Rounding must not push a bin's own middle over the limit.
        limit = low + fraction * (high - low) - 1e-9 * (high - low)
        return float(1 - np.searchsorted(ordered, limit, "left") / len(ordered))

    shares = 1 - np.searchsorted(ordered, steps, "left") / len(ordered)

    def intensity(fraction: float) -> float:
        below = shares <= fraction
        if below.any():
            return float(steps[np.argmax(below)])
        # The last bin alone holds more: the next one, which is empty, is the first with less.
        return float(steps[-1] + (0 if bins is None else bins.width or 1))

    found = {"v10": volume(0.1), "v90": volume(0.9), "i10": intensity(0.1), "i90": intensity(0.9)}  # BC2M, GBPN
    return found | {
        "diff_v10_v90": found["v10"] - found["v90"],  # DDTU
        "diff_i10_i90": found["i10"] - found["i90"],  # CNV2
        "auc": volume_area(region.chosen),  # 9CMM
    }


def volume_area(values: np.ndarray) -> float:
    """Return the area under the intensity-volume histogram of the region's ``values``.

    The histogram is the fraction of voxels at or above an intensity, over the intensity scaled to [0, 1] between the
    region's minimum and maximum; its area is the mean of the scaled values. (IBSI names the feature, code 9CMM, without
    a reference value.)
    """
    low, high = float(values.min()), float(values.max())
    return float((values.mean() - low) / (high - low))


def local_peaks(region: Region) -> dict[str, float]:
    """Return the two local intensity peaks (family 9ST6): means over the ball of 1 cm^3 around a voxel.

    The ball takes in what lies around the region, so the region must have come with its surroundings.
    """
    from scipy.signal import fftconvolve

    reach = [int(PEAK_RADIUS / step) for step in region.spacing]
    axes = [np.arange(-n, n + 1) * step for n, step in zip(reach, region.spacing, strict=True)]
    ball = (np.sqrt(sum(part**2 for part in np.meshgrid(*axes, indexing="ij"))) <= PEAK_RADIUS).astype(float)
    # Values around 0 keep the transform's rounding small; beyond the image's edge there are none.
    offset = region.chosen.mean()
    total = fftconvolve(region.values - offset, ball, mode="same")
    count = np.round(fftconvolve(np.ones(region.values.shape), ball, mode="same"))
    means = (total / count + offset)[region.inside]
    return {
        "peak_loc": float(means[region.chosen == region.chosen.max()].max()),  # VJGA
        "peak_glob": float(means.max()),  # 0F91
    }


def _moments(values: np.ndarray) -> dict[str, float]:
    mean, variance = values.mean(), values.var()
    centred = values - mean
    return {
        "mean": float(mean),  # Q4LE, X6K6
        "var": float(variance),  # ECT3, CH89
        "skew": float((centred**3).mean() / variance**1.5) if variance else 0.0,  # KE2A, 88K1
        "kurt": float((centred**4).mean() / variance**2 - 3) if variance else 0.0,  # IPH6, C3I7: the excess
    }


def _spread(values: np.ndarray) -> dict[str, float]:
    p10, p25, p75, p90 = np.percentile(values, [10, 25, 75, 90])
    mean = values.mean()
    middle = values[(values >= p10) & (values <= p90)]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = [float(np.divide(values.std(), mean)), float(np.divide(p75 - p25, p75 + p25))]
    return {
        "iqr": float(p75 - p25),  # SALO, WR0O
        "range": float(np.ptp(values)),  # 2OJQ, 5Z3W
        "mad": float(np.abs(values - mean).mean()),  # 4FUA, D2ZX
        "rmad": float(np.abs(middle - middle.mean()).mean()),  # 1128, WRZB
        "medad": float(np.abs(values - np.median(values)).mean()),  # N72L, 4RNL
        "cov": relative[0],  # 7TET, CWYJ
        "qcod": relative[1],  # 9S40, SLWD
    }


def _steps(region: Region, bins: Bins | None) -> np.ndarray:
    """Return the intensities at which the volume histogram is looked at, in their order."""
    values = region.chosen
    if bins is not None:
        last = int(bins.levels(region).max())
        if bins.width is None:
            return np.arange(1.0, last + 1)
        start = values.min() if bins.start is None else bins.start
        return start + (np.arange(last) + 0.5) * bins.width
    if (values == np.round(values)).all() and np.ptp(values) < 1e6:
        return np.arange(values.min(), values.max() + 1)
    return np.unique(values)
