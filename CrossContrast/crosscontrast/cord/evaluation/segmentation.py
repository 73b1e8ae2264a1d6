"""The segmentation of a case by a model, made once and taken from disk ever after."""

from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from crosscontrast.cord.outputs import SegmentationFiles
from crosscontrast.cord.overlay import draw_overlay
from crosscontrast.cord.segment import segment_volume
from crosscontrast.ground.case import Case
from crosscontrast.ground.images import read_image, write_image
from crosscontrast.ground.provenance import FileRecord, ModelRecord, Provenance
from crosscontrast.inference import warm_predictor
from crosscontrast.models.find import find_model
from crosscontrast.models.library import ModelEntry, ModelLibrary
from crosscontrast.progress import Progress

#: Where overlays draw the contour and areas are told apart; Dice is measured there too.
THRESHOLD = 0.5
#: Where the sidecar keeps why no cord was found.
_MISSING = "missing"


@dataclass(frozen=True)
class SegmentationRequest:
    """Segment ``image`` by ``model`` of the library at ``library`` (``None``: the user's) into ``files``.

    ``overlay`` asks for a picture of the result too.
    """

    image: Path
    files: SegmentationFiles
    model: str
    library: Path | None
    device: str
    overlay: bool = True


@dataclass(frozen=True)
class Segmented:
    """A soft segmentation on the image's grid; ``missing`` says why it is empty, ``reused`` that it was there."""

    soft: sitk.Image
    missing: str
    reused: bool


def segment_once(request: SegmentationRequest, progress: Progress) -> Segmented:
    """Return the segmentation of the image, made by an earlier run or now.

    An earlier one counts if image, model and files are by their SHA-256 what its sidecar says. Otherwise the image is
    segmented and the soft map, its overlay and the sidecar are written. Raises
    :class:`crosscontrast.errors.OutputError` rather than replace a map that someone has changed since.
    """
    entry, files = find_model(request.model, library=ModelLibrary(request.library)), request.files
    made = Provenance.read(files.sidecar)
    if made and _still_holds(made, files, FileRecord.of(request.image), entry.record()):
        return Segmented(read_image(files.softseg), made.measures.get(_MISSING, ""), reused=True)
    files.check_replaceable()
    return _segment(request, entry, progress)


def _still_holds(made: Provenance, files: SegmentationFiles, source: FileRecord, model: ModelRecord) -> bool:
    if made.model != model or [record.sha256 for record in made.inputs] != [source.sha256]:
        return False
    kept = all((files.folder / record.path).exists() for record in made.outputs)
    return kept and not made.changed_since(files.folder)


def _segment(request: SegmentationRequest, entry: ModelEntry, progress: Progress) -> Segmented:
    case, files = Case("cord.evaluate-case", model=entry.record()), request.files
    image, device = case.read(request.image), case.compute_on(request.device)
    result = segment_volume(image, warm_predictor(entry, device), THRESHOLD, progress)
    measures = {_MISSING: result.missing}
    with case.results(files.folder, files.sidecar, parameters={}, measures=measures) as results:
        write_image(result.soft, results.place(files.softseg), like=request.image)
        if request.overlay:
            place, title = results.place(files.overlay), f"{files.stem}, {entry}"
            draw_overlay(image, result.soft, place, threshold=THRESHOLD, title=title)
    return Segmented(result.soft, result.missing, reused=False)
