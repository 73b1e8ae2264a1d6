"""A process that reads what strangers sent gives up everything else first.

Three fences, each holding where the one before is missing: Landlock (Linux 5.13 and later) takes away all other files,
programs and connections, for native code too; resource limits (not on Windows) bound memory, time and what is written;
an audit hook refuses what Python code would open outside.
"""

import ctypes
import os
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446  # numbers of the system calls, the same on every processor
_NO_NEW_PRIVILEGES = 38
_READ, _WRITE, _TRUNCATE = 1 << 2, 1 << 1, 1 << 14
#: Read, list, write, remove and make files and folders; no links, devices or sockets, and no programs.
_WORK = _READ | _WRITE | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13 | _TRUNCATE
#: How many rights on files each version of Landlock knows.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_FORBIDDEN = (
    "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.link", "os.symlink", "socket.",
    "ctypes.dlopen", "ftplib.", "urllib.", "webbrowser.",
)  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """What a confined process may take: bytes of address space, bytes of one written file, seconds of processor."""

    memory: int
    file: int
    seconds: int


def confine(folder: Path, bounds: Bounds) -> None:
    """Keep this process to ``folder`` and ``bounds`` from now on; call it before it has a second thread.

    All that will be imported must be imported before.
    """
    folder = folder.resolve()
    _limit(bounds)
    restrict_files(folder)
    sys.addaudithook(_hook(str(folder)))


def landlock_version() -> int:
    """Return the version of Landlock that the system has; 0 where it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(_CREATE, None, ctypes.c_size_t(0), 1)))


def restrict_files(folder: Path) -> bool:
    """Let this thread open nothing outside ``folder`` but the null device, nor connect; ``False`` without Landlock."""
    version = landlock_version()
    if not version:
        return False
    call = ctypes.CDLL(None, use_errno=True).syscall
    files = (1 << _RIGHTS.get(version, 16)) - 1
    # Version 4 adds TCP connections (bind, connect), version 6 signals and sockets to processes outside.
    asked = struct.pack("=QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    asked = asked[: 24 if version >= 6 else 16 if version >= 4 else 8]
    rules = call(_CREATE, asked, ctypes.c_size_t(len(asked)), 0)
    if rules < 0:
        return False
    try:
        for path, rights in ((folder, _WORK), (Path(os.devnull), _READ | _WRITE | _TRUNCATE)):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", rights & files, place)
                if call(_ADD_RULE, rules, 1, rule, 0):
                    return False
            finally:
                os.close(place)
        ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return int(call(_RESTRICT, rules, 0)) == 0
    finally:
        os.close(rules)


def _limit(bounds: Bounds) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {
        "RLIMIT_AS": bounds.memory,
        "RLIMIT_FSIZE": bounds.file,
        "RLIMIT_CPU": bounds.seconds,
        "RLIMIT_NOFILE": 64,
        "RLIMIT_CORE": 0,
    }
    for name, value in limits.items():
        with suppress(ValueError, OSError, AttributeError):  # macOS knows some and refuses others
            resource.setrlimit(getattr(resource, name), (value, value))


def _hook(folder: str) -> Any:
    inside = folder + os.sep

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path = arguments[0]
            if isinstance(path, int):
                return
            real = os.path.realpath(os.fsdecode(path))
            if not real.startswith(inside) and path != os.devnull:
                raise PermissionError(13, "not a file of the upload")
        elif event.startswith(_FORBIDDEN):
            raise PermissionError(13, "not while a stranger's file is read")

    return check
