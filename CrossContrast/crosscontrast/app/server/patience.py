"""Connections that do not come to the point: closed, so that nobody can hold a server by saying nothing."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web

#: Seconds that a connection may take to finish asking, and a sender between two parts of what it sends.
ASKING = 20.0

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Patience:
    """Closes connections on which no request is being answered for ``seconds``; aiohttp itself waits for ever."""

    def __init__(self, seconds: float = ASKING) -> None:
        self._seconds = seconds
        self._since: dict[Any, float] = {}
        self._answered: set[Any] = set()

    @web.middleware
    async def middleware(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Know that a request is being answered."""
        self._answered.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self._answered.discard(request.protocol)
            self._since.pop(request.protocol, None)

    async def watch(self, server: web.Server) -> None:
        """Look at the connections of a server until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self._seconds / 4))
            now = time.monotonic()
            waiting = [one for one in server.connections if one not in self._answered]
            self._since = {one: self._since.get(one, now) for one in waiting}
            for connection, since in self._since.items():
                if now - since > self._seconds and connection.transport:
                    connection.transport.abort()


@contextlib.asynccontextmanager
async def watched(server: web.Server | None, patience: Patience) -> AsyncIterator[None]:
    """Watch over a server while the block runs."""
    assert server is not None
    task = asyncio.ensure_future(patience.watch(server))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def body_of(request: web.Request, seconds: float = 3 * ASKING) -> AsyncIterator[bytes]:
    """Yield the body of a request; raises :class:`TimeoutError` where nothing comes for ``seconds``."""
    while True:
        block = await asyncio.wait_for(request.content.readany(), seconds)
        if not block:
            return
        yield block
