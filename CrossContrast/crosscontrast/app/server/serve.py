"""Starting and ending a server."""

import asyncio
import socket
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import platformdirs
from aiohttp import web

from crosscontrast.app.server.access import Access, is_loopback
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
    limits: Limits,
    keep: Path | None,
    opens: bool,
    console: Says,
) -> None:
    """Serve ``application`` (see :class:`SessionPlan`) until Ctrl-C; raises :class:`OutputError` for a taken port.

    ``keep`` is the folder of the sessions' work, by default the user's own; ``opens`` opens a browser here.
    """
    root = (keep or platformdirs.user_state_path("CrossContrast", appauthor=False) / "browser").absolute()
    with _listen(host, port) as listening:
        port = listening.getsockname()[1]
        pool = SessionPool(application, arguments, root, limits)
        door = FrontDoor(pool, Access(token, is_loopback(host), port))
        shown = "127.0.0.1" if is_loopback(host) else host
        address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/" + (f"?token={token}" if token else "")

        async def tell(_made: web.Application) -> None:
            console.say(f"Open {address} in a browser; stop the server with Ctrl-C.")
            if opens:
                asyncio.get_running_loop().run_in_executor(None, webbrowser.open, address)

        made = door.application()
        made.on_startup.append(tell)
        web.run_app(made, sock=listening, print=None, access_log=None, shutdown_timeout=1.0)


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
