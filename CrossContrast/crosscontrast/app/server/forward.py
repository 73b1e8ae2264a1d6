"""Passing requests of a browser on to the process of its session, and the answers back."""

import asyncio
from collections.abc import Callable

import aiohttp
from aiohttp import web

#: Header with which the front door proves to a session that it is the front door.
KEY_HEADER = "X-CrossContrast-Key"
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "cookie",
        "host",
    )
)


class Forwarder:
    """Forwards to ports of this computer.

    ``alive`` of :meth:`forward` is called whenever the user does something, and whenever a page shows something new.
    """

    def __init__(self) -> None:
        self._client: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(
                auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None, sock_connect=10)
            )
        return self._client

    async def close(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.close()

    async def forward(self, request: web.Request, port: int, key: str, alive: Callable[[], None]) -> web.StreamResponse:
        """Forward one request, or a whole WebSocket until one side closes it."""
        alive()
        url = f"http://127.0.0.1:{port}{request.rel_url}"
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._web_socket(request, url, key, alive)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        headers[KEY_HEADER] = key
        body = request.content if request.can_read_body else None
        async with self._session().request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for block in answer.content.iter_chunked(1 << 16):
                await response.write(block)
            await response.write_eof()
        return response

    async def _web_socket(
        self, request: web.Request, url: str, key: str, alive: Callable[[], None]
    ) -> web.WebSocketResponse:
        outer = web.WebSocketResponse(max_msg_size=0, heartbeat=30, compress=False)
        await outer.prepare(request)
        async with self._session().ws_connect(url, max_msg_size=0, headers={KEY_HEADER: key}) as inner:
            ways = (_pump(outer, inner, alive), _pump(inner, outer, alive))
            tasks = [asyncio.ensure_future(way) for way in ways]
            _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
        await outer.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        return outer


_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: _Socket, target: _Socket, alive: Callable[[], None]) -> None:
    async for message in source:
        alive()
        if message.type == aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
        elif message.type == aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
