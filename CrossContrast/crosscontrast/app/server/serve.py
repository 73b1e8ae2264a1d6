"""Starting and ending a server."""

import asyncio
import contextlib
import signal
import socket
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import platformdirs
from aiohttp import web

from crosscontrast.app.server.access import Access, is_loopback
from crosscontrast.app.server.patience import watched
from crosscontrast.app.server.plan import Limits
from crosscontrast.app.server.proxy import FrontDoor
from crosscontrast.app.server.sessions import SessionPool
from crosscontrast.errors import OutputError


class Says(Protocol):
    """Where the address is told: a :class:`~crosscontrast.cli.console.Console`, for example."""

    def say(self, text: str) -> None:
        """Tell the user something."""


def serve(
    application: str,
    arguments: Mapping[str, Any],
    *,
    host: str,
    port: int,
    token: str,
    proxies: tuple[str, ...],
    limits: Limits,
    keep: Path | None,
    opens: bool,
    console: Says,
) -> None:
    """Serve ``application`` (see :class:`SessionPlan`) until Ctrl-C; raises :class:`OutputError` for a taken port.

    ``keep`` is the folder of the sessions' work, by default the user's own; ``opens`` opens a browser here; ``proxies``
    are addresses whose X-Forwarded headers are believed.
    """
    root = (keep or platformdirs.user_state_path("CrossContrast", appauthor=False) / "browser").absolute()
    with _listen(host, port) as listening:
        port = listening.getsockname()[1]
        pool = SessionPool(application, arguments, root, limits)
        door = FrontDoor(pool, Access(token, is_loopback(host), port, proxies))
        shown = "127.0.0.1" if is_loopback(host) else host
        address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/" + (
            f"?token={quote(token)}" if token else ""
        )

        def tell() -> None:
            console.say(f"Open {address} in a browser; stop the server with Ctrl-C.")
            if opens:
                # Without the token: what a browser is started with stands in the list of processes.
                loop = asyncio.get_running_loop()
                loop.run_in_executor(None, webbrowser.open, address.partition("?")[0])

        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(door, listening, tell))


async def _run(door: FrontDoor, listening: socket.socket, tell: Callable[[], None]) -> None:
    runner = web.AppRunner(door.application(), access_log=None, shutdown_timeout=1.0)
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows, where Ctrl-C interrupts
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        async with watched(runner.server, door.patience):
            tell()
            await stop.wait()
    finally:
        await runner.cleanup()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise OutputError(
            f"The server cannot listen on {host}:{port}: {error.strerror}.", "choose another --port"
        ) from error
    return made
