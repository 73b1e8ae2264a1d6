"""Starting the server."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from aiohttp import web

from crosscontrast.app.reading.app import ReaderServer
from crosscontrast.app.reading.security import is_loopback
from crosscontrast.app.reading.tokens import load_tokens
from crosscontrast.errors import BadInputError, MissingPackageError
from crosscontrast.reading.folder import open_study

#: Addresses that stand for all of a computer's; nobody writes them into a browser.
_EVERYWHERE = ("0.0.0.0", "::")


def serve(
    folder: Path,
    *,
    host: str,
    port: int,
    names: tuple[str, ...],
    database: str | None,
    processes: int | None,
    say: Callable[[str], None],
) -> None:
    """Serve the study until the process is told to end; ``say`` gets a line per reader with the link.

    ``names`` are further host names under which readers reach the server. Raises :class:`BadInputError` for a study
    or an address that cannot be used.
    """
    if find_spec("slicer") is None:
        raise MissingPackageError(
            "Drawing slice views needs the package slicer-core.", "pip install 'crosscontrast[browser]', on Python 3.11"
        )
    if host in _EVERYWHERE and not names:
        raise BadInputError(
            f"With --host {host} the server must know under which name readers reach it.",
            "add --name with this computer's host name or address",
        )
    plan, store = open_study(folder, database)
    tokens = load_tokens(folder, plan)
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    hosts = {host, *names} | ({"localhost", "127.0.0.1", "::1"} if is_loopback(host) else set())
    server = ReaderServer(folder, plan, store, tokens, hosts, processes or max(1, min(4, os.cpu_count() or 1)))
    shown = names[0] if names else host
    if is_loopback(host):
        say(f"listening on {host}:{port}: only programs on this computer can connect")
    else:
        say(f"listening on {host}:{port}: other computers can connect, unencrypted; put an HTTPS proxy in front")
    asyncio.run(_run(server, listening, lambda: _tell(say, shown, port, tokens)))
    store.close()


def _tell(say: Callable[[str], None], host: str, port: int, tokens: dict[str, str]) -> None:
    name = f"[{host}]" if ":" in host else host
    for reader, token in tokens.items():
        say(f"{reader}: http://{name}:{port}/read/{reader}/{token}")
    say("ready; Ctrl-C ends")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError as error:
        raise BadInputError(f"The server cannot listen on {host}:{port}: {error.strerror or error}.") from error
    return made


async def _run(server: ReaderServer, listening: socket.socket, ready: Callable[[], None]) -> None:
    runner = web.AppRunner(server.application(), access_log=None)  # addresses hold tokens, which belong in no log
    await runner.setup()
    await web.SockSite(runner, listening).start()
    ready()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()
