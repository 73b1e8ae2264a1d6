"""Many readers at once: the time from "next" to the next image, and whether anybody sees another reader's image.

    .venv/bin/python Testing/benchmarks/bench_reader.py [--readers 20] [--images 10] [--think 3] [--processes 2]

The server is the command ``crosscontrast reader serve``; the readers speak to it as the page in the browser does. Each
locks its answers after ``--think`` seconds on average (exponential) and waits for all three views of the next image.
Every picture that arrives is compared, pixel by pixel, with the picture of the image that the plan says it is.
"""

import argparse
import asyncio
import io
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import numpy as np
import SimpleITK as sitk
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crosscontrast.radiomics" / "reader"))
from reading_server import Page, ReadingServer
from small_studies import write_study

from crosscontrast.progress import silent
from crosscontrast.reading.blinding import BLACK, WHITE
from crosscontrast.reading.folder import open_study
from crosscontrast.reading.plan import IMAGE_FOLDER
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.scene.views import VIEWS, SliceViews, Window
from crosscontrast.reading.study import read_study

VIEW_SIZE = (512, 512)


def large_phantom(case: int, arm: int, shape: tuple[int, int, int]) -> sitk.Image:
    """Noise and a bright ball whose place tells the case and the arm."""
    generator = np.random.default_rng([case, arm])
    k, j, i = np.indices(shape)
    centre = np.array(shape) * (0.35 + 0.3 * generator.random(3))
    ball = sum((axis - c) ** 2 for axis, c in zip((k, j, i), centre, strict=True)) < (min(shape) / 3) ** 2
    image = sitk.GetImageFromArray((100 * generator.random(shape) + 400 * ball).astype(np.float32))
    image.SetSpacing((0.8, 0.8, 2.0))
    return image


def expected_pictures(folder: Path, plan) -> dict:
    """What each reading must look like, drawn here."""
    views, pictures = SliceViews(), {}
    for view in VIEWS:
        views.resize(view, *VIEW_SIZE)
    for image in plan.images:
        views.show(folder / IMAGE_FOLDER / image.file, Window(WHITE - BLACK, (WHITE + BLACK) / 2))
        pictures[image.file] = {view: views.picture(view).copy() for view in VIEWS}
    views.close()
    return {reading.id: pictures[plan.image_of(reading).file] for reading in plan.readings}


def wrong_views(page: Page, expected: dict) -> int:
    """How many of the views that a page got are not those of its reading."""
    right = expected[page.state["reading"]]
    decoded = {view: np.asarray(Image.open(io.BytesIO(png))) for view, (_, png) in page.pictures.items()}
    return sum(not np.array_equal(decoded[view], right[view]) for view in VIEWS)


async def read(link: str, expected: dict, images: int, think: float, seed: int) -> tuple[list[float], int]:
    """One reader; returns the waiting times in seconds and the number of wrong views."""
    generator, times, wrong = random.Random(seed), [], 0
    async with aiohttp.ClientSession() as session:
        page = await Page(link, session).connect()
        await page.begin(VIEW_SIZE)
        for number in range(images):
            wrong += wrong_views(page, expected)
            await asyncio.sleep(generator.expovariate(1 / think))
            page.pictures.clear()
            begin = time.perf_counter()
            values = {"quality": 1 + number % 5, "origin": "real", "lesion": seed, "remark": None}
            told = await page.answer(values, f"{generator.getrandbits(64):016x}")
            times.append(time.perf_counter() - begin)
            if told.get("phase") == "finished":
                break
        await page.socket.close()
    return times, wrong


async def read_all(server: ReadingServer, expected: dict, options: argparse.Namespace) -> tuple[list[float], int]:
    """All readers at once."""
    links = server.links.values()
    found = await asyncio.gather(
        *(read(link, expected, options.images, options.think, seed) for seed, link in enumerate(links))
    )
    return [seconds for times, _ in found for seconds in times], sum(wrong for _, wrong in found)


def main() -> None:
    """Plan, serve, read and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--images", type=int, default=10, help="images that each reader answers")
    parser.add_argument("--think", type=float, default=3.0, help="mean seconds between image and answer")
    parser.add_argument("--processes", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--shape", type=int, nargs=3, default=(64, 256, 256), help="voxels k j i")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "out"
        readers = [f"r{number + 1:02}" for number in range(options.readers)]
        shape = tuple(options.shape)
        path = write_study(
            Path(temporary), subjects=4, readers=readers, washout_days=0, image=lambda c, a: large_phantom(c, a, shape)
        )
        plan = prepare_study(read_study(path), folder, silent)
        expected = expected_pictures(folder, plan)
        server = ReadingServer(folder, processes=options.processes)
        times, wrong = asyncio.run(read_all(server, expected, options))
        server.stop()
        _, store = open_study(folder)
        stored = len(store.all_answers())
        store.close()
    quantiles = statistics.quantiles(times, n=20)
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.processes} processes")
    print(f"{options.readers} readers, images of {' x '.join(map(str, shape))} voxels, views of 512 x 512 pixels")
    print(f"next to new picture: median {statistics.median(times):.2f} s, 95 % {quantiles[18]:.2f} s, n {len(times)}")
    print(f"answers given {len(times)}, on disk {stored}; views of a wrong image {wrong}")


if __name__ == "__main__":
    main()
