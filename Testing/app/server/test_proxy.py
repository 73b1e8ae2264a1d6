"""Real sessions behind the front door: each browser its own, with limits, and the server outlives them all."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
import SimpleITK as sitk
from support import one_hand

pytest.importorskip("trame_server", reason="needs the extra 'browser'")

from aiohttp import ClientSession, CookieJar, FormData
from aiohttp.test_utils import TestServer

from crosscontrast.app.server import sessions as sessions_module
from crosscontrast.app.server.access import Access
from crosscontrast.app.server.plan import Limits
from crosscontrast.app.server.proxy import FrontDoor
from crosscontrast.app.server.sessions import SessionPool

PATIENCE = 120


@asynccontextmanager
async def door(root, token="", **limits):
    """A server; gives its pool and a function that makes one more browser."""
    pool = SessionPool("tiny_page:build", {}, root, Limits(**limits), preload=["trame.app", "tiny_page"])
    server = TestServer(FrontDoor(pool, Access(token, loopback=True, port=1)).application(), host="127.0.0.1")
    browsers = []

    def browser():
        made = ClientSession(str(server.make_url("/")), cookie_jar=CookieJar(unsafe=True))
        browsers.append(made)
        return made

    await server.start_server()
    try:
        yield pool, browser
    finally:
        for made in browsers:
            await made.close()
        await server.close()


async def enter(browser, query=""):
    """Load the page until the session is there; return the last status and text."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        async with browser.get(f"/{query}") as answer:
            text = await answer.text()
            if "being started" not in text:
                return answer.status, text
        await asyncio.sleep(0.1)
    raise AssertionError("the session did not start")


async def send(browser, name, content):
    form = FormData()
    form.add_field("file", content, filename=name)
    async with browser.post("/upload", data=form) as answer:
        return answer.status, await answer.json()


async def until(condition):
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        await asyncio.sleep(0.05)


@one_hand
def test_browsers_have_sessions_of_their_own_and_a_full_server_says_so(tmp_path, awkward_image):
    sitk.WriteImage(awkward_image, str(tmp_path / "scan.nii.gz"))
    scan = (tmp_path / "scan.nii.gz").read_bytes()

    async def story():
        async with door(tmp_path / "keep", sessions=2, volume_bytes=1 << 24) as (pool, browser):
            first, second, third = browser(), browser(), browser()
            for one in (first, second):
                status, text = await enter(one)
                assert (status, '<div id="app"' in text or "trame" in text.lower()) == (200, True)
            assert await send(first, "scan.nii.gz", scan) == (200, {"images": ["scan.nii.gz"], "note": ""})
            # each sees its own only
            assert [await (await one.get("/download")).text() for one in (first, second)] == ["scan.nii.gz", ""]
            # bad files are refused in one sentence, and the session goes on
            status, answer = await send(first, "../../evil.nii", b"x")
            assert (status, answer["error"].count(". ")) == (422, 0)
            assert (await send(first, "scan.nrrd", b"no image"))[0] == 422
            assert await (await first.get("/download")).text() == "scan.nii.gz"
            status, text = await enter(third)
            assert status == 503
            assert "All 2 sessions of this server are in use" in text
            # other users of this computer cannot go round the front door
            async with (
                ClientSession() as stranger,
                stranger.get(f"http://127.0.0.1:{pool.sessions[0].port}/") as answer,
            ):
                assert answer.status == 403
        folders = [folder for folder in (tmp_path / "keep").iterdir() if folder.is_dir()]
        assert [(folder / "ended.txt").read_text() for folder in folders] == ["in good order"] * 2
        assert all(folder.stat().st_mode & 0o077 == 0 for folder in folders)

    asyncio.run(story())


def test_a_session_that_dies_comes_back_in_its_folder_and_the_server_stays(tmp_path):
    async def story():
        async with door(tmp_path / "keep") as (pool, browser):
            one = browser()
            await enter(one)
            (session,) = pool.sessions
            session.process.kill()
            await until(lambda: not session.process.is_alive())
            async with one.get("/download") as answer:
                assert answer.status == 410
                assert "load the page again" in await answer.text()
            assert (await enter(one))[0] == 200
            assert pool.sessions[0].plan.folder == session.plan.folder

    asyncio.run(story())


def test_sessions_end_when_they_idle_or_hold_too_much_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(sessions_module, "_LOOK", 0.2)

    async def story():
        async with door(tmp_path / "idle", idle_minutes=1 / 60) as (pool, browser):
            await enter(browser())
            (session,) = pool.sessions
            await until(lambda: (session.plan.folder / "ended.txt").exists())
            assert pool.sessions == []
        async with door(tmp_path / "large", session_bytes=1 << 20) as (pool, browser):
            await enter(browser())
            await until(lambda: not pool.sessions)

    asyncio.run(story())


def test_with_a_token_only_who_shows_it_comes_in(tmp_path):
    async def story():
        async with door(tmp_path / "keep", token="secret token") as (pool, browser):
            stranger, friend = browser(), browser()
            for query in ("", "?token=guess"):
                async with stranger.get(f"/{query}") as answer:
                    assert answer.status == 401
                    assert 'name="token"' in await answer.text()
            async with stranger.get("/ws") as answer:
                assert answer.status == 401
            assert pool.sessions == []
            assert (await enter(friend, "?token=secret%20token"))[0] == 200
            assert len(pool.sessions) == 1

    asyncio.run(story())
