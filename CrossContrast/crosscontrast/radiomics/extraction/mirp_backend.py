"""Features by MIRP (Zwanenburg et al., JOSS 9:6413, 2024), which follows the IBSI reference manual.

MIRP's licence is EUPL-1.2; it is called through its public function and installed by the user only.
"""

import logging
import math
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from mirp import extract_features

from crosscontrast.errors import BadInputError
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.ibsi.intensity import volume_area
from crosscontrast.radiomics.ibsi.region import Region

#: Our class -> MIRP's family and the prefix of its columns.
_FAMILIES = {
    "shape": ("morph", "morph_"),
    "local-intensity": ("li", "loc_"),
    "statistics": ("st", "stat_"),
    "intensity-histogram": ("ih", "ih_"),
    "intensity-volume-histogram": ("ivh", "ivh_"),
    "glcm": ("cm", "cm_"),
    "glrlm": ("rlm", "rlm_"),
    "glszm": ("szm", "szm_"),
    "gldzm": ("dzm", "dzm_"),
    "ngtdm": ("ngtdm", "ngt_"),
    "ngldm": ("ngldm", "ngl_"),
}
#: Of MIRP's intensity-volume histogram those that IBSI gives reference values for.
_IVH = ("v10", "v90", "i10", "i90", "diff_v10_v90", "diff_i10_i90")
#: MIRP's two ways to put directions together and its one way for zones and neighbours, by our aggregation.
_SPATIAL = {
    "3D": (["3d_average", "3d_volume_merge"], "3d"),
    "2.5D": (["2.5d_direction_merge", "2.5d_volume_merge"], "2.5d"),
    "2D": (["2d_average", "2d_slice_merge"], "2d"),
}
#: Of what merges all directions nothing is left to be averaged over but slices.
_HOW_MERGED = {"avg": "-averaged", "d_mrg": "-averaged", "v_mrg": "-merged", "s_mrg": "-merged"}
_SPATIAL_MARK = re.compile(r"_(?:2|2\.5|3)[dD]_(avg|[dvs]_mrg)")
#: Distances, tolerances and discretisation in MIRP's column names, which our settings say once for all.
_SUFFIXES = re.compile(r"(_d1|_a0\.0|_(2|2\.5|3)[dD](_avg|_[dvs]_mrg)?|_fbn_n\d+|_fbs_w[\d.]+)(?=_|$)")


class Mirp:
    """The IBSI back-end: by default the 186 features of Salmanpour et al. 2025.

    They are local intensity (2), statistics (18), intensity histogram (23), intensity-volume histogram (7, the area
    under it among them, which we compute), GLCM averaged over directions and merged (25 each), GLRLM likewise (16
    each), GLSZM (16), GLDZM (16), NGTDM (5) and NGLDM (17).
    """

    version = f"mirp {version('mirp')}"

    def check(self, settings: ExtractionSettings) -> None:
        """Nothing to do: settings for MIRP are all our own."""

    def extract(self, image: sitk.Image, region: sitk.Image, settings: ExtractionSettings) -> dict[str, float]:
        """Compute the features; see :class:`crosscontrast.radiomics.extraction.backend.Backend`."""
        inside = sitk.GetArrayFromImage(region) > 0
        whole = Region.of(sitk.GetArrayFromImage(image), inside, image.GetSpacing()[::-1])
        values = whole.resegmented(settings.resegment, settings.outliers).chosen
        with tempfile.TemporaryDirectory(prefix="crosscontrast-mirp-") as folder:
            # MIRP takes arrays without geometry or files with it.
            paths = [Path(folder) / name for name in ("image.nrrd", "mask.nrrd")]
            for part, path in zip((image, region), paths, strict=True):
                sitk.WriteImage(part, str(path))
            try:
                with _quiet():
                    (table,) = extract_features(image=str(paths[0]), mask=str(paths[1]), **_options(settings, values))
            except (ValueError, RuntimeError, IndexError) as error:
                raise BadInputError(f"MIRP refuses the region: {' '.join(str(error).split())}.") from error
        columns = {str(name): value for name, value in table.iloc[0].items()}
        features = _renamed(columns, settings.chosen_classes)
        if "intensity-volume-histogram" in settings.chosen_classes:
            features["original_intensity-volume-histogram_auc"] = volume_area(values)
        return features


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MIRP's diary off the console; it goes to the root logger and to warnings."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _options(settings: ExtractionSettings, values: np.ndarray) -> dict[str, object]:
    bins = settings.bins
    directions, others = _SPATIAL[settings.aggregation]
    options: dict[str, object] = {
        "base_feature_families": [_FAMILIES[name][0] for name in settings.chosen_classes],
        **{f"{family}_spatial_method": directions for family in ("glcm", "glrlm")},
        **{f"{family}_spatial_method": others for family in ("glszm", "gldzm", "ngtdm", "ngldm")},
        "ivh_discretisation_method": "none",
    }
    if settings.resegment:
        low, high = settings.resegment
        options["resegmentation_intensity_range"] = [math.nan if end is None else end for end in (low, high)]
    if settings.outliers is not None:
        options["resegmentation_sigma"] = settings.outliers
    if "bin_width" in bins:
        options |= {"base_discretisation_method": "fixed_bin_size", "base_discretisation_bin_width": bins["bin_width"]}
        options |= {"ivh_discretisation_method": "fixed_bin_size", "ivh_discretisation_bin_width": bins["bin_width"]}
        # Bins of fixed width begin at the region's minimum, as IBSI has it where no range is given.
        low, high = settings.resegment or (None, None)
        ends = (float(values.min()) if low is None else low, math.nan if high is None else high)
        options["resegmentation_intensity_range"] = list(ends)
    else:
        options |= {"base_discretisation_method": "fixed_bin_number", "base_discretisation_n_bins": bins["bin_count"]}
    if settings.spacing:
        options["new_spacing"] = list(settings.spacing[::-1])
    return options


def _renamed(columns: dict[str, object], classes: tuple[str, ...]) -> dict[str, float]:
    features = {}
    for family in classes:
        prefix = _FAMILIES[family][1]
        for column, value in columns.items():
            if not column.startswith(prefix):
                continue
            name = _SUFFIXES.sub("", column.removeprefix(prefix))
            if family == "intensity-volume-histogram" and name not in _IVH:
                continue
            found = _SPATIAL_MARK.search(column)
            merged = _HOW_MERGED[found.group(1)] if found else ""
            features[f"original_{family}{merged}_{name}"] = _number(value)
    return features


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
