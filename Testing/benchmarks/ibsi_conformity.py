"""How near the back-end ``ibsi`` comes to IBSI's reference values: ``python ibsi_conformity.py [IMAGE MASK]``.

The digital phantom is built in; IMAGE and MASK are the CT phantom of IBSI 1 (theibsi/data_sets,
``ibsi_1_ct_radiomics_phantom/nifti``), for the configurations A to E. Each line is a configuration with the number of
its reference values and of those met within the consensus' tolerance; values missed follow with ours, the reference and
its tolerance. Intensities are rounded after resampling, as IBSI asks for CT.
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

_TESTS = Path(__file__).parents[1] / "radiomics"
sys.path.insert(0, str(_TESTS / "extraction"))

from radiomic_phantoms import ibsi_phantom  # noqa: E402

from crosscontrast.radiomics.ibsi.features import FAMILIES, features  # noqa: E402
from crosscontrast.radiomics.ibsi.images import resampled  # noqa: E402
from crosscontrast.radiomics.ibsi.intensity import PEAK_RADIUS  # noqa: E402
from crosscontrast.radiomics.ibsi.region import Bins, Region  # noqa: E402

#: Spacing, interpolation, limits, outliers, bins, bins of the intensity-volume histogram, and ways to see textures.
CONFIGURATIONS = {
    "A": (None, "linear", (-500, 400), None, Bins(width=25, start=-500), None, ("2D", "2.5D")),
    "B": ((2.0, 2.0, 3.0), "linear", (-500, 400), None, Bins(count=32), None, ("2D", "2.5D")),
    "C": ((2.0,) * 3, "linear", (-1000, 400), None, Bins(width=25, start=-1000), Bins(width=2.5, start=-1000), ("3D",)),
    "D": ((2.0,) * 3, "linear", None, 3.0, Bins(count=32), None, ("3D",)),
    "E": ((2.0,) * 3, "bspline", (-1000, 400), 3.0, Bins(count=32), Bins(count=1000), ("3D",)),
}


def phantom_values(aggregation: str) -> dict[str, float]:
    """Return all features of the digital phantom."""
    image, mask = (sitk.GetArrayFromImage(part) for part in ibsi_phantom())
    return features(Region.of(image, mask > 0, (2, 2, 2), PEAK_RADIUS), FAMILIES, Bins(width=1), None, aggregation)


def configured_values(image: sitk.Image, mask: sitk.Image, name: str) -> dict[str, dict[str, float]]:
    """Return all features of the CT phantom in a configuration, by aggregation."""
    spacing, interpolation, limits, outliers, bins, volume_bins, aggregations = CONFIGURATIONS[name]
    if spacing:
        image, mask = resampled(image, mask, spacing, interpolation)
    values = np.round(sitk.GetArrayFromImage(image))
    region = Region.of(values, sitk.GetArrayFromImage(mask) > 0, image.GetSpacing()[::-1], PEAK_RADIUS)
    region = region.resegmented(limits, outliers)
    return {how: features(region, FAMILIES, bins, volume_bins, how) for how in aggregations}


def missed(found: dict[str, float], reference: dict[str, list[float]]) -> dict[str, tuple[float, float, float]]:
    """Return ours, the reference and its tolerance where they do not agree.

    References have three digits, whose rounding counts as agreement.
    """
    wrong = {}
    for name, (value, tolerance) in reference.items():
        rounding = 0.5 * 10 ** (math.floor(math.log10(abs(value))) - 2) if value else 1e-6
        if not abs(found[name] - value) <= tolerance + 1.01 * rounding:
            wrong[name] = (found[name], value, tolerance)
    return wrong


def show(label: str, found: dict[str, dict[str, float]], references: dict[str, dict[str, list[float]]]) -> None:
    for how, reference in references.items():
        wrong = missed(found[how] if how in found else next(iter(found.values())), reference)
        print(f"{label} {how:5} {len(reference) - len(wrong)} of {len(reference)} values within tolerance", flush=True)
        for name, (ours, value, tolerance) in wrong.items():
            print(f"    {name:40} {ours:12.6g}   reference {value:g} +- {tolerance:g}")


def main() -> None:
    references = json.loads((_TESTS / "ibsi" / "ibsi_1_reference.json").read_text())
    show("digital phantom", {how: phantom_values(how) for how in ("3D", "2.5D", "2D")}, references["phantom"])
    if len(sys.argv) < 3:
        return
    image, mask = (sitk.ReadImage(path) for path in sys.argv[1:3])
    image = sitk.Cast(image, sitk.sitkFloat64)
    for name in CONFIGURATIONS:
        start = time.perf_counter()
        found = configured_values(image, mask, name)
        show(f"configuration {name} ({time.perf_counter() - start:.1f} s)", found, references[name])


if __name__ == "__main__":
    main()
