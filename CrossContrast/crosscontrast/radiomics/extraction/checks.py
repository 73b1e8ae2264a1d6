"""The images and regions of a cohort checked against each other before features are computed and compared."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow
from crosscontrast.ground.consistency import Findings, Look, look_at, name_some, other_spacings, other_units
from crosscontrast.ground.images import read_image
from crosscontrast.progress import Progress, silent
from crosscontrast.radiomics.extraction.region import aligned, normalised, region_of
from crosscontrast.radiomics.extraction.settings import ExtractionSettings

#: Fewer grey levels than this leave texture features that hardly differ between any two images.
FEWEST_LEVELS = 8
#: A region of fewer voxels has no texture to speak of.
FEWEST_VOXELS = 10


def check_images(
    rows: Sequence[tuple[CohortRow, Path | None]],
    settings: ExtractionSettings,
    source: Path,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> list[str]:
    """Return what is unusual about images and the regions of their masks, as sentences; one for each kind.

    Raises :class:`crosscontrast.errors.BadInputError` naming the files where an image is measured in another unit than
    the others of its role or has other voxels, unless ``force``, or unless the settings make them alike. What cannot be
    read is left to the extraction, which says why.
    """
    looks: dict[str, list[Look]] = {}
    small, coarse = [], []
    for number, (row, mask) in enumerate(rows):
        progress(number, len(rows), f"checking {row.image.name}")
        try:
            image = read_image(row.image)
            looks.setdefault(row.role, []).append(look_at(row, image))
            voxels, levels = _region(image, mask, settings) if mask else (None, None)
        except BadInputError:
            continue
        if voxels is not None and voxels < FEWEST_VOXELS:
            small.append(f"{row.image.name} ({voxels:.3g})")
        if levels is not None and levels < FEWEST_LEVELS:
            coarse.append(f"{row.image.name} ({levels})")
    findings = Findings()
    for seen in looks.values():
        if settings.normalise == "none" and not settings.options.get("normalize"):
            findings.refused += other_units(seen)
        if settings.spacing is None and not settings.options.get("resampledPixelSpacing"):
            findings.refused += other_spacings(seen)
    if small:
        findings.said.append(
            f"the region has fewer than {FEWEST_VOXELS} voxels in {len(small)} of {len(rows)} images, too few for "
            f"texture: {name_some(small)}"
        )
    if coarse:
        findings.said.append(
            f"bins of {settings.bin_width:g} leave fewer than {FEWEST_LEVELS} grey levels in {len(coarse)} of "
            f"{len(rows)} images: {name_some(coarse)}"
        )
    return findings.settle(source, force=force)


def _region(image: sitk.Image, mask: Path, settings: ExtractionSettings) -> tuple[float | None, int | None]:
    """Return how many voxels a region has, and how many grey levels of a given width; ``None`` where it has none."""
    placed = aligned(read_image(mask), image)
    region = region_of(placed, label=settings.label, threshold=settings.threshold)
    finite = np.isfinite(sitk.GetArrayViewFromImage(image))
    if not region.any() or not finite[region].all():
        return None, None
    voxels = float(region.sum())
    if settings.spacing:
        voxels *= float(np.prod(image.GetSpacing()) / np.prod(settings.spacing))
    if settings.bin_width is None:
        return voxels, None
    if settings.normalise == "zscore":
        image = normalised(sitk.Cast(image, sitk.sitkFloat64), finite)
    inside = sitk.GetArrayViewFromImage(image)[region].astype(float)
    low, high = (int(np.floor(end / settings.bin_width)) for end in (inside.min(), inside.max()))
    return voxels, high - low + 1
