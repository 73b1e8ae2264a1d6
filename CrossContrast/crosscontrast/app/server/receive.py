"""The addresses at which a session takes files and hands them out."""

import asyncio
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from crosscontrast.app.server.plan import Limits
from crosscontrast.app.server.uploads import Settled, safe_name, settle
from crosscontrast.errors import BadInputError, CrossContrastError

#: Where the page's script sends files to.
PATH = "/upload"


def add_upload(server: Any, folder: Path, limits: Limits, take: Callable[[list[Path]], None]) -> None:
    """Let a trame server take files into ``folder``; ``take`` gets the images that came of them."""

    async def upload(request: web.Request) -> web.Response:
        arriving = folder / f".arriving-{uuid.uuid4().hex[:8]}"
        try:
            arriving.mkdir(parents=True)
            files = await _receive(request, arriving, limits)
            settled = await asyncio.to_thread(settle, files, folder, limits)
            with server.state:
                take(settled.images)
        except CrossContrastError as error:
            return web.json_response({"error": error.message}, status=422)
        except OSError as error:
            return web.json_response({"error": f"The file cannot be kept: {error.strerror}."}, status=507)
        finally:
            shutil.rmtree(arriving, ignore_errors=True)
        return web.json_response({"images": [image.name for image in settled.images], "note": _note(settled)})

    server.controller.add("on_server_bind")(lambda bound: bound.app.add_routes([web.post(PATH, upload)]))


def add_download(server: Any, address: str, make: Callable[[], Path]) -> None:
    """Let a trame server hand out the file that ``make`` makes; HTML is shown and other files are saved."""

    async def download(_request: web.Request) -> web.StreamResponse:
        try:
            with server.state:
                path = make()
        except CrossContrastError as error:
            return web.Response(text=error.message, status=422)
        how = "inline" if path.suffix == ".html" else "attachment"
        return web.FileResponse(path, headers={"Content-Disposition": f'{how}; filename="{safe_name(path.name)}"'})

    server.controller.add("on_server_bind")(lambda bound: bound.app.add_routes([web.get(address, download)]))


def _note(settled: Settled) -> str:
    """What a user should know of files that were taken; empty where that is plain to see."""
    several = [f"{len(settled.images)} images are in the list now."] if len(settled.images) > 1 else []
    return " ".join([*several, *settled.remarks])


async def _receive(request: web.Request, folder: Path, limits: Limits) -> list[tuple[str, Path]]:
    """Write the files of a form to ``folder``, under names of our own."""
    if not request.content_type.startswith("multipart/"):
        raise BadInputError("What was sent is not a form with files.")
    files: list[tuple[str, Path]] = []
    left = limits.upload_bytes
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.filename is None:
            continue
        safe_name(part.filename)  # refused before anything of it is kept
        if len(files) == limits.upload_files:
            raise BadInputError(f"More than {limits.upload_files} files were sent at once.")
        target = folder / f"{len(files):06d}.part"
        with target.open("wb") as out:
            while block := await part.read_chunk(1 << 18):
                left -= len(block)
                if left < 0:
                    raise BadInputError(f"More than the {limits.upload_bytes >> 20} MiB allowed here were sent.")
                out.write(block)
        files.append((part.filename, target))
    return files
