"""The server over its own interface: security, several readers, crashes."""

import asyncio
import io
import random
import socket
import stat

import aiohttp
import numpy as np
import psutil
import pytest
from PIL import Image
from small_studies import phantom, write_study
from yarl import URL

pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from reading_server import Page, ReadingServer, eventually

from crosscontrast.app.reading.requests import View
from crosscontrast.app.reading.security import is_loopback
from crosscontrast.app.reading.tokens import TOKEN_FILE, Tokens, load_tokens
from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.reading.folder import open_study
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.program import program_of
from crosscontrast.reading.scene.views import VIEWS
from crosscontrast.reading.study import read_study

VALUES = {"quality": 4, "origin": "real", "lesion": 70, "remark": None}


def make_study(folder, **changes):
    study = {"subjects": 4, "washout_days": 0, **changes}
    return prepare_study(read_study(write_study(folder, **study)), folder / "out", silent)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A study and its server, for tests that do not answer anything for good (reader ``ben`` stays untouched)."""
    folder = tmp_path_factory.mktemp("served")
    plan = make_study(folder)
    server = ReadingServer(folder / "out")
    yield folder / "out", plan, server
    assert server.stop() == 0


def with_page(link, work):
    """Run ``work(page)`` with a connected page."""

    async def run():
        async with aiohttp.ClientSession() as session:
            page = await Page(link, session).connect()
            try:
                return await work(page)
            finally:
                await page.socket.close()

    return asyncio.run(run())


def get(url, **options):
    async def run():
        async with (
            aiohttp.ClientSession() as session,
            session.request(options.pop("method", "GET"), url, **options) as r,
        ):
            return r.status, dict(r.headers), await r.text()

    return asyncio.run(run())


def refused(folder):
    _, store = open_study(folder)
    try:
        return [event["event"].removeprefix("refused: ") for event in store.events() if "refused" in event["event"]]
    finally:
        store.close()


def test_the_server_says_that_only_this_computer_can_connect(served):
    _, plan, server = served
    assert server.lines[0] == f"listening on 127.0.0.1:{server.port}: only programs on this computer can connect"
    assert set(server.links) == set(plan.study.readers)
    other = next((a[4][0] for a in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)), "127.0.0.1")
    if not other.startswith("127."):
        with pytest.raises(OSError):  # noqa: PT011 - refused, unreachable or timed out, as the system likes
            socket.create_connection((other, server.port), timeout=2)


@pytest.mark.parametrize(
    ("host", "here"), [("127.0.0.1", 1), ("::1", 1), ("localhost", 1), ("0.0.0.0", 0), ("a.de", 0)]
)
def test_loopback_is_told_from_addresses_that_others_reach(host, here):
    assert is_loopback(host) == bool(here)


def test_page_and_files_have_strict_headers_and_hold_no_secret(served):
    _, plan, server = served
    for url in (server.links["anna"], f"{server.base}/page/page.js", f"{server.base}/page/page.css"):
        status, headers, text = get(url)
        assert status == 200
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert not [word for word in ("sub-", "T1w", "ultrasound", plan.salt, plan.fingerprint) if word in text]


def test_wrong_links_paths_methods_and_hosts_are_refused_alike_and_logged(served):
    folder, _, server = served
    anna, ben = (server.links[name].rpartition("/")[2] for name in ("anna", "ben"))
    before = len(refused(folder))
    tried = [
        (f"/read/anna/{ben}", {}, "token"),  # another reader's token
        (f"/read/anna/{'x' * 43}", {}, "token"),
        (f"/read/nobody/{anna}", {}, "token"),
        (f"/read/anna/{ben}/live", {}, "token"),
        ("/read/anna/", {}, "path"),  # no token
        ("/", {}, "path"),
        ("/page/..%2f..%2fplan.json", {}, "path"),
        ("/page/%2e%2e/%2e%2e/%2e%2e/plan.json", {}, "path"),
        ("/page/....//plan.json", {}, "path"),
        ("/images/", {}, "path"),
        (f"/read/anna/{anna}", {"method": "POST", "data": b"x" * 100}, "method"),
        (f"/read/anna/{anna}", {"headers": {"Host": "evil.example"}}, "host"),
        (f"/read/anna/{anna}/live", {"headers": {"Origin": "http://evil.example"}}, "origin"),
        (f"/read/anna/{anna}/live", {}, "origin"),
    ]
    for path, options, reason in tried:
        status, _, text = get(URL(server.base + path, encoded=True), **options)
        assert status in (404, 405), path
        assert text in ("404\n", "405\n"), path
        assert refused(folder)[-1] == reason, path
    assert len(refused(folder)) == before + len(tried)
    _, store = open_study(folder)
    assert not [event for event in store.events() if anna in event["detail"] or ben in event["detail"]]
    store.close()


def test_messages_that_no_page_sends_are_refused_and_the_page_works_on(served):
    folder, plan, server = served
    stolen = program_of(plan, "ben").readings[0].id
    later = program_of(plan, "anna").readings[3].id

    async def work(page):
        await page.begin()
        kinds = []
        for message in (
            "{", "[]", '{"do": "shutdown"}', '{"do": "scroll", "view": "../axial", "steps": 1}',
            '{"do": "scroll", "view": "axial", "steps": 1e9}', '{"do": "zoom", "view": "axial", "factor": NaN}',
            '{"do": "begin", "sizes": {"axial": [1, 1, 1]}}', '{"do": "show", "path": "/etc/passwd"}',
        ):  # fmt: skip
            kinds.append((await page.ask(message))["kind"])
        for reading in (stolen, later, "../../plan.json", {"$ne": None}):
            kinds.append((await page.answer(VALUES, "nonce-12345", reading=reading))["kind"])
        kinds.append((await page.answer({**VALUES, "quality": 99}, "nonce-12345"))["kind"])
        assert (await page.ask({"do": "scroll", "view": "axial", "steps": 1}))["type"] == "drawn"
        return kinds

    kinds = with_page(server.links["anna"], work)
    assert kinds == ["message"] * 8 + ["refused"] * 4 + ["bad-input"]
    assert refused(folder)[-5:] == ["not-yours", "wrong-order", "not-yours", "not-yours", "answer"]
    _, store = open_study(folder)
    assert store.all_answers() == []
    store.close()


def test_an_oversized_message_ends_the_connection_and_is_logged(served):
    folder, _, server = served

    async def work(page):
        await page.begin()
        with pytest.raises(ConnectionError):
            await page.answer({**VALUES, "remark": "x" * 200_000}, "nonce-12345")

    with_page(server.links["anna"], work)
    eventually(lambda: refused(folder)[-1] == "too-large")


def test_nothing_that_is_sent_to_the_page_tells_the_arm(served):
    _, plan, server = served
    words = ["sub-", "T1w", "us.nii", "ultrasound", "mri", ".nrrd", plan.salt, plan.fingerprint, "truth", "seed"]

    async def work(page):
        await page.begin()
        headers = [header for header, _ in page.pictures.values()]
        return str([page.state, page.drawn, headers]), page.pictures

    told, pictures = with_page(server.links["ben"], work)
    assert not [word for word in words if word in told]
    for _, png in pictures.values():
        with Image.open(io.BytesIO(png)) as picture:
            assert picture.info == {}
            assert picture.mode == "L"


def test_views_scroll_zoom_and_mark_and_stay_each_reader_s_own(served):
    _, _, server = served

    async def work():
        async with aiohttp.ClientSession() as session:
            anna, ben = [await Page(server.links[name], session).connect() for name in ("anna", "ben")]
            for page in (anna, ben):
                await page.begin()
            mine = {view: png for view, (_, png) in ben.pictures.items()}
            number = anna.pictures["axial"][0]["slice"]
            for message in (
                {"do": "scroll", "view": "axial", "steps": 2}, {"do": "window", "width": -300, "level": 100},
                {"do": "zoom", "view": "axial", "factor": 2, "linked": True},
                {"do": "mark", "question": "origin", "view": "axial", "x": 40, "y": 40},
            ):  # fmt: skip
                assert (await anna.ask(message))["type"] == "drawn"
            assert anna.pictures["axial"][0]["slice"] == [number[0] + 2, number[1]]
            assert anna.drawn["window"] == [700, 600]
            assert anna.pictures["axial"][0]["marks"]["origin"] == pytest.approx([40, 40], abs=0.1)
            await ben.ask({"do": "reset"})
            assert {view: png for view, (_, png) in ben.pictures.items()} == mine
            assert ben.drawn["marks"] == {}
            await anna.socket.close()
            await ben.socket.close()

    asyncio.run(work())


def test_the_newest_page_of_a_reader_takes_over(served):
    _, _, server = served

    async def work():
        async with aiohttp.ClientSession() as session:
            old = await Page(server.links["anna"], session).connect()
            await old.begin()
            new = await Page(server.links["anna"], session).connect()
            while (message := await old.socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                assert message.type is aiohttp.WSMsgType.BINARY or message.type is aiohttp.WSMsgType.TEXT
            assert message.data == 4001
            await old.socket.close()
            assert (await new.begin())["type"] == "drawn"
            await new.socket.close()

    asyncio.run(work())


def test_requests_name_the_views_that_there_are():
    assert View.__args__ == VIEWS


def test_tokens_are_long_secret_and_stay_the_same(tmp_path):
    plan = make_study(tmp_path)
    tokens = load_tokens(tmp_path / "out", plan)
    assert load_tokens(tmp_path / "out", plan) == tokens
    assert stat.S_IMODE((tmp_path / "out" / TOKEN_FILE).stat().st_mode) == 0o600
    check = Tokens(tokens)
    assert check.valid("anna", tokens["anna"])
    assert not check.valid("anna", tokens["ben"])
    assert not check.valid("nobody", "nobody")
    assert not check.valid("anna", "\ud800")
    (tmp_path / "out" / TOKEN_FILE).write_text('{"anna": "short"}')
    with pytest.raises(BadInputError, match="does not hold the links"):
        load_tokens(tmp_path / "out", plan)


class Unlucky:
    """Kills and restarts the server at random moments while readers answer."""

    def __init__(self, folder, kills, seed):
        self.folder, self.left, self.random = folder, kills, random.Random(seed)
        self.server = ReadingServer(folder)
        self.killed = 0

    async def run(self, done):
        while self.left and not done.is_set():
            await asyncio.sleep(self.random.uniform(0.1, 1.2))
            self.left -= 1
            self.killed += 1
            self.server.kill()
            self.server = await asyncio.to_thread(ReadingServer, self.folder, self.server.port)


async def persistent(unlucky, name, given, seed):
    """A page that answers everything and asks again after every lost connection, as the browser's does."""
    generator, pending = random.Random(seed), None
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                page = await Page(unlucky.server.links[name], session).connect()
                told = await (page.ask(pending) if pending else page.begin())
                while told.get("phase") != "finished":
                    assert told["type"] == "drawn", told
                    values = {**VALUES, "quality": generator.randint(1, 5), "lesion": generator.randint(0, 100)}
                    reading, nonce = page.state["reading"], f"{generator.getrandbits(64):016x}"
                    given.setdefault((name, reading), []).append(values)
                    pending = {"do": "answer", "reading": reading, "values": values, "nonce": nonce}
                    await asyncio.sleep(generator.uniform(0, 0.1))
                    told = await page.ask(pending)
                    pending = None
                await page.socket.close()
                return
            except (ConnectionError, aiohttp.ClientError, OSError):
                await asyncio.sleep(0.1)


def check_no_answer_lost_or_doubled(folder, plan, given):
    _, store = open_study(folder)
    answers = store.all_answers()
    store.close()
    assert len(answers) == len({(a.reader, a.reading) for a in answers}) == len(plan.readings)
    for answer in answers:
        assert given[answer.reader, answer.reading] == [answer.values]


def kill_and_read(folder, plan, kills, seed=1):
    async def work():
        unlucky, given, done = Unlucky(folder, kills, seed), {}, asyncio.Event()
        killer = asyncio.create_task(unlucky.run(done))
        readers = plan.study.readers
        await asyncio.gather(*(persistent(unlucky, name, given, n) for n, name in enumerate(readers)))
        done.set()
        await killer
        unlucky.server.stop()
        return given, unlucky.killed

    given, killed = asyncio.run(work())
    check_no_answer_lost_or_doubled(folder, plan, given)
    return killed


def test_a_killed_server_loses_and_doubles_no_answer(tmp_path):
    plan = make_study(tmp_path, subjects=6)
    assert kill_and_read(tmp_path / "out", plan, kills=1) == 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_seven_readers_sixty_cases_three_arms_and_ten_kills(tmp_path):
    readers = [f"r{n}" for n in range(1, 8)]
    plan = make_study(tmp_path, subjects=60, readers=readers, image=lambda n, arm: phantom(n, arm))
    assert len(plan.readings) == 7 * 60 * 3
    assert kill_and_read(tmp_path / "out", plan, kills=10) == 10


def test_the_picture_shows_the_image(served):
    _, _, server = served

    async def work(page):
        await page.begin()
        header, png = page.pictures["axial"]
        with Image.open(io.BytesIO(png)) as picture:
            values = np.asarray(picture)
        assert values.shape == (96, 96)
        assert values.max() > 30
        assert (values == 0).mean() > 0.02
        assert header["slice"][1] == 12

    with_page(server.links["anna"], work)


def test_plan_and_answers_are_for_their_owner_only(served):
    folder, _, _ = served
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert {rights[name] for name in ("plan.json", "answers.sqlite", TOKEN_FILE)} == {0o600}
    assert {rights[folder.name], rights["images"]} == {0o700}
    assert all(mode & 0o077 == 0 for mode in rights.values()), rights  # what SQLite keeps beside the answers too


def test_wrong_tokens_wait_for_each_other(served):
    _, _, server = served

    async def run():
        async with aiohttp.ClientSession() as session:

            async def guess(number):
                async with session.get(f"{server.base}/read/anna/{number:043d}") as answer:
                    return answer.status

            begun = asyncio.get_running_loop().time()
            assert await asyncio.gather(*map(guess, range(6))) == [404] * 6
            return asyncio.get_running_loop().time() - begun

    assert asyncio.run(run()) >= 6 * 0.5


def test_drawing_processes_end_with_a_server_that_is_killed(tmp_path):
    make_study(tmp_path)
    server = ReadingServer(tmp_path / "out", processes=2)
    drawing = psutil.Process(server.process.pid).children(recursive=True)
    assert len(drawing) >= 2
    server.process.kill()  # it alone
    server.process.wait()
    eventually(lambda: not [one for one in drawing if one.is_running() and one.status() != psutil.STATUS_ZOMBIE])


def test_names_with_nul_are_not_found(served):
    _, _, server = served
    for path in ("/page/%00", "/read/anna%00/x", "/%00"):
        assert get(URL(server.base + path, encoded=True))[0] == 404
