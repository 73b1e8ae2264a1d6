"""DICOM segmentation objects beside the series that was segmented, binary and as probabilities."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import SimpleITK as sitk

from crosscontrast.corrections.export.cases import ExportCase
from crosscontrast.corrections.records import Revision
from crosscontrast.errors import BadInputError, MissingPackageError
from crosscontrast.ground.dicom.frames import Frame, open_dicom
from crosscontrast.ground.dicom.study import find_volume, is_dicom, source_sha256
from crosscontrast.ground.files import is_image_name
from crosscontrast.ground.geometry import same_grid
from crosscontrast.ground.images import read_image
from crosscontrast.version import __version__


class Structure(NamedTuple):
    """What a structure is called in DICOM, and its code (SNOMED CT)."""

    name: str
    code: str


#: By the label of the dataset, as in ``label-SC``.
STRUCTURES = {
    "SC": Structure("Spinal cord", "2748008"),
    "brain": Structure("Brain", "12738006"),
}
ANATOMICAL_STRUCTURE = Structure("Anatomical Structure", "123037004")
TISSUE = Structure("Tissue", "85756007")

if TYPE_CHECKING:
    from pydicom import Dataset

SegmentationKind = Literal["binary", "fractional"]
#: Probabilities are stored as whole numbers up to this; DICOM allows no more than one byte for them.
MAX_FRACTIONAL = 255


def find_series(case: ExportCase, root: Path | None) -> Path:
    """Return the DICOM series (as :func:`find_volume` takes it) of a case: where it was, or by its name in ``root``.

    Raises :class:`BadInputError` where the case did not come from DICOM, or the series is gone or not the same.
    """
    source = Path(case.record.source)
    places = [source, *([root / source.parent.name / source.name, root / source.name, root] if root else [])]
    folders = [place for place in places if is_dicom(place)]
    if not folders:
        if is_image_name(source):
            raise BadInputError(f"{case.name} did not come from a DICOM series but from {source}.")
        raise BadInputError(f"The DICOM series of {case.name} is no longer at {source}.", "say where: --dicom FOLDER")
    for folder in folders:
        if source_sha256(folder) == case.record.source_sha256:
            return folder
    raise BadInputError(f"The files in {folders[0]} are not those that {case.name} was made of.")


def write_dicom_seg(case: ExportCase, series: Path, kind: SegmentationKind, label: str, path: Path) -> None:
    """Write a correction as DICOM SEG whose frames refer to the slices of ``series`` and lie where they lie.

    ``fractional`` keeps the soft mask in steps of 1/255. Raises :class:`BadInputError` where the mask does not lie on
    the series' grid or its slices lie in several multi-frame files, :class:`MissingPackageError` without highdicom.
    """
    try:
        import highdicom
        from pydicom.uid import ExplicitVRLittleEndian
    except ImportError as error:
        raise MissingPackageError("DICOM segmentations need the package highdicom.", "pip install highdicom") from error

    mask = sitk.Cast(read_image(case.softseg), sitk.sitkFloat32) if kind == "fractional" else read_image(case.seg)
    sources, frames = _sources(series, mask, case.name)
    # The mask's slice for a frame is where its position says, whatever the order of files and frames.
    order = [mask.TransformPhysicalPointToIndex(frame.position)[2] for frame in frames]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on the names in other people's series
        made = highdicom.seg.Segmentation(
            source_images=sources,
            pixel_array=np.ascontiguousarray(sitk.GetArrayFromImage(mask)[order]),
            segmentation_type=highdicom.seg.SegmentationTypeValues[kind.upper()],
            segment_descriptions=[_segment(case, label)],
            series_instance_uid=highdicom.UID(),
            series_number=100 + case.revision.revision,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer="CrossContrast",
            manufacturer_model_name="CrossContrast",
            software_versions=__version__,
            device_serial_number="1",
            fractional_type=highdicom.seg.SegmentationFractionalTypeValues.PROBABILITY,
            max_fractional_value=MAX_FRACTIONAL,
            content_label=_content_label(label),
            content_description=f"{_structure(label).name}, {'soft' if kind == 'fractional' else 'binary'}"[:64],
            content_creator_name=_person(case.revision),
            transfer_syntax_uid=ExplicitVRLittleEndian,
            series_description=f"{_structure(label).name} {kind}, revision {case.revision.revision}"[:64],
        )
    _renumber(made, frames)
    made.save_as(path)


def _sources(series: Path, mask: sitk.Image, name: str) -> tuple[list["Dataset"], list[Frame]]:
    """Return the files that the slices lie in, and the slices in the order in which highdicom will find them there.

    Of a multi-frame file only the frames of this volume are kept; :func:`_renumber` names them as the file does.
    """
    volume, _ = find_volume(series)
    if not same_grid(mask, volume.image(), tolerance=1e-2):
        raise BadInputError(f"The mask of {name} does not lie on the grid of the series in {series}.")
    if all(frame.count == 1 for frame in volume.frames):
        return [_opened(frame.path) for frame in volume.frames], volume.frames
    if len(volume.files) > 1:
        raise BadInputError(f"The slices of {series} lie in several multi-frame files; DICOM SEG needs one.")
    source = _opened(volume.files[0])
    frames = sorted(volume.frames, key=lambda frame: frame.number)
    groups = source.PerFrameFunctionalGroupsSequence
    source.PerFrameFunctionalGroupsSequence = [groups[frame.number] for frame in frames]
    source.NumberOfFrames = len(frames)
    # The frames of a volume share both; highdicom wants that said once, scanners say it of each.
    for keyword in ("PlaneOrientationSequence", "PixelMeasuresSequence"):
        if keyword in groups[frames[0].number]:
            setattr(source.SharedFunctionalGroupsSequence[0], keyword, groups[frames[0].number][keyword].value)
    return [source], frames


def _opened(path: Path) -> "Dataset":
    data = open_dicom(path)
    assert data is not None
    return data


def _renumber(made: "Dataset", frames: Sequence[Frame]) -> None:
    """Let references to frames of a multi-frame source count all of its frames."""
    if frames[0].count == 1:
        return
    for group in made.PerFrameFunctionalGroupsSequence:
        for derivation in group.get("DerivationImageSequence", ()):
            for source in derivation.SourceImageSequence:
                numbers = source.ReferencedFrameNumber
                several = [numbers] if isinstance(numbers, int) else numbers
                source.ReferencedFrameNumber = [frames[int(number) - 1].number + 1 for number in several]


def _segment(case: ExportCase, label: str) -> Any:
    import highdicom
    from pydicom.sr.coding import Code

    structure, model = _structure(label), case.revision.model
    algorithm = None
    if model:
        family = Code("123110", "DCM", "Artificial Intelligence")
        algorithm = highdicom.AlgorithmIdentificationSequence(
            name=model.name, version=str(model.version), family=family, parameters={"SHA256": model.sha256}
        )
    return highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label=structure.name[:64],
        segmented_property_category=Code(ANATOMICAL_STRUCTURE.code, "SCT", ANATOMICAL_STRUCTURE.name),
        segmented_property_type=Code(_known(label).code, "SCT", _known(label).name),
        # Predicted by a model and corrected by a person, or drawn by one.
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC if model else "MANUAL",
        algorithm_identification=algorithm,
        tracking_uid=highdicom.UID(),
        tracking_id=f"{case.name} {label}"[:64],
    )


def _structure(label: str) -> Structure:
    return STRUCTURES.get(label, Structure(label, ""))


def _known(label: str) -> Structure:
    return STRUCTURES.get(label, TISSUE)


def _content_label(label: str) -> str:
    """DICOM's code strings: capitals, digits, 16 signs."""
    return label.upper()[:16]


def _person(revision: Revision) -> Any:
    from pydicom.valuerep import PersonName

    words = revision.author.replace("^", " ").replace("\\", " ").split() or ["unknown"]
    return PersonName.from_named_components(family_name=words[-1], given_name=" ".join(words[:-1]))
