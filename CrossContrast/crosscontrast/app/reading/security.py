"""What the server refuses before it looks at a request, and the headers it sends with every reply."""

import ipaddress
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from crosscontrast.reading.store import Store

#: Bytes of the largest message that a page has reason to send; a free text has 2000 characters at most.
LARGEST_MESSAGE = 64 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Server": "reader",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = logging.getLogger(__name__)


class Guard:
    """Refuses and logs; everything refused looks the same from outside."""

    def __init__(self, store: Store, hosts: set[str]) -> None:
        self._store = store
        self._hosts = {host.lower() for host in hosts}

    def refuse(self, request: web.BaseRequest, reason: str, reader: str = "") -> None:
        """Log a refused request, without its token."""
        detail = f"{request.remote} {request.method} {reason}"
        _log.info("refused: %s", detail)
        self._store.log(reader if reader.isprintable() else "", f"refused: {reason}", "", detail)

    @web.middleware
    async def middleware(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Check the host, add headers, and turn every fault into a reply that tells nothing."""
        try:
            if not self._known_host(request):
                self.refuse(request, "host")
                response: web.StreamResponse = not_found()
            else:
                response = await handler(request)
        except web.HTTPException as error:
            if error.status in (404, 405, 413):
                self.refuse(request, {404: "path", 405: "method", 413: "too-large"}[error.status])
            response = web.Response(status=error.status, text=f"{error.status}\n")
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def same_origin(self, request: web.Request) -> bool:
        """Whether a page of this server opened the connection, and not a foreign page in the reader's browser."""
        origin = request.headers.get("Origin")
        return origin in (f"http://{request.host}", f"https://{request.host}")

    def _known_host(self, request: web.Request) -> bool:
        """A foreign name that points to this machine must not reach it (DNS rebinding)."""
        name = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
        return name.strip("[]").lower() in self._hosts


def not_found() -> web.Response:
    """Return the reply to everything that is refused."""
    return web.Response(status=404, text="404\n", headers=HEADERS)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address that a server listens on."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
