"""Files that come from a browser: nothing in them is believed, and what is kept is an image that can be read."""

import re
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from crosscontrast.app.server.checks import clean_name, promised_bytes
from crosscontrast.app.server.dicom_uploads import settle_series
from crosscontrast.app.server.plan import Limits
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem, is_image_name
from crosscontrast.ground.images import read_image

#: Headers of images are looked for in this many bytes.
_HEADER = 1 << 16
#: What a compressed NIfTI file may hold beyond the voxels that its header promises: the header and its extensions.
_SLACK = 1 << 20
_DETACHED = (".mhd", ".nhdr")


def safe_name(name: str) -> str:
    """Make a file name of what a browser says: its last part, of harmless characters.

    Raises :class:`BadInputError` for a name that leads out of the folder that it would be put into.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0] == "/" or re.match(r"[A-Za-z]:", parts[0]) or "\0" in name:
        raise BadInputError(f"The file name {name[:80]!r} leads out of its folder and was refused.")
    return clean_name(parts[-1]) or "file"


@dataclass(frozen=True)
class Settled:
    """What came of uploaded files: ``images``, and sentences about what was left out."""

    images: list[Path]
    remarks: list[str]


def settle(files: Sequence[tuple[str, Path]], folder: Path, limits: Limits) -> Settled:
    """Make images of uploaded files, in ``folder``.

    ``files`` are pairs of the name that the browser gave and the file as it came. Files that are no images by their
    names are taken for DICOM series, unless there are images too; a ZIP archive is looked into. Raises
    :class:`BadInputError` with one sentence where nothing can be used; nothing is kept then.
    """
    with_names = [(safe_name(name), path) for name, path in files]
    work = folder / f".part-{uuid.uuid4().hex[:8]}"
    work.mkdir(parents=True)
    try:
        unpacked: list[tuple[str, Path]] = []
        for name, path in with_names:
            if name.lower().endswith(".zip"):
                unpacked += _unpack(name, path, work, limits)
            else:
                unpacked.append((name, path))
        images = [(name, path) for name, path in unpacked if is_image_name(Path(name))]
        others = [(name, path) for name, path in unpacked if not is_image_name(Path(name))]
        if images:
            made = [_settle_image(name, path, work, limits) for name, path in images]
            remarks = _left_out([name for name, _ in others])
        elif others:
            made, remarks = settle_series([path for _, path in others], work, limits)
        else:
            raise BadInputError("There was no file in what was sent.")
        return Settled([_move(path, folder) for path in made], remarks)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_image(path: Path, name: str, limits: Limits) -> None:
    """Raise :class:`BadInputError`, naming ``name``, unless ``path`` is one whole 3-D image of a size that is allowed.

    Its header is looked at before memory is set aside for its voxels.
    """
    lower = path.name.lower()
    if lower.endswith(_DETACHED):
        raise BadInputError(f"{name} keeps its voxels in another file; send a .nrrd, .mha or .nii.gz instead.")
    _check_self_contained(path, name)
    promised = promised_bytes(path, name)
    if promised > limits.volume_bytes:
        raise BadInputError(
            f"{name} would take {promised >> 20} MiB of memory; {limits.volume_bytes >> 20} MiB are allowed here."
        )
    if lower.endswith(".nii.gz"):
        _check_gzip(path, name, promised)
    try:
        read_image(path)
    except BadInputError as error:
        raise BadInputError(error.message.replace(str(path), name), error.hint) from error


def _left_out(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return [f"Left out, because no image by its name: {names[0]}{more}."]


def _settle_image(name: str, path: Path, work: Path, limits: Limits) -> Path:
    target = work / f"{uuid.uuid4().hex[:6]}"
    target.mkdir()
    placed = target / name
    path.replace(placed)
    check_image(placed, name, limits)
    return placed


def _move(path: Path, folder: Path) -> Path:
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        stem = image_stem(path)
        target = folder / f"{stem}-{number}{path.name[len(stem) :]}"
    return path.replace(target)


def _unpack(name: str, path: Path, work: Path, limits: Limits) -> list[tuple[str, Path]]:
    """Take the files out of an archive, under names of our own; sizes are counted as they come, not as promised."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > limits.upload_files:
                raise BadInputError(f"{name} holds {len(entries)} files; {limits.upload_files} are allowed here.")
            taken, left = [], limits.upload_bytes
            for number, entry in enumerate(entries):
                inner = safe_name(entry.filename)
                if stat.S_ISLNK(entry.external_attr >> 16):
                    raise BadInputError(f"{name} holds a link, {entry.filename[:80]!r}, and was refused.")
                if inner.lower().endswith(".zip"):
                    raise BadInputError(f"{name} holds another archive and was refused.")
                target = work / f"{number:06d}.part"
                left = _copy_out(archive, entry, target, left, name, limits)
                taken.append((inner, target))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BadInputError(f"{name} is not a ZIP archive that can be read.") from error
    return taken


def _copy_out(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int, name: str, limits: Limits
) -> int:
    with archive.open(entry) as source, target.open("wb") as out:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise BadInputError(f"{name} unpacks to more than the {limits.upload_bytes >> 20} MiB allowed here.")
            out.write(block)
    return left


def _check_self_contained(path: Path, name: str) -> None:
    """NRRD and MetaImage headers may name any file of this computer as the place of their voxels."""
    lower = path.name.lower()
    if not lower.endswith((".nrrd", ".mha")):
        return
    with path.open("rb") as stream:
        head = stream.read(_HEADER)
    if lower.endswith(".nrrd"):
        # The header ends with the first empty line.
        head = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
        if re.search(rb"^\s*data ?file\s*:", head, re.IGNORECASE | re.MULTILINE):
            raise BadInputError(f"{name} keeps its voxels in another file and was refused.")
    else:
        found = re.search(rb"^\s*ElementDataFile\s*=\s*(\S+)", head, re.IGNORECASE | re.MULTILINE)
        if not found or found[1] != b"LOCAL":
            raise BadInputError(f"{name} keeps its voxels in another file and was refused.")


def _check_gzip(path: Path, name: str, promised: int) -> None:
    """Stop reading a compressed file that holds more than its header promises."""
    decoder, length = zlib.decompressobj(wbits=31), 0
    try:
        with path.open("rb") as stream:
            while not decoder.eof and (block := stream.read(1 << 16)):
                while block:
                    length += len(decoder.decompress(block, 1 << 20))
                    block = decoder.unconsumed_tail
                    if length > promised + _SLACK:
                        raise BadInputError(f"{name} unpacks to more than its header promises and was refused.")
    except zlib.error:
        return  # plain in spite of its name, or damaged: found out when it is read
