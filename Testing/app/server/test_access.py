"""Who is let in, and requests that pages of other sites make in a user's name."""

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'browser'")

from aiohttp.test_utils import make_mocked_request

from crosscontrast.app.server.access import Access, is_loopback, new_identity

HERE = Access("", loopback=True, port=8765)
ABROAD = Access("a long token", loopback=False, port=8765)


def asked(method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request(method, "/ws", headers={"Host": "127.0.0.1:8765", **named})


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765"])
def test_on_this_computer_its_own_names_are_answered(host):
    assert HERE.complaint(asked(Host=host)) == ""


def test_a_foreign_name_for_our_loopback_address_is_not_answered():
    assert "not as evil.example" in HERE.complaint(asked(Host="evil.example:8765"))


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1:8765.evil"]
)
@pytest.mark.parametrize("access", [HERE, ABROAD])
def test_pages_of_other_sites_are_not_answered(access, origin):
    assert access.complaint(asked("POST", Origin=origin)) == "Requests of other pages are not answered."


def test_the_page_itself_is_answered_also_through_a_proxy_with_tls():
    assert HERE.complaint(asked("POST", Origin="http://127.0.0.1:8765")) == ""
    through = asked("POST", Origin="https://cord.example", X_Forwarded_Host="cord.example")
    assert ABROAD.complaint(through) == ""


def test_only_who_showed_the_token_is_let_in():
    assert HERE.is_let_in(asked())
    assert not ABROAD.is_let_in(asked())
    assert not ABROAD.is_let_in(asked(Cookie=f"{ABROAD.access_cookie}=guess"))
    assert ABROAD.is_let_in(asked(Cookie=f"{ABROAD.access_cookie}={ABROAD.proof}"))
    assert ABROAD.is_token("a long token")
    assert not ABROAD.is_token("ä")
    renewed = Access("another token", loopback=False, port=8765)
    assert not renewed.is_let_in(asked(Cookie=f"{ABROAD.access_cookie}={ABROAD.proof}"))


def test_identities_are_of_our_own_making():
    identity = new_identity()
    assert HERE.identity_of(asked(Cookie=f"{HERE.identity_cookie}={identity}")) == identity
    for bad in ("", "short", "../../etc", "x" * 44, identity[:-1] + "/"):
        assert HERE.identity_of(asked(Cookie=f"{HERE.identity_cookie}={bad}")) == ""


def test_loopback_addresses_are_known():
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "10.0.0.1", "host")] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]
