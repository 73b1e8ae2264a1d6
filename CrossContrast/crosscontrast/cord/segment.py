"""Segmenting one volume: from the image's file to the files of the result."""

import math
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.csa.report import write_csv
from crosscontrast.cord.csa.table import CsaTable
from crosscontrast.cord.ends import cut_at, stops
from crosscontrast.cord.outputs import SegmentationFiles
from crosscontrast.cord.overlay import draw_overlay
from crosscontrast.cord.postprocess import keep_cord
from crosscontrast.cord.uncertainty import VERSIONS, Uncertainty, measure_uncertainty, predict_cord
from crosscontrast.errors import ModelError
from crosscontrast.ground.case import Case, Results
from crosscontrast.ground.geometry import Point, check_points
from crosscontrast.ground.images import ImageWarning, write_image
from crosscontrast.ground.provenance import Provenance
from crosscontrast.inference import Maps, Predictor, warm_predictor
from crosscontrast.inference.compiled import engine_of
from crosscontrast.models.find import find_model
from crosscontrast.progress import Progress, part, silent
from crosscontrast.timing import timed

#: The model's output that is the cord; a model with one output only is taken to mean it.
CORD = "cord"


@dataclass(frozen=True)
class CordSegmentation:
    """A soft cord on the grid of its image, and what was measured on it; ``missing`` says why none was found.

    ``evidence`` is what speaks for it, from 0 to 1, where the model measures that; ``uncertainty`` is there if it was
    asked for.
    """

    image: sitk.Image
    soft: sitk.Image
    binary: sitk.Image
    csa: CsaTable
    volume_mm3: float
    missing: str
    evidence: float | None = None
    uncertainty: Uncertainty | None = None


def segment_volume(
    image: sitk.Image,
    predictor: Predictor,
    threshold: float,
    progress: Progress,
    *,
    plain: Predictor | None = None,
    at: Sequence[Point] = (),
    ends: Sequence[Point] = (),
) -> CordSegmentation:
    """Segment a float image; ``soft`` is float32 in [0, 1], ``binary`` uint8 and 1 where it reaches ``threshold``.

    With ``plain``, the uncertainty is measured: by the same model without averaging over mirror images, which would
    hide how much these differ. ``at`` are points in the cord (mm, RAS): it is followed from there, and nothing else is
    taken for it. ``ends`` are points in whose slices it ends: beyond them there is none, on the side away from ``at``,
    or without such points from most of what was found. Raises :class:`BadInputError` for points outside of the image
    and for an end between two points ``at``, and :class:`ModelError` where the model cannot start at points.
    """
    output = cord_output(predictor)
    share = 0.9 / (1 + len(VERSIONS)) if plain else 0.9
    maps = predict_cord(image, predictor, at, part(progress, 0, share), stops(image, at, ends))
    with timed("choosing the cord"):
        evidence, doubt = (maps.evidence, maps.doubt) if isinstance(maps, Maps) else (None, "")
        seen = maps[output]
        del maps  # what the model says of other structures is as large as the image
        soft, missing = keep_cord(seen, shown=bool(at))
        del seen
        soft = cut_at(soft, at, ends)
    if doubt and not at:
        missing = doubt
    binary = sitk.Cast(sitk.GreaterEqual(soft, threshold), sitk.sitkUInt8)
    progress(share, 1, "measuring the cross-sectional area")
    with timed("measuring areas"):
        csa = measure_csa(soft, threshold=threshold)
    spread = None
    if plain:
        report = part(progress, share, 1)
        spread = measure_uncertainty(
            image, soft, csa, plain, output, threshold=threshold, progress=report, at=at, ends=ends
        )
        csa = spread.csa
    x, y, z = image.GetSpacing()
    volume = float(sitk.GetArrayViewFromImage(soft).sum(dtype=float)) * x * y * z
    return CordSegmentation(image, soft, binary, csa, volume, missing, evidence, spread)


def cord_output(predictor: Predictor) -> str:
    """Return the name of the output that is the cord; raises :class:`ModelError` where that is not clear."""
    if CORD in predictor.outputs:
        return CORD
    if len(predictor.outputs) == 1:
        return predictor.outputs[0]
    raise ModelError(f"The model has the outputs {', '.join(predictor.outputs)}, and none is called {CORD!r}.")


def segment_file(
    path: Path,
    files: SegmentationFiles,
    *,
    model: str = "softcord",
    device: str = "auto",
    threshold: float = 0.5,
    mirror: bool = False,
    uncertainty: bool = False,
    at: Sequence[Point] = (),
    ends: Sequence[Point] = (),
    progress: Progress = silent,
) -> Provenance:
    """Segment the volume of a file or DICOM folder and write all files of the result at once.

    The parameters are those of the job ``cord.segment``. Returns the provenance, whose ``warnings`` hold what is
    unusual about the image. Raises :class:`CrossContrastError` before anything is written.
    """
    case = Case("cord.segment")
    with case.listening():
        progress(0, 1, "reading the image")
        with timed("reading"):
            image = case.read(path)
        check_points([*at, *ends], image, path.name)
        entry = find_model(model, "segmentation")
        case.model, chosen = entry.record(), case.compute_on(device)
        progress(0.02, 1, "loading the model")
        with timed("loading the model"):
            predictor = warm_predictor(entry, chosen, mirror)
        plain = warm_predictor(entry, chosen, False) if uncertainty else None
        result = segment_volume(image, predictor, threshold, part(progress, 0.05, 0.9), plain=plain, at=at, ends=ends)
        case.computed_by(engine_of(predictor))
        if result.missing:
            warnings.warn(f"{path.name}: no cord was found ({result.missing})", ImageWarning, stacklevel=1)
    progress(0.9, 1, "writing the results")
    points = {"at": [list(point) for point in at], "ends": [list(point) for point in ends]}
    parameters = {"threshold": threshold, "mirror": mirror, "uncertainty": uncertainty, **points}
    with (
        timed("writing, with the picture"),
        case.results(files.folder, files.sidecar, parameters=parameters, measures=_measures(result)) as results,
    ):
        _write(result, results, files, threshold=threshold, source=path)
    if not uncertainty:
        files.uncertainty.unlink(missing_ok=True)  # that of an earlier result, which is no more
    progress(1, 1, "done")
    return results.provenance


def _measures(result: CordSegmentation) -> dict[str, float | None]:
    return {
        "mean_csa_mm2": _finite(result.csa.mean("area_true")),
        "sd_csa_mm2": _finite(result.csa.sd("area_true")),
        "volume_mm3": round(result.volume_mm3, 3),
        "evidence": None if result.evidence is None else round(result.evidence, 3),
        "uncertainty": round(result.uncertainty.mean, 4) if result.uncertainty else None,
    }


def _finite(value: float) -> float | None:
    """JSON has no NaN; the mean over no slice is no value."""
    return None if math.isnan(value) else round(value, 4)


def _write(
    result: CordSegmentation, results: Results, files: SegmentationFiles, *, threshold: float, source: Path
) -> None:
    overlay = results.place(files.overlay)
    with ThreadPoolExecutor(1) as beside:  # the picture takes as long as all the files
        picture = beside.submit(draw_overlay, result.image, result.soft, overlay, threshold=threshold, title=files.stem)
        write_image(result.soft, results.place(files.softseg), like=source)
        write_image(result.binary, results.place(files.seg), like=source)
        write_csv(result.csa, results.place(files.csa), name=str(source))
        if result.uncertainty:
            write_image(result.uncertainty.image, results.place(files.uncertainty), like=source)
        picture.result()
