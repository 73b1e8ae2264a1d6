"""The segmentation of a case by a model, made once and taken from disk ever after."""

from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from CrossContrastLib.ground.device import choose_device, describe_device
from CrossContrastLib.ground.files import make_folder, sha256, staging_folder
from CrossContrastLib.ground.images import clean_intensities, read_image, write_image
from CrossContrastLib.ground.provenance import FileRecord, ModelRecord, Provenance
from CrossContrastLib.inference import warm_predictor
from CrossContrastLib.models.library import ModelEntry, ModelLibrary
from CrossContrastLib.progress import Progress
from SoftCordSegLib.outputs import SegmentationFiles
from SoftCordSegLib.overlay import draw_overlay
from SoftCordSegLib.segment import segment_volume

#: Where overlays draw the contour and areas are told apart; Dice is measured there too.
THRESHOLD = 0.5


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


def segment_once(request: SegmentationRequest, progress: Progress) -> tuple[sitk.Image, bool]:
    """Return the soft segmentation on the image's grid, and whether an earlier run had made it.

    An earlier one counts if image, model and files are by their SHA-256 what its sidecar says. Otherwise the image is
    segmented and the soft map, its overlay and the sidecar are written. Raises
    :class:`CrossContrastLib.errors.OutputError` rather than replace a map that someone has changed since.
    """
    entry, files = ModelLibrary(request.library).find(request.model), request.files
    record = ModelRecord(name=entry.name, version=entry.version, sha256=sha256(entry.folder / "manifest.json"))
    source = FileRecord.of(request.image)
    if _is_there(files, source, record):
        return read_image(files.softseg), True
    make_folder(files.folder)
    files.check_replaceable()
    return _segment(request, entry, source, record, progress), False


def _is_there(files: SegmentationFiles, source: FileRecord, model: ModelRecord) -> bool:
    made = Provenance.read(files.sidecar)
    if made is None or made.model != model or [record.sha256 for record in made.inputs] != [source.sha256]:
        return False
    kept = all((files.folder / record.path).exists() for record in made.outputs)
    return kept and not made.changed_since(files.folder)


def _segment(
    request: SegmentationRequest, entry: ModelEntry, source: FileRecord, model: ModelRecord, progress: Progress
) -> sitk.Image:
    image = clean_intensities(read_image(request.image), request.image.name)
    device = choose_device(request.device)
    soft = segment_volume(image, warm_predictor(entry, device), THRESHOLD, progress).soft
    provenance = Provenance(job="cord.evaluate-case", model=model, device=describe_device(device), inputs=[source])
    with staging_folder(request.files.folder) as folder:
        files = SegmentationFiles(folder, request.files.stem)
        write_image(soft, files.softseg)
        if request.overlay:
            draw_overlay(image, soft, files.overlay, threshold=THRESHOLD, title=f"{files.stem}, {entry}")
        made = [path for path in (files.softseg, files.overlay) if path.exists()]
        provenance.outputs = [FileRecord.of(path, relative=True) for path in made]
        provenance.write(files.sidecar)
    return soft
