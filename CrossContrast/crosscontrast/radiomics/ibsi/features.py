"""All features of a region, by family."""

from typing import Literal

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.radiomics.ibsi import intensity
from crosscontrast.radiomics.ibsi.cooccurrence import cooccurrence
from crosscontrast.radiomics.ibsi.region import Bins, Region
from crosscontrast.radiomics.ibsi.shape import shape
from crosscontrast.radiomics.ibsi.sizes import dependence, depths, runs, zones
from crosscontrast.radiomics.ibsi.texture import Texture, overall
from crosscontrast.radiomics.ibsi.tone import tone_difference

#: How texture is seen: in slices that are averaged, in slices that are taken together, or in the volume.
Aggregation = Literal["2D", "2.5D", "3D"]
TEXTURES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
#: A matrix of that many grey levels takes 128 MB; with more there is hardly a pair of equal ones.
MOST_LEVELS = 4096
#: The families in the order in which they are shown.
FAMILIES = (
    *("shape", "local-intensity", "statistics", "intensity-histogram", "intensity-volume-histogram"),
    *TEXTURES,
)


def features(
    region: Region, families: tuple[str, ...], bins: Bins, volume_bins: Bins | None, aggregation: Aggregation = "3D"
) -> dict[str, float]:
    """Return the features of the families, named ``<family>_<feature>``.

    ``bins`` make the grey levels of histogram and textures, ``volume_bins`` those of the intensity-volume histogram
    (``None``: the intensities themselves). GLCM and GLRLM come averaged over directions and merged.
    """
    found: dict[str, dict[str, float]] = {}
    if "shape" in families:
        found["shape"] = shape(region)
    if "local-intensity" in families:
        found["local-intensity"] = intensity.local_peaks(region)
    tight = region.tight()
    if "statistics" in families:
        found["statistics"] = intensity.statistics(tight.chosen)
    levels = bins.levels(tight)
    if "intensity-histogram" in families:
        found["intensity-histogram"] = intensity.histogram(levels[tight.inside])
    if "intensity-volume-histogram" in families:
        found["intensity-volume-histogram"] = intensity.volume_histogram(tight, volume_bins)
    flat = aggregation != "3D"
    stack = (levels[:, None], tight.body[:, None]) if flat else (levels[None], tight.body[None])
    textures = texture_features(
        *stack, tuple(name for name in families if name in TEXTURES), flat=flat, pooled=aggregation == "2.5D"
    )
    named = {family: found[family] for family in FAMILIES if family in found} | {
        family: {name: float(overall(values)) for name, values in each.items()} for family, each in textures.items()
    }
    return {f"{family}_{name}": value for family, each in named.items() for name, value in each.items()}


def texture_features(
    levels: np.ndarray,
    body: np.ndarray,
    families: tuple[str, ...],
    *,
    flat: bool,
    pooled: bool = False,
    greatest: int = 0,
) -> dict[str, dict[str, np.ndarray]]:
    """Return the texture features by family and name, each with a value per sample.

    ``levels`` (samples, k, j, i) are the grey levels, 0 outside, and ``body`` the morphological masks, to whose border
    the depth of zones is measured. ``flat`` sees neighbours in slices only; ``pooled`` takes all samples as one.
    ``greatest`` is the number of grey levels, by default the largest that occurs.
    """
    if not families:
        return {}
    texture = Texture.of(levels, flat=flat)
    if len(texture.scale[0]) > MOST_LEVELS:
        raise BadInputError(
            f"The region has {len(texture.scale[0])} grey levels, and textures can be of {MOST_LEVELS} at most.",
            "choose wider bins",
        )
    depth = depths(body, flat=flat)[levels > 0] if "gldzm" in families else np.ones(len(texture.levels), int)
    if pooled:
        texture = texture.pooled()
    found: dict[str, dict[str, np.ndarray]] = {}
    if "glcm" in families:
        found["glcm-averaged"], found["glcm-merged"] = cooccurrence(texture, greatest or int(levels.max()))
    if "glrlm" in families:
        found["glrlm-averaged"], found["glrlm-merged"] = runs(texture)
    if "glszm" in families or "gldzm" in families:
        by_size, by_depth = zones(texture, depth)
        found |= {name: each for name, each in (("glszm", by_size), ("gldzm", by_depth)) if name in families}
    if "ngtdm" in families:
        found["ngtdm"] = tone_difference(texture)
    if "ngldm" in families:
        found["ngldm"] = dependence(texture)
    return found
