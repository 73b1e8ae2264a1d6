"""Who may come in: a token for other machines, and no requests that other web pages make in a user's name."""

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass, field
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
    #: Addresses of proxies whose word on the name and the scheme that a browser used is taken.
    proxies: tuple[str, ...] = ()
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

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

    def identity_of(self, request: web.Request) -> str:
        """Return the session's identity that the browser has, or nothing."""
        shown = request.cookies.get(self.identity_cookie, "")
        return shown if _IDENTITY.fullmatch(shown) else ""

    @property
    def handshake_cookie(self) -> str:
        """Name of the cookie with which a browser shows that it keeps our cookies and that our own page asks."""
        return f"crosscontrast-hello-{self.port}"

    def handshake(self, identity: str) -> str:
        """Content of the handshake cookie of an identity that we gave out."""
        return hmac.new(self.secret.encode(), identity.encode(), hashlib.sha256).hexdigest()

    def has_shaken_hands(self, request: web.Request, identity: str) -> bool:
        """Whether the browser has brought back the identity that it got from us."""
        shown = request.cookies.get(self.handshake_cookie, "")
        return bool(identity) and hmac.compare_digest(
            shown.encode("utf-8", "replace"), self.handshake(identity).encode()
        )

    def is_of_another_site(self, request: web.Request) -> bool:
        """Whether a browser says that a page that is not ours made it ask, by a link or as one of its pictures."""
        return request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")

    def host_of(self, request: web.Request) -> str:
        """Return the name under which the browser asked."""
        return self._forwarded(request, "X-Forwarded-Host") or request.host

    def scheme_of(self, request: web.Request) -> str:
        """Return ``http`` or ``https``, as the browser asked."""
        return self._forwarded(request, "X-Forwarded-Proto") or request.scheme

    def _forwarded(self, request: web.Request, header: str) -> str:
        peer = request.remote or ""
        return request.headers.get(header, "") if peer in self.proxies else ""

    def complaint(self, request: web.Request) -> str:
        """Say why a request must not be answered, whoever sends it; empty where it may.

        A page of another site must not talk to us through the user's browser: not by a form or a WebSocket (Origin),
        and not by giving its own name our loopback address (Host).
        """
        host = self.host_of(request)
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
