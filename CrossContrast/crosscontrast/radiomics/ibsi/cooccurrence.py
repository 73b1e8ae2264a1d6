"""The grey-level co-occurrence matrix (GLCM, family LFYI), symmetric, at distance 1."""

import numpy as np

from crosscontrast.radiomics.ibsi.texture import Texture, overall


def cooccurrence(texture: Texture, levels: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the 25 features averaged over directions, and of the matrix merged over them, both per sample.

    ``levels`` is the number of grey levels of the whole region, which normalises two of them.
    """
    scale, place = texture.scale
    apart, sums = (_places(values) for values in (np.abs(scale[:, None] - scale), scale[:, None] + scale))
    size, merged = len(scale), np.zeros((texture.samples, len(scale), len(scale)))
    single = []
    for first, second in texture.pairs:
        where = (texture.sample[first] * size + place[first]) * size + place[second]
        matrix = np.bincount(where, minlength=merged.size).reshape(merged.shape).astype(float)
        matrix += matrix.transpose(0, 2, 1)
        single.append(_features(matrix, scale, levels, apart, sums))
        merged += matrix
    averaged = {name: overall(np.stack([found[name] for found in single], axis=-1)) for name in single[0]}
    return averaged, _features(merged, scale, levels, apart, sums)


#: The values that occur in a matrix of levels x levels, and the place of each element's value among them.
_Places = tuple[np.ndarray, np.ndarray]


def _places(values: np.ndarray) -> _Places:
    found, place = np.unique(values, return_inverse=True)
    return found, place.ravel()


def _features(
    matrix: np.ndarray, g: np.ndarray, levels: int, differences: _Places, sums: _Places
) -> dict[str, np.ndarray]:
    """Return the features of matrices (samples, levels, levels); NaN where there is no pair."""
    with np.errstate(invalid="ignore", divide="ignore"):
        p = matrix / matrix.sum((1, 2), keepdims=True)
        i, j = g[:, None], g[None, :]
        of_level = p.sum(2)
        mean = of_level @ g
        spread = ((g - mean[:, None]) ** 2 * of_level).sum(1)
        off, summed = differences[0], sums[0]
        apart, total = _histogram(p, differences), _histogram(p, sums)

        def over(weights: np.ndarray) -> np.ndarray:
            found: np.ndarray = np.einsum("sij,ij->s", p, weights)
            return found

        off_mean, total_mean = apart @ off, total @ summed
        beyond = summed - 2 * mean[:, None]
        own = _entropy(of_level)
        joint = _entropy(p.reshape(len(p), -1))
        product = over(i * j)
        return {
            "joint_max": p.max((1, 2), initial=0) + 0 * mean,  # GYBY
            "joint_avg": mean,  # 60VM
            "joint_var": spread,  # UR99
            "joint_entr": joint,  # TU9B
            "diff_avg": off_mean,  # TF7R
            "diff_var": ((off - off_mean[:, None]) ** 2 * apart).sum(1),  # D3YU
            "diff_entr": _entropy(apart),  # NTRS
            "sum_avg": total_mean,  # ZGXS
            "sum_var": ((summed - total_mean[:, None]) ** 2 * total).sum(1),  # OEEB
            "sum_entr": _entropy(total),  # P6QZ
            "energy": (p**2).sum((1, 2)),  # 8ZQL
            "contrast": over((i - j) ** 2),  # ACUI
            "dissimilarity": over(np.abs(i - j)),  # 8S9J
            "inv_diff": over(1 / (1 + np.abs(i - j))),  # IB1Z
            "inv_diff_norm": over(1 / (1 + np.abs(i - j) / levels)),  # NDRX
            "inv_diff_mom": over(1 / (1 + (i - j) ** 2)),  # WF0Z
            "inv_diff_mom_norm": over(1 / (1 + (i - j) ** 2 / levels**2)),  # 1QCO
            "inv_var": over(np.where(i == j, 0, 1 / np.maximum((i - j) ** 2, 1))),  # E8JP
            "corr": np.where(spread == 0, 1.0, (product - mean**2) / spread),  # NI2N: one level agrees with itself
            "auto_corr": product,  # QWB0
            "clust_tend": (beyond**2 * total).sum(1),  # DG8W
            "clust_shade": (beyond**3 * total).sum(1),  # 7NFM
            "clust_prom": (beyond**4 * total).sum(1),  # AE86
            # R8DG and JN9H: the matrix is symmetric, so both of IBSI's reference entropies are twice the margin's.
            "info_corr1": np.where(own == 0, 0.0, (joint - 2 * own) / own),
            "info_corr2": np.sqrt(np.maximum(0, 1 - np.exp(-2 * (2 * own - joint)))),
        }


def _histogram(p: np.ndarray, places: _Places) -> np.ndarray:
    """Return the probability of each value (samples, values)."""
    count = len(places[0])
    where = np.arange(len(p))[:, None] * count + places[1]
    return np.bincount(where.ravel(), weights=p.ravel(), minlength=len(p) * count).reshape(len(p), count)


def _entropy(p: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        bits: np.ndarray = -(p * np.where(p > 0, np.log2(np.where(p > 0, p, 1)), 0)).sum(1)
    return np.where(np.isfinite(p).all(1), bits, np.nan)
