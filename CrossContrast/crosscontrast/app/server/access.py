"""Who may come in: a token for other machines, and no requests that other web pages make in a user's name."""

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

_IDENTITY = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Access:
    """The rules of one server. ``token`` empty lets everyone in who reaches the address, for loopback only.

    ``port`` is part of the cookies' names, because browsers give the cookies of one port to all others of a host.
    """

    token: str
    loopback: bool
    port: int

    @property
    def identity_cookie(self) -> str:
        """Name of the cookie that says which session a browser has."""
        return f"crosscontrast-{self.port}"

    @property
    def access_cookie(self) -> str:
        """Name of the cookie that says that a browser once showed the token."""
        return f"crosscontrast-access-{self.port}"

    @property
    def proof(self) -> str:
        """Content of the access cookie; it does not give the token away and goes out of use with it."""
        return hmac.new(self.token.encode(), b"access", hashlib.sha256).hexdigest()

    def is_let_in(self, request: web.Request) -> bool:
        """Whether the browser that asks has shown the token."""
        return not self.token or hmac.compare_digest(request.cookies.get(self.access_cookie, ""), self.proof)

    def is_token(self, shown: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(shown.encode(), self.token.encode())

    def identity_of(self, request: web.Request) -> str:
        """Return the session's identity that the browser has, or nothing."""
        shown = request.cookies.get(self.identity_cookie, "")
        return shown if _IDENTITY.fullmatch(shown) else ""

    def complaint(self, request: web.Request) -> str:
        """Say why a request must not be answered, whoever sends it; empty where it may.

        A page of another site must not talk to us through the user's browser: not by a form or a WebSocket (Origin),
        and not by giving its own name our loopback address (Host).
        """
        host = request.headers.get("X-Forwarded-Host", request.host)
        if self.loopback and not _is_loopback_name(host):
            return f"This server answers on this computer only, not as {host}."
        origin = request.headers.get("Origin")
        # Browsers name the origin of every WebSocket and of every request that could change something.
        if origin is not None and urlsplit(origin).netloc != host:
            return "Requests of other pages are not answered."
        return ""


def new_identity() -> str:
    """Draw the identity of a new session."""
    return secrets.token_urlsafe(32)


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this computer only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_loopback_name(host: str) -> bool:
    return is_loopback(urlsplit(f"//{host}").hostname or "")
