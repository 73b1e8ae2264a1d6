"""The server: a page per reader, and behind it one connection that carries requests, pictures and answers."""

import asyncio
import json
from importlib import resources
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from crosscontrast.app.reading.connection import Connection
from crosscontrast.app.reading.render import RenderPool
from crosscontrast.app.reading.security import LARGEST_MESSAGE, Guard, not_found
from crosscontrast.app.reading.tokens import Tokens
from crosscontrast.errors import CrossContrastError
from crosscontrast.reading.plan import IMAGE_FOLDER, Plan
from crosscontrast.reading.program import program_of
from crosscontrast.reading.sitting import Sitting
from crosscontrast.reading.store import Store

#: The files of the page by their addresses; nothing else can be fetched.
_FILES = {
    "page.js": "text/javascript",
    "questions.js": "text/javascript",
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
}
#: Why a connection was closed, for the page.
TAKEN_OVER = 4001


class ReaderServer:
    """Serves one study. All that readers may do is decided by :class:`~crosscontrast.reading.sitting.Sitting`."""

    def __init__(
        self, folder: Path, plan: Plan, store: Store, tokens: dict[str, str], hosts: set[str], processes: int
    ) -> None:
        self._images = folder / IMAGE_FOLDER
        self._programs = {reader: program_of(plan, reader) for reader in plan.study.readers}
        self._store = store
        self._tokens = Tokens(tokens)
        self._guard = Guard(store, hosts)
        self._pool = RenderPool(processes)
        self._open: dict[str, web.WebSocketResponse] = {}
        self._locks = {reader: asyncio.Lock() for reader in plan.study.readers}
        page = resources.files("crosscontrast.app.reading") / "page"
        self._page = {name: (page / name).read_bytes() for name in ("page.html", *_FILES)}

    def application(self) -> web.Application:
        """Return the application with its addresses."""
        app = web.Application(middlewares=[self._guard.middleware], client_max_size=LARGEST_MESSAGE)
        app.router.add_get("/read/{reader}/{token}", self._send_page)
        app.router.add_get("/read/{reader}/{token}/live", self._live)
        app.router.add_get("/page/{name}", self._send_file)
        app.on_startup.append(lambda _: self._pool.start())
        app.on_shutdown.append(self._close)
        return app

    async def _send_page(self, request: web.Request) -> web.StreamResponse:
        if self._reader(request) is None:
            return not_found()
        return web.Response(body=self._page["page.html"], content_type="text/html", charset="utf-8")

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _FILES:
            raise web.HTTPNotFound
        return web.Response(body=self._page[name], content_type=_FILES[name], charset="utf-8")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        reader = self._reader(request)
        if reader is None:
            return not_found()
        if not self._guard.same_origin(request):
            self._guard.refuse(request, "origin", reader)
            return not_found()
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE, heartbeat=20)
        await socket.prepare(request)
        await self._take_over(reader, socket)
        sitting = Sitting(self._programs[reader], self._store, "browser")
        connection = Connection(sitting, self._pool, self._images)
        async with self._locks[reader]:
            try:
                await self._talk(request, socket, connection, reader)
            finally:
                await asyncio.shield(connection.leave())
                if self._open.get(reader) is socket:
                    del self._open[reader]
        return socket

    async def _talk(
        self, request: web.Request, socket: web.WebSocketResponse, connection: Connection, reader: str
    ) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                self._guard.refuse(request, "too-large" if message.type is WSMsgType.ERROR else "message", reader)
                return
            try:
                replies = await connection.take(message.data)
            except CrossContrastError as error:
                self._guard.refuse(request, "message", reader) if error.kind == "message" else None
                replies = [{"type": "error", **error.as_data()}]
            for reply in replies:
                if isinstance(reply, bytes):
                    await socket.send_bytes(reply)
                else:
                    await socket.send_str(json.dumps(reply))

    async def _take_over(self, reader: str, socket: web.WebSocketResponse) -> None:
        """The newest page of a reader works; an older one is told so."""
        before, self._open[reader] = self._open.get(reader), socket
        if before is not None:
            self._store.log(reader, "taken over")
            await before.close(code=TAKEN_OVER)

    def _reader(self, request: web.Request) -> str | None:
        reader, token = request.match_info["reader"], request.match_info["token"]
        if self._tokens.valid(reader, token):
            return reader
        self._guard.refuse(request, "token", reader)
        return None

    async def _close(self, _app: Any) -> None:
        for socket in list(self._open.values()):
            await socket.close()
        self._pool.close()
