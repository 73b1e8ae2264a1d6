"""What an attacker sends to the running application: front door, session, upload, image opened."""

import asyncio
import gzip
import io
import struct
import threading
import time
import zipfile
from contextlib import asynccontextmanager

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("trame_server", reason="needs the extra 'browser'")

from aiohttp import ClientSession, CookieJar, FormData
from aiohttp.test_utils import TestServer

from crosscontrast.app.server import proxy as proxy_module
from crosscontrast.app.server.access import Access
from crosscontrast.app.server.plan import Limits
from crosscontrast.app.server.proxy import FrontDoor
from crosscontrast.app.server.sessions import SessionPool

PATIENCE = 120
TOKEN = "a token of more than twenty characters"
SECRET = b"only the server's account may read this: " + bytes(range(200))
SIDE = 6  # cubes of 216 voxels, fewer bytes than the secret has


@asynccontextmanager
async def door(root, token="", **limits):
    pool = SessionPool("tiny_page:build", {}, root, Limits(**limits), preload=["trame.app", "tiny_page"])
    made = FrontDoor(pool, Access(token, loopback=True, port=1))
    server = TestServer(made.application(), host="127.0.0.1")
    await server.start_server()
    try:
        yield pool, server, made
    finally:
        await server.close()


def visitor(server):
    return ClientSession(str(server.make_url("/")), cookie_jar=CookieJar(unsafe=True))


async def enter(browser):
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        async with browser.get("/") as answer:
            text = await answer.text()
            if "being started" not in text:
                return answer
        await asyncio.sleep(0.1)
    raise AssertionError("the session did not start")


class Served:
    """One server for all attacks on uploads, and one browser in its session."""

    def __init__(self, root):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self._context = door(root / "keep", volume_bytes=1 << 24)
        self.pool, self.server, _ = self.run(self._context.__aenter__())
        self.browser = self.run(self._open())

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    async def _open(self):
        browser = visitor(self.server)
        self.page = await enter(browser)
        return browser

    async def _send(self, files):
        form = FormData()
        for name, content in files:
            form.add_field("file", content, filename=name)
        async with self.browser.post("/upload", data=form) as answer:
            told = await answer.json()
        async with self.browser.get("/voxels") as answer:
            return answer.status, told, await answer.read()

    def send(self, *files):
        _, told, voxels = self.run(self._send(files))
        return told, voxels

    def post(self, body, kind):
        async def work():
            async with self.browser.post("/upload", data=body, headers={"Content-Type": kind}) as answer:
                return answer.status, await answer.json()

        return self.run(work())

    def get(self, path):
        async def work():
            async with self.browser.get(path) as answer:
                return answer.status, dict(answer.headers), await answer.text()

        return self.run(work())

    def close(self):
        self.run(self.browser.close())
        self.run(self._context.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("served"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    path.write_bytes(SECRET)
    return path


NRRD = f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: {SIDE} {SIDE} {SIDE}\nencoding: raw\n"
MHA = f"ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = {SIDE} {SIDE} {SIDE}\nElementType = MET_UCHAR\n"
FILL = b"\x07" * SIDE**3


def pair(secret):
    """A NIfTI header of two files, in one file."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, SIDE, SIDE, SIDE, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 2, 8)
    struct.pack_into("<8f", header, 76, *[1.0] * 8)
    header[344:348] = b"ni1\0"
    return bytes(header) + FILL


ATTACKS = {
    "comments longer than any check": ("x.nrrd", lambda s: NRRD + "# x\n" * 20000 + f"data file: {s}\n\n"),
    "line ends of old computers": ("x.nrrd", lambda s: (NRRD + f"data file: {s}\n\n").replace("\n", "\r")),
    "one line end of old computers": ("x.nrrd", lambda s: NRRD + f"# x\rdata file: {s}\n\n"),
    "both line ends": ("x.nrrd", lambda s: (NRRD + f"data file: {s}\n\n").replace("\n", "\r\n")),
    "large letters": ("x.nrrd", lambda s: NRRD + f"DATA FILE: {s}\n\n"),
    "one word": ("x.nrrd", lambda s: NRRD + f"datafile: {s}\n\n"),
    "no empty line": ("x.nrrd", lambda s: NRRD + f"data file: {s}\n"),
    "a list of files": ("x.nrrd", lambda s: NRRD + f"data file: LIST\n{s}\n"),
    "detached by name": ("x.nhdr", lambda s: NRRD + f"data file: {s}\n\n"),
    "the last field twice": ("x.mha", lambda s: MHA + f"elementdatafile = LOCAL\nElementDataFile = {s}\n"),
    "the last field twice, turned round": (
        "x.mha",
        lambda s: MHA + f"ElementDatafile = {s}\nElementDataFile = LOCAL\n",
    ),
    "a comment before it": ("x.mha", lambda s: MHA + "Comment = x\n" * 9000 + f"ElementDataFile = {s}\n"),
    "a colon": ("x.mha", lambda s: MHA + f"ElementDataFile: {s}\nElementDataFile = LOCAL\n"),
    "a CR in a value": ("x.mha", lambda s: MHA + f"Comment = x\rElementDataFile = {s}\nElementDataFile = LOCAL\n"),
    "a list in MetaImage": ("x.mha", lambda s: MHA + f"ElementDataFile = LIST\n{s}\n"),
    "MetaImage by name": ("x.mhd", lambda s: MHA + f"ElementDataFile = {s}\n"),
    "NRRD called NIfTI": ("x.nii", lambda s: NRRD + f"data file: {s}\n\n"),
    "NRRD called MetaImage": ("x.mha", lambda s: NRRD + f"data file: {s}\n\n"),
    "NRRD called DICOM": ("IM0001", lambda s: NRRD + f"data file: {s}\n\n"),
    "two files of NIfTI": ("x.nii", pair),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_upload_shows_another_file_of_the_server(served, secret, attack):
    name, make = ATTACKS[attack]
    content = make(secret)
    content = content.encode("latin-1") + FILL if isinstance(content, str) else content
    told, voxels = served.send((name, content))
    assert not ("images" in told and SECRET[:24] in voxels), "the secret is shown"
    assert told["error"].count(". ") == 0, told
    assert str(secret) not in told["error"]


def test_an_archive_is_no_way_round(served, secret):
    name, make = ATTACKS["the last field twice"]
    told, voxels = served.send(("all.zip", zipped((name, make(secret).encode() + FILL))))
    assert not ("images" in told and SECRET[:24] in voxels), "the secret is shown"
    assert "keeps its voxels in another file" in told["error"] or "not a readable" in told["error"]


def zipped(*entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz", "x.nrrd", "x.mha"])
def test_an_honest_file_of_each_format_is_taken_as_it_is(served, awkward_image, tmp_path, name, compressed):
    sitk.WriteImage(awkward_image, str(tmp_path / name), useCompression=compressed)
    told, voxels = served.send((name, (tmp_path / name).read_bytes()))
    assert told["images"][0].startswith("x")
    assert told["note"] == ""
    assert voxels == sitk.GetArrayFromImage(awkward_image).tobytes()


def test_doubts_about_the_place_of_voxels_are_said_and_go_on_with_the_file(served, tmp_path, awkward_image):
    sitk.WriteImage(awkward_image, str(tmp_path / "x.nii"))
    content = bytearray((tmp_path / "x.nii").read_bytes())
    struct.pack_into("<2h", content, 252, 0, 0)
    told, _ = served.send(("x.nii", bytes(content)))
    assert "left and right are a guess" in told["note"]


DAMAGED = {
    "DICOM": ("IM1", b"\0" * 128 + b"DICM" + bytes(range(256)) * 9),
    "DICOM with a lying length": ("IM1", b"\0" * 128 + b"DICM" + b"\x02\0\0\0UL\x04\0\xff\xff\xff\xff" + b"\x7f" * 600),
    "gzip": ("x.nii.gz", gzip.compress(b"x" * 4000)[:-20]),
    "an archive with a name with NUL": ("x.zip", zipped(("y.nii", b"1")).replace(b"y.nii", b"y\0nii")),
    "an archive that is cut": ("x.zip", zipped(("y.nii", bytes(4000)))[:60]),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_one_sentence(served, case):
    told, _ = served.send(DAMAGED[case])
    assert told["error"].endswith(".")
    assert told["error"].count(". ") == 0
    assert str(served.pool._root) not in told["error"]


X = "multipart/form-data; boundary=x"
FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.nii"\r\n'
FORMS = {
    "no boundary": (b"--x\r\n\r\n", "multipart/form-data"),
    "another boundary": (b"--y\r\n\r\nabc\r\n--y--", X),
    "cut off": (FILE + b"\r\nabc", X),
    "a header that is none": (b"--x\r\nnonsense\r\n\r\nabc\r\n--x--", X),
    "unknown packing": (FILE + b"Content-Transfer-Encoding: odd\r\n\r\nabc\r\n--x--", X),
    "NUL in a name": (FILE.replace(b"a.", b"a\0.") + b"\r\nabc\r\n--x--", X),
}  # fmt: skip


@pytest.mark.parametrize("case", FORMS)
def test_a_broken_form_is_one_sentence(served, case):
    status, told = served.post(*FORMS[case])
    assert status == 422
    assert told["error"].count(".") - told["error"].count(".nii") == 1


def test_answers_of_sessions_carry_strict_headers(served):
    for path in ("/", "/download", "/upload", "/nothing/here", "/x%00y"):
        status, headers, _ = served.get(path)
        assert status < 500, path
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert headers["Referrer-Policy"] == "same-origin"
    assert "sha256-" in served.get("/")[1]["Content-Security-Policy"]  # trame's own inline script, and no other


def test_pictures_on_other_pages_make_no_sessions(tmp_path):
    async def story():
        async with door(tmp_path / "keep", sessions=6) as (pool, server, _):
            address = server.make_url("/")
            for site in ("cross-site", "same-site"):
                async with visitor(server) as browser:
                    for _ in range(3):
                        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "image"}
                        async with browser.get(address, headers=headers) as answer:
                            await answer.read()
            for _ in range(6):  # older browsers, which do not say so, and keep no cookie of a picture's address
                async with ClientSession() as stranger, stranger.get(address) as answer:
                    await answer.read()
            assert (pool.sessions, pool._starting) == ([], {})
            async with visitor(server) as browser:
                assert (await enter(browser)).status == 200
                assert len(pool.sessions) == 1
                async with browser.get("/download", headers={"Sec-Fetch-Site": "cross-site"}) as answer:
                    assert answer.status == 403

    asyncio.run(story())


def test_connections_that_say_nothing_or_half_are_closed(tmp_path, monkeypatch):
    from crosscontrast.app.server.patience import Patience, watched

    async def story():
        monkeypatch.setattr(proxy_module, "Patience", lambda: Patience(1.0))
        async with (
            door(tmp_path / "keep") as (_, server, made),
            watched(server.runner.server, made.patience),
        ):
            for begin in (b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(begin)
                assert await asyncio.wait_for(_end(reader), 10) == b""
                writer.close()

    asyncio.run(story())


async def _end(reader):
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


def test_wrong_tokens_are_slow_for_all_together_and_in_the_log(tmp_path, caplog):
    async def story():
        async with door(tmp_path / "keep", token=TOKEN) as (_, server, made):
            made._guessing._first = made._guessing._delay = 0.2

            async def guess(number):
                async with (
                    ClientSession() as one,
                    one.post(server.make_url("/login"), data={"token": f"{number}"}) as a,
                ):
                    return a.status

            begun = time.monotonic()
            assert await asyncio.gather(*map(guess, range(4))) == [401] * 4
            assert time.monotonic() - begun > 0.2 * (1 + 2 + 4 + 8) * 0.95
            async with ClientSession() as one, one.get(server.make_url("/?token=" + TOKEN), allow_redirects=False) as a:
                assert a.status == 303

    asyncio.run(story())
    assert caplog.text.count("wrong token from 127.0.0.1") == 4
    assert TOKEN not in caplog.text


def test_many_guesses_at_once_are_not_all_kept_waiting(tmp_path):
    async def story():
        async with door(tmp_path / "keep", token=TOKEN) as (_, server, _), ClientSession() as one:
            tasks = [asyncio.ensure_future(one.post(server.make_url("/login"), data={"token": "x"})) for _ in range(30)]
            done, rest = await asyncio.wait(tasks, timeout=3)
            for task in rest:
                task.cancel()
            assert [task.result().status for task in done].count(429) >= 9

    asyncio.run(story())


def test_a_whole_volume_is_not_held_in_memory_while_it_is_written_anew(tmp_path):
    import resource

    from crosscontrast.ground.rewrite import rewrite_image

    image = sitk.GetImageFromArray(np.zeros((256, 512, 512), np.float32))
    sitk.WriteImage(image, str(tmp_path / "x.nrrd"), useCompression=True)
    del image
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rewrite_image(tmp_path / "x.nrrd", tmp_path / "y.nrrd", 1 << 30)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB; the voxels are 256 MiB
