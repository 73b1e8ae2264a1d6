"""What became of each translated image: the gate's verdict and how near it comes to the real one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import CohortRow
from crosscontrast.ground.coverage import cover, covered
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.images import read_image
from crosscontrast.ground.placement import bring_onto
from crosscontrast.ground.tables import TableWriter
from crosscontrast.metrics.similarity import Similarity, compare_images
from crosscontrast.radiomics.gate.verdict import GateVerdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Measures shown, in the order of the table's columns.
MEASURES = ("mae", "rmse", "psnr", "ssim", "pearson")


@dataclass(frozen=True)
class Translation:
    """A visit's source and target, the translator's name, and the translated image or the reason why there is none.

    ``similarity`` is that of the translated to the target image inside the mask; ``remarks`` are what was unusual.
    """

    source: CohortRow
    target: CohortRow
    translator: str
    image: Path | None = None
    verdict: GateVerdict | None = None
    similarity: Similarity | None = None
    reason: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def decision(self) -> str:
        """The gate's decision; ``not judged`` where there is none."""
        return self.verdict.decision if self.verdict else "not judged"


def measure(source: CohortRow, target: CohortRow, image: Path) -> Similarity | None:
    """Compare a translated image with the target inside the target's mask, or else the source's.

    On differing grids the translated image is resampled. ``None`` where the images do not allow it.
    """
    try:
        reference, path = read_image(target.image), target.mask or source.mask
        mask = read_image(path) if path else None
        if mask is not None:
            mask = bring_onto(mask, reference, linear=False)
        return compare_images(reference, read_image(image), mask, resample=True)
    except BadInputError:
        return None


def write_translations(translations: Sequence[Translation], path: Path) -> None:
    """Write a line per visit; what is missing is ``n/a``."""
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = TableWriter(stream)
        writer.writerow(["subject", "session", "translator", "gate", "gate_reasons", *MEASURES, "failed"])
        for t in translations:
            reasons = "; ".join(t.verdict.reasons) if t.verdict else ""
            values: list[Any] = [getattr(t.similarity, name, None) for name in MEASURES]
            texts = ["n/a" if value is None else f"{value:.6g}" for value in values]
            writer.writerow([t.source.subject, t.source.session, t.translator, t.decision, reasons, *texts, t.reason])


def picture(translation: Translation) -> "Figure":
    """Draw a slice through the middle of the mask: source, translated image, target, and the error."""
    from crosscontrast.report.figures import new_figure

    assert translation.image is not None
    source, target = read_image(translation.source.image), read_image(translation.target.image)
    made = read_image(translation.image)
    shown_target = cover(covered(target, translation.target.image.name), source)
    path = translation.source.mask or translation.target.mask
    assert path is not None
    mask = read_image(path)
    mask = bring_onto(mask, source, linear=False)
    inside = sitk.GetArrayFromImage(mask) > 0
    middle = int(np.flatnonzero(inside.any((1, 2))).mean()) if inside.any() else inside.shape[0] // 2
    before, after, real = (
        sitk.GetArrayFromImage(image)[middle].astype(float) for image in (source, made, shown_target.image)
    )
    # Drawn as nothing, neither black nor an error: nobody measured there.
    real[sitk.GetArrayViewFromImage(shown_target.measured)[middle] == 0] = np.nan
    low, high = np.nanquantile(real, [0.01, 0.99]) if np.isfinite(real).any() else (0.0, 1.0)
    figure = new_figure(9.6, 2.7)
    panels = figure.subplots(1, 4)
    shown = [("source", before, {}), ("translated", after, {"vmin": low, "vmax": high})]
    shown += [("real", real, {"vmin": low, "vmax": high})]
    shown += [("translated - real", after - real, {"cmap": "RdBu_r", "vmin": low - high, "vmax": high - low})]
    for axes, (title, values, limits) in zip(panels, shown, strict=True):
        axes.imshow(values, origin="lower", **{"cmap": "gray", **limits})
        if inside[middle].any() and not inside[middle].all():
            axes.contour(inside[middle], [0.5], colors="yellow", linewidths=0.7)
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
    return figure
