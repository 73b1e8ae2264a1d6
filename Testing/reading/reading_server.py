"""The server as a process of its own, and a page that speaks to it as the browser's does."""

import asyncio
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp


class ReadingServer:
    """``crosscontrast reader serve`` on a free port, or again on the same one after it was killed."""

    def __init__(self, folder, port=0, processes=1) -> None:
        call = [sys.executable, "-m", "crosscontrast.cli", "reader", "serve", str(folder), "--port", str(port)]
        self.process = subprocess.Popen(
            [*call, "--processes", str(processes)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        self.lines: list[str] = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("ready"):
                break
        else:
            raise AssertionError("\n".join(self.lines))
        self.links = dict(line.split(": ", 1) for line in self.lines if "/read/" in line)
        self.port = urlsplit(next(iter(self.links.values()))).port
        self.base = f"http://127.0.0.1:{self.port}"
        # Whatever else it prints must not fill the pipe.
        threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True).start()

    def kill(self) -> None:
        """End it and its drawing processes without any warning, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end."""
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@dataclass
class Page:
    """A reader's page without a browser."""

    link: str
    session: aiohttp.ClientSession
    socket: aiohttp.ClientWebSocketResponse | None = None
    state: dict = field(default_factory=dict)
    pictures: dict = field(default_factory=dict)
    drawn: dict = field(default_factory=dict)

    async def connect(self, **headers):
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.link))
        self.socket = await self.session.ws_connect(f"{self.link}/live", headers={"Origin": origin, **headers})
        return self

    async def ask(self, message, until="drawn"):
        """Send a message and take the replies up to the last one; returns an error message where there is one."""
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))
        return await self.replies(until)

    async def replies(self, until="drawn"):
        async with asyncio.timeout(120):
            while True:
                reply = await self.socket.receive()
                if reply.type is aiohttp.WSMsgType.BINARY:
                    (length,) = struct.unpack_from(">I", reply.data)
                    header = json.loads(reply.data[4 : 4 + length])
                    self.pictures[header["view"]] = (header, reply.data[4 + length :])
                    continue
                if reply.type is not aiohttp.WSMsgType.TEXT:
                    raise ConnectionError(str(reply.type))
                told = json.loads(reply.data)
                if told["type"] == "state":
                    self.state = told
                    if told["phase"] != "reading":
                        return told
                if told["type"] == "drawn":
                    self.drawn = told
                if told["type"] in (until, "error"):
                    return told

    async def begin(self, size=(96, 96)):
        return await self.ask({"do": "begin", "sizes": dict.fromkeys(("axial", "sagittal", "coronal"), size)})

    async def answer(self, values, nonce, reading=None):
        return await self.ask(
            {"do": "answer", "reading": reading or self.state["reading"], "values": values, "nonce": nonce}
        )


def eventually(condition, seconds=20):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
