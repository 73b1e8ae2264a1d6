"""Files that come from a browser: nothing in them is believed, and what is kept is an image that can be read."""

import re
import shutil
import stat
import uuid
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from crosscontrast.app.server.checks import clean_name
from crosscontrast.app.server.dicom_uploads import settle_series
from crosscontrast.app.server.plan import Limits
from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import image_stem, is_image_name
from crosscontrast.ground.images import ImageWarning, read_image
from crosscontrast.ground.rewrite import rewrite_image

#: The folder in which what came of an upload is left.
IMAGES = "images"


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


def settle_here(files: Sequence[tuple[str, Path]], work: Path, limits: Limits) -> Settled:
    """Make images of uploaded files in the folder :data:`IMAGES` of ``work``, in this process.

    See :func:`crosscontrast.app.server.settling.settle`, which does it in a process that can open nothing else.
    """
    made = work / IMAGES
    made.mkdir()
    unpacked: list[tuple[str, Path]] = []
    for name, path in ((safe_name(name), path) for name, path in files):
        if name.lower().endswith(".zip"):
            unpacked += _unpack(name, path, work, limits)
        else:
            unpacked.append((name, path))
    images = [(name, path) for name, path in unpacked if is_image_name(Path(name))]
    others = [(name, path) for name, path in unpacked if not is_image_name(Path(name))]
    if images:
        remarks: list[str] = []
        kept = [_settle_image(name, path, work, limits, remarks) for name, path in images]
        remarks += _left_out([name for name, _ in others])
    elif others:
        kept, remarks = settle_series(others, work, limits)
    else:
        raise BadInputError("There was no file in what was sent.")
    return Settled([place(path, made) for path in kept], remarks)


def _left_out(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return [f"Left out, because no image by its name: {names[0]}{more}."]


def _settle_image(name: str, path: Path, work: Path, limits: Limits, remarks: list[str]) -> Path:
    """Write an image anew, under its name; what was sent is never read by a library.

    Raises :class:`BadInputError`, naming ``name``, unless it is one whole 3-D image of a size that is allowed.
    """
    folder = work / f"image-{uuid.uuid4().hex[:6]}"
    folder.mkdir()
    sent, written = folder / f"sent-{name}", folder / name
    shutil.move(path, sent)
    try:
        rewrite_image(sent, written, limits.volume_bytes)
        sent.unlink()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ImageWarning)
            read_image(written)
        remarks += [f"{warning.message}." for warning in caught if issubclass(warning.category, ImageWarning)]
    except BadInputError as error:
        told = error.message.replace(str(sent), name).replace(str(written), name)
        raise BadInputError(told, error.hint) from error
    return written


def place(path: Path, folder: Path) -> Path:
    """Move a file into a folder, under another name where there is one of its name; returns where it is."""
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        stem = image_stem(path)
        target = folder / f"{stem}-{number}{path.name[len(stem) :]}"
    shutil.move(path, target)
    return target


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
