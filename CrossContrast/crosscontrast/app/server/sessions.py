"""The sessions that run: each a process, started when its user comes and ended when it idles or grows too large."""

import asyncio
import contextlib
import hashlib
import logging
import multiprocessing
import secrets
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from crosscontrast.app.server.plan import Limits, SessionPlan
from crosscontrast.app.server.process import END, run_session
from crosscontrast.errors import CrossContrastError

log = logging.getLogger(__name__)

#: Seconds to wait for a session to come up and to end by itself, and between looks at all of them.
_START, _GRACE, _LOOK = 180.0, 15.0, 5.0


class Session:
    """One running session."""

    def __init__(self, plan: SessionPlan, process: BaseProcess, pipe: Connection, port: int) -> None:
        self.plan, self.process, self.port = plan, process, port
        self._pipe = pipe
        self.last_seen = time.monotonic()

    def alive(self) -> None:
        """The user did something."""
        self.last_seen = time.monotonic()

    @property
    def memory(self) -> int:
        """Bytes that the process and its own (the worker) hold, what they share counted once for each."""
        try:
            process = psutil.Process(self.process.pid)
            return sum(part.memory_info().rss for part in (process, *process.children(recursive=True)))
        except psutil.Error:
            return 0

    async def end(self) -> None:
        """Let the session keep its work and end; end it by force where it does not."""
        with contextlib.suppress(OSError):
            self._pipe.send(END)
        await asyncio.to_thread(self.process.join, _GRACE)
        if self.process.is_alive():
            log.warning("A session did not end by itself and was killed")
            self.process.kill()
            await asyncio.to_thread(self.process.join, _GRACE)
        self._pipe.close()


class SessionPool:
    """All sessions of a server. ``root`` holds a folder for each, named by a digest of its identity.

    ``preload`` are modules that are imported once for all of them.
    """

    def __init__(
        self,
        application: str,
        arguments: Mapping[str, Any],
        root: Path,
        limits: Limits,
        preload: Sequence[str] = ("crosscontrast.app.server.preload",),
    ) -> None:
        self._application, self._arguments = application, dict(arguments)
        self._root, self.limits = root, limits
        self._sessions: dict[str, Session] = {}
        self._starting: dict[str, asyncio.Future[Session]] = {}
        method = "spawn" if sys.platform == "win32" else "forkserver"
        self._context = multiprocessing.get_context(method)
        self._context.set_forkserver_preload(list(preload))
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def is_known(self, identity: str) -> bool:
        """Whether there is, or was lately, a session of this identity."""
        return bool(identity) and self._folder(identity).is_dir()

    def running(self, identity: str) -> Session | None:
        """Return the session if its process runs."""
        session = self._sessions.get(identity)
        return session if session and session.process.is_alive() else None

    @property
    def sessions(self) -> list[Session]:
        """The sessions that run."""
        return [session for session in self._sessions.values() if session.process.is_alive()]

    def prepare(self) -> None:
        """Import what sessions need, so that the first one does not have to wait for that."""
        if self._context.get_start_method() == "forkserver":
            from multiprocessing.forkserver import ensure_running

            ensure_running()

    def begin(self, identity: str) -> Session | None:
        """Return the running session, or ``None`` while it is being started where it was left.

        Raises :class:`CrossContrastError` where there is no room for another, or it could not be started.
        """
        starting = self._starting.get(identity)
        if starting and starting.done():
            del self._starting[identity]
            self._sessions[identity] = starting.result()
            self._sessions[identity].alive()
        session = self.running(identity)
        if session is None and identity not in self._starting:
            self._check_room()
            self._folder(identity).mkdir(exist_ok=True, mode=0o700)
            self._starting[identity] = asyncio.ensure_future(self._start(identity))
        if session:
            session.alive()
        return session

    def _check_room(self) -> None:
        begun = sum(not starting.done() for starting in self._starting.values())
        if len(self.sessions) + begun >= self.limits.sessions:
            raise CrossContrastError(
                f"All {self.limits.sessions} sessions of this server are in use; try again in a while."
            )
        if psutil.virtual_memory().available < self.limits.spare_bytes:
            raise CrossContrastError("This server has no memory left for another session; try again in a while.")

    async def _start(self, identity: str) -> Session:
        folder = self._folder(identity)
        plan = SessionPlan(self._application, folder, secrets.token_urlsafe(32), self.limits, self._arguments)
        ours, theirs = self._context.Pipe()
        process: BaseProcess = self._context.Process(  # type: ignore[attr-defined]  # each kind of context has it
            target=run_session, args=(plan, theirs), daemon=False
        )
        await asyncio.to_thread(process.start)
        theirs.close()
        try:
            found = await asyncio.to_thread(ours.poll, _START) and ours.recv()
        except EOFError:
            found = "it ended at once"
        if not isinstance(found, int) or isinstance(found, bool):
            process.kill()
            raise CrossContrastError(f"A session could not be started: {found or 'it did not answer'}.")
        return Session(plan, process, ours, found)

    async def watch(self) -> None:
        """End sessions that idle or hold too much memory, and forget old ones; runs until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            for identity, starting in list(self._starting.items()):
                if starting.done() and starting.exception() is None:  # an error waits for the user to come and see it
                    self._sessions[identity] = self._starting.pop(identity).result()
            for identity, session in list(self._sessions.items()):
                reason = self._why_end(session)
                if reason:
                    log.info("A session was ended: %s", reason)
                    del self._sessions[identity]
                    await session.end()
            self._sweep()

    def _why_end(self, session: Session) -> str:
        if not session.process.is_alive():
            return f"its process ended with exit code {session.process.exitcode}"
        if time.monotonic() - session.last_seen > 60 * self.limits.idle_minutes:
            return "it was idle"
        if session.memory > self.limits.session_bytes:
            return f"it held {session.memory >> 20} MiB of memory"
        return ""

    def _sweep(self) -> None:
        used = {session.plan.folder for session in self._sessions.values()}
        oldest = time.time() - 86400 * self.limits.keep_days
        for folder in self._root.iterdir():
            if (
                folder not in used
                and folder.is_dir()
                and not folder.name.startswith(".")
                and folder.stat().st_mtime < oldest
            ):
                shutil.rmtree(folder, ignore_errors=True)

    async def close(self) -> None:
        """End all sessions."""
        begun = await asyncio.gather(*self._starting.values(), return_exceptions=True)
        sessions = [*self._sessions.values(), *(made for made in begun if isinstance(made, Session))]
        self._sessions, self._starting = {}, {}
        await asyncio.gather(*(session.end() for session in sessions))

    def _folder(self, identity: str) -> Path:
        return self._root / hashlib.sha256(identity.encode()).hexdigest()[:32]
