"""The process in which uploaded files are looked at: it can open nothing but them (see ``ground.confinement``)."""

import importlib
import json
import os
import shutil
import stat
import subprocess
import sys
import traceback
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crosscontrast.app.server.plan import Limits
from crosscontrast.app.server.uploads import IMAGES, Settled, place, safe_name, settle_here
from crosscontrast.errors import BadInputError, CrossContrastError
from crosscontrast.ground.confinement import Bounds, confine
from crosscontrast.ground.dicom.pixels import load_readers
from crosscontrast.ground.files import is_image_name
from crosscontrast.jobs.processes import worker_environment, worker_python

#: Seconds that the files of one upload may take of the clock and of the processor.
_PATIENCE, _PROCESSOR = 900, 600
#: Address space besides the voxels: the interpreter with SimpleITK and nibabel takes 0.5 GiB of it.
_PROGRAM = 2 << 30
#: Of the environment, what the interpreter needs to start; nothing else is a reader's business.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")

#: What zipfile, numpy and traceback import only where they need it, when it would be too late.
_NEEDED = ("encodings.cp437", "encodings.latin_1", "numpy.ma", "linecache", "bz2", "lzma")


def settle(files: Sequence[tuple[str, Path]], folder: Path, limits: Limits) -> Settled:
    """Make images of uploaded files, in ``folder``, by a process that can open nothing but the files.

    ``files`` are pairs of the name that the browser gave and the file as it came. Files that are no images by their
    names are taken for DICOM series, unless there are images too; a ZIP archive is looked into. Raises
    :class:`BadInputError` with one sentence where nothing can be used; nothing is kept then.
    """
    for name, _ in files:
        safe_name(name)
    work = folder / f".part-{uuid.uuid4().hex[:8]}"
    work.mkdir(parents=True, mode=0o700)
    try:
        sent = []
        for number, (name, path) in enumerate(files):
            path.replace(work / f"{number:06d}.sent")
            sent.append([name, f"{number:06d}.sent"])
        told = _ask({"files": sent, "limits": asdict(limits)}, work, limits)
        if "error" in told:
            raise BadInputError(str(told["error"]), str(told.get("hint", "")))
        made = [_checked(work, str(name)) for name in told["images"]]
        return Settled([place(path, folder) for path in made], [str(remark) for remark in told["remarks"]])
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _ask(request: dict[str, Any], work: Path, limits: Limits) -> dict[str, Any]:
    environment = {name: value for name, value in worker_environment({}).items() if name in _ENVIRONMENT}
    # One thread: those of a library that begin before the fences are up would stand outside of them.
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment |= {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1", "TMPDIR": str(work), "PYTHONDONTWRITEBYTECODE": "1"}
    bounds = Bounds(
        memory=min(_PROGRAM + 5 * limits.volume_bytes, sys.maxsize),
        file=min(max(limits.volume_bytes, limits.upload_bytes) + (64 << 20), sys.maxsize),
        seconds=_PROCESSOR,
    )
    command = [worker_python(), "-m", "crosscontrast.app.server.settling"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request | {"bounds": asdict(bounds)}).encode(),
            stdout=subprocess.PIPE,
            cwd=work,
            env=environment,
            timeout=_PATIENCE,
            check=False,
        )
        told: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        why = "reading ended early for want of memory or time"
        raise BadInputError(f"{_which(request)} cannot be read here: {why}.") from error
    return told


def _which(request: dict[str, Any]) -> str:
    names = [safe_name(name) for name, _ in request["files"]]
    return names[0] if len(names) == 1 else f"What was sent ({len(names)} files)"


def _checked(work: Path, name: str) -> Path:
    """The process that made a file may have been taken over by what it read: it names files, and nothing else."""
    path = work / IMAGES / name
    if Path(name).name != name or not stat.S_ISREG(path.lstat().st_mode):
        raise BadInputError("What was sent cannot be read.")
    return path


def _main() -> None:
    request = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    for module in _NEEDED:
        importlib.import_module(module)
    if not all(is_image_name(Path(name)) for name, _ in request["files"]):
        load_readers()
    if any(name.lower().endswith((".nii", ".nii.gz", ".zip")) for name, _ in request["files"]):
        importlib.import_module("nibabel")  # for scaled voxels; 0.4 s
    work = Path.cwd()
    confine(work, Bounds(**request["bounds"]))
    told: dict[str, Any]
    try:
        settled = settle_here(
            [(name, work / path) for name, path in request["files"]], work, Limits(**request["limits"])
        )
        told = {"images": [path.name for path in settled.images], "remarks": settled.remarks}
    except CrossContrastError as error:
        told = error.as_data() | {"error": error.message}
    except MemoryError:
        told = {"error": f"{_which(request)} needs more memory than is allowed here."}
    except Exception:  # whatever a damaged file makes a library say
        traceback.print_exc()  # into the session's log
        told = {"error": f"{_which(request)} cannot be read: damaged."}
    json.dump(told, answer)
    answer.flush()
    os._exit(0)  # native libraries may hang in their destructors


if __name__ == "__main__":
    _main()
