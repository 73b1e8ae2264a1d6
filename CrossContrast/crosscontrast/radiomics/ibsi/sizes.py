"""Texture families that count things of a grey level and a size: runs, zones, zones' depths, and alike neighbours.

Their features are the same formulas of level and size, so a thing is a row here (sample, level, size), and no matrix is
built. The families are GLRLM (TP0I), GLSZM (9SAK), GLDZM (VMDZ) and NGLDM (REK0).
"""

from dataclasses import dataclass

import numpy as np

from crosscontrast.radiomics.ibsi.texture import Texture, overall

#: The features of each family in the order of ``_features``; IBSI's codes are in ``names.py``.
_ORDER = {
    "glrlm": "sre lre lgre hgre srlge srhge lrlge lrhge glnu glnu_norm rlnu rlnu_norm r_perc gl_var rl_var rl_entr",
    "glszm": "sze lze lgze hgze szlge szhge lzlge lzhge glnu glnu_norm zsnu zsnu_norm z_perc gl_var zs_var zs_entr",
    "gldzm": "sde lde lgze hgze sdlge sdhge ldlge ldhge glnu glnu_norm zdnu zdnu_norm z_perc gl_var zd_var zd_entr",
    "ngldm": "lde hde lgce hgce ldlge ldhge hdlge hdhge glnu glnu_norm dcnu dcnu_norm dc_perc gl_var dc_var dc_entr "
    "dc_energy",
}


@dataclass(frozen=True)
class _Things:
    sample: np.ndarray
    level: np.ndarray
    size: np.ndarray


def runs(texture: Texture) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the 16 features of runs averaged over directions, and of all directions' runs together, per sample."""
    along = [_parts(texture, *texture.alike(*pair)) for pair in texture.pairs]
    single = [_features("glrlm", things, texture.counts) for things in along]
    averaged = {name: overall(np.stack([found[name] for found in single], axis=-1)) for name in single[0]}
    together = _Things(*(np.concatenate([getattr(t, part) for t in along]) for part in ("sample", "level", "size")))
    return averaged, _features("glrlm", together, texture.counts * len(along))


def zones(texture: Texture, depth: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the 16 features of zones by their size and the 16 by their depth, per sample.

    ``depth`` (n,) is each voxel's distance to the border in steps; a zone is as deep as its shallowest voxel.
    """
    alike = [texture.alike(*pair) for pair in texture.pairs]
    first, second = (np.concatenate([pair[end] for pair in alike]) for end in (0, 1))
    part, member = texture.joined(first, second)
    least = np.full(len(member), np.iinfo(int).max)
    np.minimum.at(least, part, depth)
    by_size = _Things(texture.sample[member], texture.levels[member], np.bincount(part))
    by_depth = _Things(by_size.sample, by_size.level, least)
    return _features("glszm", by_size, texture.counts), _features("gldzm", by_depth, texture.counts)


def dependence(texture: Texture) -> dict[str, np.ndarray]:
    """Return the 17 features of how many neighbours have a voxel's own level (coarseness 0), per sample."""
    size = np.ones(len(texture.levels), int)
    for pair in texture.pairs:
        for end in texture.alike(*pair):
            size += np.bincount(end, minlength=len(size))
    return _features("ngldm", _Things(texture.sample, texture.levels, size), texture.counts)


def depths(body: np.ndarray, *, flat: bool) -> np.ndarray:
    """Return each voxel's steps along the axes to outside of ``body`` (samples, k, j, i); 1 at the border."""
    from scipy import ndimage

    found = np.zeros(body.shape, int)
    for number, part in enumerate(body):
        padded = np.pad(part[0] if flat else part, 1)
        inner = ndimage.distance_transform_cdt(padded, metric="taxicab")[(slice(1, -1),) * padded.ndim]
        found[number] = inner
    return found


def _parts(texture: Texture, first: np.ndarray, second: np.ndarray) -> _Things:
    part, member = texture.joined(first, second)
    return _Things(texture.sample[member], texture.levels[member], np.bincount(part))


def _features(family: str, things: _Things, voxels: np.ndarray) -> dict[str, np.ndarray]:
    count = len(voxels)
    level, size = things.level.astype(float), things.size.astype(float)
    things_of = np.bincount(things.sample, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):

        def mean(weights: np.ndarray) -> np.ndarray:
            found: np.ndarray = np.bincount(things.sample, weights, minlength=count) / things_of
            return found

        def variance(values: np.ndarray) -> np.ndarray:
            return mean((values - mean(values)[things.sample]) ** 2)

        l2, s2 = level**2, size**2
        by_level, by_size = (_squares(things.sample, column, count) for column in (things.level, things.size))
        pairs = things.level * (things.size.max() + 1) + things.size
        share, of = _shares(things.sample, pairs, things_of)
        values = [
            *(mean(1 / s2), mean(s2), mean(1 / l2), mean(l2)),
            *(mean(1 / l2 / s2), mean(l2 / s2), mean(s2 / l2), mean(l2 * s2)),
            *(by_level / things_of, by_level / things_of**2, by_size / things_of, by_size / things_of**2),
            *(things_of / voxels, variance(level), variance(size)),
            np.where(things_of > 0, np.bincount(of, -share * np.log2(share), minlength=count), np.nan),
            np.where(things_of > 0, np.bincount(of, share**2, minlength=count), np.nan),
        ]
    names = _ORDER[family].split()
    return dict(zip(names, values, strict=False))


def _squares(sample: np.ndarray, column: np.ndarray, count: int) -> np.ndarray:
    """Return for each sample the sum over the column's values of how often they occur, squared."""
    width = int(column.max()) + 1
    found, often = np.unique(sample * width + column, return_counts=True)
    squares: np.ndarray = np.bincount(found // width, often.astype(float) ** 2, minlength=count)
    return squares


def _shares(sample: np.ndarray, column: np.ndarray, things_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of its sample that each value of the column has, and that sample."""
    width = int(column.max()) + 1
    found, often = np.unique(sample * width + column, return_counts=True)
    of = found // width
    return often / things_of[of], of
