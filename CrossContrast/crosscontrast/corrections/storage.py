"""Writing that survives a kill at any moment: whole folders appear by one rename, under the dataset's lock."""

import gzip
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import SimpleITK as sitk

from crosscontrast.errors import OutputError
from crosscontrast.ground.files import atomic_write
from crosscontrast.ground.images import write_image

#: Seconds that a writer waits for others; a save holds the lock for a fraction of a second.
_PATIENCE = 60.0
#: A staging folder this old (seconds) was left by a process that was killed.
_ABANDONED = 24 * 3600.0


@contextmanager
def dataset_lock(file: Path) -> Iterator[None]:
    """Hold the dataset's lock against other processes and threads; the system gives it back when a process dies.

    Raises :class:`OutputError` where others hold it for a minute.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(file, timeout=_PATIENCE, thread_local=False):
            yield
    except Timeout as error:
        raise OutputError(f"{file.parent.parent} is being written to by someone else.", "try again") from error
    except OSError as error:
        raise OutputError(f"Cannot write into {file.parent.parent}: {error.strerror or error}.") from error


@contextmanager
def new_folder(staging: Path) -> Iterator[Path]:
    """Give an empty folder inside ``staging``, to fill and :func:`commit_folder`; removed where that was not done."""
    folder = staging / uuid.uuid4().hex
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise OutputError(f"Cannot write into {staging.parent.parent}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def commit_folder(folder: Path, target: Path) -> None:
    """Bring all files of ``folder`` to the disk and rename it to ``target``, which must not exist: the commit point."""
    for file in folder.rglob("*"):
        if file.is_dir():
            _sync_folder(file)
            continue
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
    _sync_folder(folder)
    make_synced_folder(target.parent)
    folder.rename(target)
    _sync_folder(target.parent)


def make_synced_folder(folder: Path) -> None:
    """Create a folder and those above it so that they survive a power cut."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync_folder(made.parent)


def move_file(source: Path, target: Path) -> None:
    """Bring a file to the disk and rename it to ``target``."""
    with source.open("rb+") as stream:
        os.fsync(stream.fileno())
    make_synced_folder(target.parent)
    source.replace(target)
    _sync_folder(target.parent)


def replace_file(source: Path, target: Path) -> None:
    """Make ``target`` a copy of ``source`` by one rename."""
    make_synced_folder(target.parent)
    with atomic_write(target) as temporary:
        shutil.copyfile(source, temporary)


def copy_compressed(source: Path, target: Path) -> None:
    """Copy a NIfTI file to a name that ends with ``.nii.gz``, byte by byte or compressed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.name.lower().endswith(".gz"):
        shutil.copyfile(source, target)
        return
    # Without a time stamp, the same image gives the same bytes.
    with source.open("rb") as plain, target.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        shutil.copyfileobj(plain, packed)


def sweep(staging: Path, pattern: str = "*", *, age: float = _ABANDONED) -> None:
    """Remove the folders that killed processes left in ``staging`` longer than ``age`` seconds ago."""
    for folder in staging.glob(pattern) if staging.is_dir() else ():
        try:
            abandoned = time.time() - folder.stat().st_mtime > age
        except FileNotFoundError:  # another process has just committed or removed it
            continue
        if abandoned:
            shutil.rmtree(folder, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system has that (Windows has not)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stage_image(source: Path, image: sitk.Image, folder: Path) -> Path:
    """Write the image that was read from ``source`` into ``folder`` as compressed NIfTI and return its path.

    A NIfTI file keeps every byte of its header and voxels, so that masks made for the one fit the other.
    """
    target = folder / "image.nii.gz"
    if source.is_file() and source.name.lower().endswith((".nii", ".nii.gz")):
        copy_compressed(source, target)
    else:
        write_image(image, target, like=source)
    return target
