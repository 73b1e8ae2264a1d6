"""Unpacking an archive from elsewhere without letting it write, or grow, where it should not."""

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from crosscontrast.errors import ModelError

MOST_BYTES = 16 * 2**30
MOST_FILES = 10_000


def extract(archive: Path, folder: Path, most_bytes: int = MOST_BYTES) -> Path:
    """Unpack the zip file ``archive`` into ``folder`` and return the model's folder in it.

    That is ``folder`` itself, or the deepest folder that everything lies below. What macOS adds of its own is left
    out. Raises :class:`ModelError`,
    before anything is written, for paths that leave the folder, links, and archives that unpack to more than
    ``most_bytes`` bytes or 10,000 files.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [
                member
                for member in opened.infolist()
                if not member.is_dir() and not member.filename.startswith("__MACOSX/")
            ]
            _check(archive, members, most_bytes)
            for member in members:
                target = folder / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                # zipfile stops at the size that the header promises, so the sum checked above holds.
                with opened.open(member) as packed, target.open("xb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ModelError(f"{archive} is not a readable zip file: {error}.") from error
    except OSError as error:
        raise ModelError(f"{archive} cannot be unpacked: {error.strerror or error}.") from error
    while len(inside := list(folder.iterdir())) == 1 and inside[0].is_dir():
        folder = inside[0]
    return folder


def _check(archive: Path, members: list[zipfile.ZipInfo], most_bytes: int) -> None:
    for member in members:
        path = PurePosixPath(member.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
            raise ModelError(f"{archive} was not unpacked: {member.filename!r} in it leads outside of the folder.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise ModelError(f"{archive} was not unpacked: {member.filename!r} in it is a link.")
    if len(members) > MOST_FILES or sum(member.file_size for member in members) > most_bytes:
        raise ModelError(f"{archive} was not unpacked: it holds more files or bytes than a model does.")
