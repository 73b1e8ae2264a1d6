"""The way of a case from its files to the files of its results, with the record of how they were made.

::

    case = Case("cord.segment")
    with case.listening():
        image, device = case.read(path), case.compute_on("auto")
        ...
    with case.results(folder, "sub-01_softseg.json", parameters={...}) as results:
        write_image(soft, results.place("sub-01_softseg.nii.gz"))
"""

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosscontrast.errors import CrossContrastError, OutputError
from crosscontrast.ground.device import choose_device, describe_device
from crosscontrast.ground.files import make_folder, sha256, staging_folder
from crosscontrast.ground.provenance import FileRecord, ModelRecord, Provenance

if TYPE_CHECKING:
    import SimpleITK as sitk
    import torch

_LOGGER = logging.getLogger("engine")


@contextmanager
def our_warnings() -> Iterator[list[str]]:
    """Collect, until the block ends, what we warn of: an unusual image, a device that is not there.

    Libraries warn too, but of their own future; users want to hear about their images only.
    """
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    said += [str(w.message) for w in caught if w.category.__module__.startswith("crosscontrast")]


class Results:
    """The files of a result while they are written."""

    def __init__(self, staging: Path, provenance: Provenance) -> None:
        self.provenance = provenance
        self._staging, self._files = staging, dict[Path, None]()

    def place(self, file: Path | str) -> Path:
        """Return where the file of this name is to be written; it moves to its own folder when all are there."""
        place = self._staging / Path(file).name
        self._files[place] = None
        return place

    def record(self) -> list[FileRecord]:
        """Record the files so far, in the order in which their places were asked for."""
        return [FileRecord.of(file, relative=True) for file in self._files]


@contextmanager
def write_results(folder: Path, sidecar: Path | str, provenance: Provenance) -> Iterator[Results]:
    """Let the block write files into ``folder``; they appear together with the sidecar, or not at all.

    ``provenance`` is what the sidecar holds; its outputs are filled in. What an earlier sidecar of that name recorded
    and this one does not is removed, see :func:`remove_superseded`. Raises :class:`OutputError`.
    """
    earlier = Provenance.read(folder / Path(sidecar).name)
    with staging_folder(make_folder(folder)) as staging:
        results = Results(staging, provenance)
        yield results
        provenance.outputs = results.record()
        provenance.write(staging / Path(sidecar).name)
    remove_superseded(folder, earlier, provenance)


@dataclass
class Case:
    """What a result is made from, recorded as it is taken; ``job`` is the kind of the job that makes it."""

    job: str
    inputs: list[FileRecord] = field(default_factory=list)
    model: ModelRecord | None = None
    device: str = ""
    engine: str = ""
    warnings: list[str] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep for the record what :func:`our_warnings` hears in the block."""
        with our_warnings() as said:
            yield
        self.warnings += said

    def read(self, path: Path) -> "sitk.Image":
        """Read an image (a file or a DICOM folder) as float32 with finite values only."""
        from crosscontrast.ground.images import clean_intensities, read_image

        image = clean_intensities(read_image(path), path.name)
        self.inputs.append(FileRecord.of(path))
        return image

    def compute_on(self, name: str) -> "torch.device":
        """Choose the device, see :func:`~crosscontrast.ground.device.choose_device`."""
        device = choose_device(name)
        self.device = describe_device(device)
        return device

    def computed_by(self, engine: str) -> None:
        """Keep for the record what ran the networks, and say it to whoever asks with ``--verbose``."""
        self.engine = engine
        _LOGGER.info("%s on %s", engine, self.device)

    @contextmanager
    def results(
        self,
        folder: Path,
        sidecar: Path | str,
        *,
        parameters: Mapping[str, Any],
        measures: Mapping[str, Any] | None = None,
    ) -> Iterator[Results]:
        """Let the block write the results, see :func:`write_results`."""
        provenance = Provenance(
            job=self.job,
            model=self.model,
            device=self.device,
            engine=self.engine,
            parameters=dict(parameters),
            inputs=self.inputs,
            measures=dict(measures or {}),
            warnings=self.warnings,
        )
        with write_results(folder, sidecar, provenance) as results:
            yield results


def check_replaceable(folder: Path, results: Iterable[Path], sidecar: Path) -> None:
    """Raise :class:`OutputError` if one of the ``results`` exists and is not an unchanged result of ours.

    Manual masks are called ``_seg`` too, and a result may have been corrected by hand since. What is ours stands in
    the ``sidecar``, a :class:`Provenance` of files in ``folder``.
    """
    ours = Provenance.read(sidecar)
    recorded = {record.path for record in ours.outputs} if ours else set()
    foreign = [p.name for p in results if p.exists() and p.name not in recorded]
    if foreign:
        raise OutputError(
            f"{folder / foreign[0]} exists already and was not made by this program.",
            "choose another --out, or --overwrite to replace it",
        )
    changed = ours.changed_since(folder) if ours else []
    if changed:
        raise OutputError(
            f"{folder / changed[0]} was changed by someone since it was made.",
            "choose another --out, or --overwrite to replace it",
        )


def check_same_input(image: Path, sidecar: Path, way_out: str = "") -> None:
    """Raise :class:`OutputError` if ``sidecar`` records results that were made of another image than ``image``.

    The content decides, as files of two patients are often called alike. ``way_out`` is one more thing that the user
    can do.
    """
    ours = Provenance.read(sidecar)
    if ours is None or not ours.inputs or not image.exists() or ours.inputs[0].sha256 == sha256(image):
        return
    if _is_as_it_was(ours.inputs[0]) and _same_image(image, Path(ours.inputs[0].path)):
        return
    raise OutputError(
        f"{sidecar.parent} holds the results of another image under the name of {image}: they were made of "
        f"{ours.inputs[0].path} as it was then.",
        f"choose another --out, {f'{way_out}, ' if way_out else ''}or --overwrite to replace them",
    )


def _is_as_it_was(record: FileRecord) -> bool:
    path = Path(record.path)
    return path.is_file() and sha256(path) == record.sha256


def _same_image(image: Path, other: Path) -> bool:
    """Tell whether two files hold one image, such as ``x.nii`` and ``x.nii.gz``."""
    from crosscontrast.ground.images import read_image
    from crosscontrast.ground.placement import same_voxels

    try:
        return same_voxels(read_image(image), read_image(other))
    except CrossContrastError:  # said where the image is read
        return False


def remove_superseded(folder: Path, earlier: Provenance | None, now: Provenance) -> None:
    """Remove what an earlier run made and this one did not, such as a map of uncertainty, unless it was changed."""
    made = {record.path for record in now.outputs}
    for record in earlier.outputs if earlier else []:
        path = folder / Path(record.path).name  # a sidecar from elsewhere must not point out of the folder
        if path.name not in made and path.is_file() and sha256(path) == record.sha256:
            path.unlink()
