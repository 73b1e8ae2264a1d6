"""The process of one session: the application's trame server, for nobody but the front door."""

import os
import signal
import sys
import threading
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from crosscontrast.app.server.forward import KEY_HEADER
from crosscontrast.app.server.plan import Application, SessionPlan

#: What the front door writes to a session to end it.
END = "end"


def run_session(plan: SessionPlan, pipe: Connection) -> None:
    """Serve until told to end, or until the front door is gone; the port is written to ``pipe`` when all is up.

    Where the application cannot be built, an error is written instead.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the front door, which then ends us in good order
    os.environ["WSLINK_READY_MSG"] = ""
    sys.argv = ["crosscontrast"]  # trame reads options from it
    os.chdir(plan.folder)
    with Path("session.log").open("ab", buffering=0) as log:  # what native libraries say is not for the terminal
        os.dup2(log.fileno(), 2)
    from trame.app import get_server

    server = get_server(client_type="vue3")
    module, _, function = plan.application.partition(":")
    try:
        application: Application = getattr(import_module(module), function)(server, plan)
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
        raise
    server.controller.add("on_server_bind")(lambda bound: bound.app.middlewares.append(_only_with(plan.key)))
    server.controller.add("on_server_ready")(lambda **_: _on_ready(server, application, pipe))
    server.start(
        port=0,
        host="127.0.0.1",
        open_browser=False,
        show_connection_info=False,
        thread=True,  # no signal handlers of its own
        timeout=0,
        exec_mode="main",
    )
    # Native libraries may hang in their destructors at exit; the work is kept and files are closed by now.
    os._exit(0)


def _on_ready(server: Any, application: Application, pipe: Connection) -> None:
    import asyncio

    loop = asyncio.get_running_loop()

    async def end() -> None:
        try:
            application.close()
        finally:
            os._exit(0)

    def listen() -> None:
        try:
            while pipe.recv() != END:
                pass
        except (EOFError, OSError):
            pass  # the front door is gone
        loop.call_soon_threadsafe(lambda: asyncio.ensure_future(end()))

    pipe.send(server.port)
    threading.Thread(target=listen, daemon=True).start()


def _only_with(key: str) -> Any:
    """Refuse whoever does not show the key: other users of this computer reach our port too."""
    import hmac

    from aiohttp import web

    @web.middleware
    async def check(request: web.Request, handler: Any) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get(KEY_HEADER, ""), key):
            raise web.HTTPForbidden(text="This port is for the front door only.")
        answer: web.StreamResponse = await handler(request)
        return answer

    return check
