"""The one address that browsers talk to: it lets users in, gives each a session and forwards to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from html import escape

from aiohttp import ClientError, web

from crosscontrast.app.server.access import Access, new_identity
from crosscontrast.app.server.forward import Forwarder
from crosscontrast.app.server.sessions import SessionPool
from crosscontrast.errors import CrossContrastError

_PAGES = ("/", "/index.html")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with "no-referrer" a browser hides the origin of our own form too
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LOGIN = """<form method="post" action="/login"><p>This server asks for the token that its address was printed with.</p>
<p><input name="token" type="password" autofocus aria-label="Token"> <button>Come in</button></p></form>"""
_AGAIN = '<meta http-equiv="refresh" content="1; url=/">'
_STYLE = (
    "font: 16px sans-serif; background: #1c1f24; color: #e8eaed; max-width: 40em; margin: 15vh auto; padding: 0 1em"
)


class FrontDoor:
    """Answers every request of one server."""

    def __init__(self, pool: SessionPool, access: Access) -> None:
        self._pool, self._access = pool, access
        self._forwarder = Forwarder()

    def application(self) -> web.Application:
        """Return the web application; its sessions end when it does."""
        made = web.Application(middlewares=[self._guard])
        made.router.add_post("/login", self._login)
        made.router.add_route("*", "/{path:.*}", self._answer)
        made.cleanup_ctx.append(self._life)
        return made

    async def _life(self, _application: web.Application) -> AsyncIterator[None]:
        watch = asyncio.ensure_future(self._pool.watch())
        await asyncio.to_thread(self._pool.prepare)
        yield
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        await self._pool.close()
        await self._forwarder.close()

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        complaint = self._access.complaint(request)
        answer = page(complaint, 403) if complaint else await handler(request)
        if not answer.prepared:
            answer.headers.update(_HEADERS)
        return answer

    async def _login(self, request: web.Request) -> web.StreamResponse:
        fields = await request.post()
        return await self._let_in(request, str(fields.get("token", "")))

    async def _let_in(self, request: web.Request, shown: str) -> web.StreamResponse:
        if not self._access.is_token(shown):
            await asyncio.sleep(1)  # guessing must not be quick
            return page("This is not the token of this server.", 401, _LOGIN)
        answer = web.Response(status=303, headers={"Location": "/"})
        self._set_cookie(request, answer, self._access.access_cookie, self._access.proof)
        return answer

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._access.token and "token" in request.query:
            return await self._let_in(request, request.query["token"])
        if not self._access.is_let_in(request):
            return page("", 401, _LOGIN)
        identity = self._access.identity_of(request)
        opens = request.path in _PAGES and request.method == "GET"
        if opens:
            known = self._pool.is_known(identity)
            identity = identity if known else new_identity()
            try:
                session = self._pool.begin(identity)
            except CrossContrastError as error:
                return page(error.message, 503)
            if session is None:
                answer = page("Your session is being started ...", 200, _AGAIN)
                if not known:
                    self._set_cookie(request, answer, self._access.identity_cookie, identity)
                return answer
        else:
            session = self._pool.running(identity)
        if request.path == "/favicon.ico" and session is None:
            return web.Response(status=204)
        if session is None:
            return page("This session has ended; load the page again to go on.", 410)
        try:
            return await self._forwarder.forward(request, session.port, session.plan.key, session.alive)
        except (ClientError, ConnectionError):
            return page("This session ended unexpectedly; load the page again to go on where it was last kept.", 502)

    def _set_cookie(self, request: web.Request, answer: web.StreamResponse, name: str, value: str) -> None:
        secure = request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
        lasts = int(86400 * self._pool.limits.keep_days)
        answer.set_cookie(name, value, max_age=lasts, httponly=True, samesite="Lax", secure=secure, path="/")


def page(sentence: str, status: int, more: str = "") -> web.Response:
    """Make a page with one sentence."""
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>CrossContrast</title><body style="{_STYLE}">'
        f"<h1>CrossContrast</h1><p>{escape(sentence)}</p>{more}</body></html>"
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=dict(_HEADERS))
