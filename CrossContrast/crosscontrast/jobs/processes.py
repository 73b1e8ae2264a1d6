"""Operating-system processes: which Python to start, what it must know, and ending one with all its children."""

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from crosscontrast.errors import WorkerError

#: Seconds that a process gets to end by itself before it is killed.
GRACE = 2.0


def worker_python() -> str:
    """Return the Python interpreter that a worker runs in.

    That is this program's own, except inside Slicer, where ``sys.executable`` is the application and the interpreter
    with the same packages is ``PythonSlicer``. Raises :class:`WorkerError` where there is none.
    """
    executable = Path(sys.executable or "")
    if executable.name.lower().startswith("python"):
        return str(executable)
    # Slicer puts PythonSlicer's folder on PATH; on macOS the application itself lies in a folder beside it.
    folders = [os.environ.get("PATH", ""), str(executable.parent), str(executable.parent.parent / "bin")]
    found = shutil.which("PythonSlicer", path=os.pathsep.join(folders))
    if found is None:
        raise WorkerError(
            f"No Python interpreter was found beside {executable or 'this program'}.",
            hint="In Slicer, PythonSlicer should be on PATH; start Slicer through its launcher.",
        )
    return found


def worker_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with ``more`` on top and our import path in PYTHONPATH.

    Folders that belong to the interpreter itself are left out: the worker's interpreter has its own.
    """
    environment = {**os.environ, **more}
    own = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths = [Path(entry).absolute() for entry in sys.path if Path(entry).exists()]
    passed_on = [str(path) for path in paths if not own & {path, *path.parents}]
    first = [more["PYTHONPATH"]] if "PYTHONPATH" in more else []
    environment["PYTHONPATH"] = os.pathsep.join([*first, *passed_on])
    return environment


def is_alive(pid: int) -> bool:
    """Whether a child process of ours still runs, even where another thread is just waiting for its end."""
    try:
        status: str = psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return False
    return status != psutil.STATUS_ZOMBIE


def descendants(pid: int) -> list[psutil.Process]:
    """Return the children of a process, their children and so on; nothing where it is gone."""
    with suppress(psutil.NoSuchProcess):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def end_tree(pid: int) -> None:
    """End a process and all its descendants, and come back when they are gone."""
    family = descendants(pid)  # before their parent ends: orphans can no longer be found
    with suppress(psutil.NoSuchProcess):
        family.insert(0, psutil.Process(pid))
    end(family)


def end(processes: Iterable[psutil.Process]) -> None:
    """Ask processes to end, kill those that have not after :data:`GRACE` seconds, and come back when they are gone."""
    remaining = list(processes)
    for ask in (psutil.Process.terminate, psutil.Process.kill):
        for process in remaining:
            with suppress(psutil.NoSuchProcess):
                ask(process)
        _, remaining = psutil.wait_procs(remaining, timeout=GRACE)
