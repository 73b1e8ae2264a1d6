"""The neighbourhood grey-tone difference matrix (NGTDM, family IPET), at distance 1."""

import numpy as np

from crosscontrast.radiomics.ibsi.texture import Texture


def tone_difference(texture: Texture) -> dict[str, np.ndarray]:
    """Return the 5 features per sample; voxels without a neighbour do not count."""
    scale, place = texture.scale
    count, size = len(texture.levels), len(scale)
    around, total = np.zeros(count), np.zeros(count)
    for ends in texture.pairs:
        for one, other in (ends, ends[::-1]):
            around += np.bincount(one, minlength=count)
            total += np.bincount(one, texture.levels[other], minlength=count)
    valid = around > 0
    difference = np.abs(texture.levels[valid] - total[valid] / around[valid])
    where = texture.sample[valid] * size + place[valid]
    shape = (texture.samples, size)
    often = np.bincount(where, minlength=texture.samples * size).reshape(shape)
    s = np.bincount(where, difference, minlength=texture.samples * size).reshape(shape)
    return _features(often, s, scale)


def _features(often: np.ndarray, s: np.ndarray, g: np.ndarray) -> dict[str, np.ndarray]:
    valid = often.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = often / valid[:, None]
        there = often > 0
        kinds = there.sum(1)
        both = there[:, :, None] & there[:, None, :]
        pi, pj, si, sj = p[:, :, None], p[:, None, :], s[:, :, None], s[:, None, :]
        apart = g[:, None] - g[None, :]
        rough = (p * s).sum(1)
        all_s = s.sum(1)
        busy = np.where(both, np.abs(g[:, None] * pi - g[None, :] * pj), 0).sum((1, 2))
        contrast = (pi * pj * apart**2).sum((1, 2)) / (kinds * (kinds - 1)) * all_s / valid
        found = {
            "coarseness": np.where(rough > 0, 1 / rough, 1e6),  # QCDE: IBSI's value without differences
            "contrast": np.where(kinds > 1, contrast, 0.0),  # 65HE
            "busyness": np.where(kinds > 1, rough / busy, 0.0),  # NQ30
            "complexity": np.where(both, np.abs(apart) * (pi * si + pj * sj) / (pi + pj), 0).sum((1, 2))
            / valid,  # HDEZ
            "strength": np.where(all_s > 0, np.where(both, (pi + pj) * apart**2, 0).sum((1, 2)) / all_s, 0.0),  # 1X9X
        }
    return {name: np.where(valid > 0, values, np.nan) for name, values in found.items()}
