"""What goes out with every answer: headers that keep other sites, and scripts that are not ours, away."""

import base64
import functools
import hashlib
import re
from importlib import resources

_COMMON = "base-uri 'self'; object-src 'none'; frame-ancestors 'none'"
#: Of pages of the front door itself: no script at all.
OWN_PAGES = f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; {_COMMON}"
#: Of files that a session hands out to be looked at, such as reports.
REPORTS = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; {_COMMON}"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with "no-referrer" a browser hides the origin of our own form too
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@functools.cache
def page_policy() -> str:
    """Return the policy of a session's page.

    Vue compiles its templates in the browser (unsafe-eval) and Vuetify writes its colours into the page (inline
    styles); scripts come from this server only. The one that trame's page has inline is named by its hash.
    """
    hashes = " ".join(map(_hash_of, _INLINE.findall(_trame_page())))
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
        f"worker-src 'self' blob:; form-action 'none'; {_COMMON}"
    )


def _trame_page() -> str:
    place = resources.files("trame_client") / "module" / "vue3-www" / "index.html"
    return place.read_text(encoding="utf-8") if place.is_file() else ""


def _hash_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
