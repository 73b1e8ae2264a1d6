"""Files: names without extensions, checksums, and writing that leaves nothing half-done."""

import hashlib
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crosscontrast.errors import OutputError

#: Extensions of the image formats we read, longest first so that ``.nii.gz`` is not taken for ``.gz``.
IMAGE_EXTENSIONS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".mgz", ".mgh", ".hdr")
#: The two files of one image, whose voxels are in the second.
PAIR = (".hdr", ".img")
#: Written into a folder by macOS and Windows when somebody looks into it.
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


def is_image_name(path: Path) -> bool:
    """Tell whether the name has the extension of an image format that we read."""
    return path.name.lower().endswith(IMAGE_EXTENSIONS)


def image_stem(path: Path) -> str:
    """Return the file name without the image extension: ``sub-01_T2w`` for ``sub-01_T2w.nii.gz``."""
    lower = path.name.lower()
    extension = next((e for e in IMAGE_EXTENSIONS if lower.endswith(e)), path.suffix)
    return path.name[: len(path.name) - len(extension)] or path.name


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files below a folder taken in the order of their names.

    That of one of a pair (``.hdr`` and ``.img``) is that of both, because they are one image. What file managers leave
    in a folder does not count.
    """
    if path.is_dir():
        whole = hashlib.sha256()
        for file in sorted(p for p in path.rglob("*") if p.is_file() and p.name not in _LITTER):
            whole.update(f"{file.relative_to(path).as_posix()}\0{sha256(file)}\n".encode())
        return whole.hexdigest()
    if path.suffix.lower() in PAIR:
        both = [path.with_suffix(ending) for ending in PAIR]
        if all(file.is_file() for file in both):
            return hashlib.sha256(b"".join(_digest(file) for file in both)).hexdigest()
    return _digest(path).hex()


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def make_folder(path: Path) -> Path:
    """Create a folder for outputs and prove that files can be written there.

    Raises :class:`OutputError` naming the folder and the system's reason.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".part-{uuid.uuid4().hex[:8]}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"Cannot write into the folder {path}: {error.strerror or error}.") from error
    return path


@contextmanager
def output_folder(path: Path) -> Iterator[Path]:
    """Give :func:`make_folder` of ``path``; what of it was created and is still empty at the end is removed again.

    So that a call in which nothing could be done leaves nothing behind.
    """
    created = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        yield make_folder(path)
    finally:
        for folder in created:
            try:
                folder.rmdir()
            except OSError:
                break


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` and rename it to ``path`` when the block ends without an error.

    The temporary name keeps the extension, because image writers choose the format by it. On an error nothing is
    left, and a full disk or a lost folder is an :class:`OutputError` that names ``path``.
    """
    temporary = path.with_name(f".part-{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        yield temporary
        # Renaming before the data is on disk can leave an empty file after a power cut.
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder inside ``folder``; its files move up together when the block ends without an error.

    So that the results of one case appear all at once or not at all. Errors name the file where it would have been.
    """
    staging = folder / f".part-{uuid.uuid4().hex[:8]}"
    try:
        staging.mkdir()
        yield staging
        for file in sorted(staging.iterdir()):
            file.replace(folder / file.name)
    except OutputError as error:
        raise OutputError(error.message.replace(str(staging), str(folder)), error.hint) from error
    except OSError as error:
        raise OutputError(f"Cannot write into the folder {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def new_folder(folder: Path, what: str) -> Iterator[Path]:
    """Give a temporary folder beside ``folder`` and rename it to ``folder`` when the block ends without an error.

    On an error nothing is left, and what the system refuses is an :class:`OutputError` that names ``what``
    ("The model") and the folder.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"{what} cannot be written to {folder.parent}: {error.strerror or error}.") from error
    try:
        yield temporary
        temporary.chmod(0o755)  # a temporary folder keeps others out
        temporary.rename(folder)
    except OSError as error:
        raise OutputError(f"{what} cannot be written to {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Send what C libraries print on file descriptor 2 to nowhere while the block runs."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
