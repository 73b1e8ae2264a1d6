"""Processes that save corrections and are killed, run as a program of its own so that it can fork cleanly.

``python kill_storm.py time FOLDER KILLS SEED`` kills three savers at random moments; ``... steps FOLDER STRIDE`` kills
one at every STRIDE-th file operation of a save, counted by Python's audit events. Both print how many were killed and
end with an error where a dataset does not open whole afterwards or a correction that was reported saved is not there.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.corrections.publish import published_revision
from crosscontrast.corrections.storage import sweep
from crosscontrast.ground.files import sha256
from crosscontrast.ground.images import image_like, write_image

CASES = ("sub-01_T1w", "sub-02_T2w")
SAVERS = 3
#: Kills per dataset, so that histories stay as short as real ones.
KILLS_EACH = 60
#: Kills between two looks at the whole dataset, which cost more than the kills.
CHECK_EACH = 4 * SAVERS


def forked(work: Callable[[], None]) -> int:
    """Do the work in a child process and return its id. The parent never runs ITK, whose threads do not fork."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)


def finished(child: int) -> None:
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"a child that nobody killed failed ({status})")


def create(folder: Path) -> None:
    dataset = CorrectionDataset.create(folder / "dataset")
    image = sitk.GetImageFromArray(np.arange(6 * 10 * 8, dtype=np.float32).reshape(6, 10, 8))
    for number, case in enumerate(CASES):
        write_image(image + number, folder / f"{case}.nii.gz")  # two persons have two images
        dataset.add(folder / f"{case}.nii.gz")


def save(folder: Path, random_numbers: np.random.Generator, log: int) -> None:
    """Save one correction with a value of its own and report it in one write."""
    dataset = CorrectionDataset.open(folder / "dataset")
    case = CASES[random_numbers.integers(2)]
    grid = dataset.record(case).grid()
    soft = image_like(random_numbers.random(grid.GetSize()[::-1], np.float32), grid)
    token = random_numbers.bytes(6).hex()
    saved = dataset.save(case, soft, soft >= 0.5, author=token, force=True)  # noise looks like no cord
    os.write(log, (json.dumps([case, saved.record.revision, token, saved.record.softseg_sha256]) + "\n").encode())


def check(folder: Path) -> None:
    """Open the dataset as the next user would, and compare it with what was reported."""
    dataset = CorrectionDataset.open(folder / "dataset")
    assert [case.name for case in dataset.cases()] == list(CASES)
    for case in CASES:
        history = dataset.history(case)
        assert [record.revision for record in history] == list(range(1, len(history) + 1))
        for record in history:
            dataset.load(case, record.revision)
        assert published_revision(dataset.layout, case) == len(history)
        if history:
            assert sha256(dataset.layout.softseg(case)) == history[-1].softseg_sha256
            assert sha256(dataset.layout.seg(case)) == history[-1].seg_sha256
        assert not dataset.layout.outside(case).exists()
    for line in (folder / "log").read_text().splitlines():
        case, revision, token, content = json.loads(line)
        record = dataset.load(case, revision).record
        assert (record.author, record.softseg_sha256) == (token, content), f"{case} revision {revision} was lost"
    sweep(dataset.layout.staging, age=0)
    CorrectionDataset.open(folder / "dataset")


def storm(folder: Path, kills: int, seed: int) -> int:
    """Kill ``kills`` savers, three at work at a time, and return how many corrections were reported saved.

    They are killed within the time that a save takes here now with three at work, so that some get through.
    """
    moments, reported = random.Random(seed), 0
    for number in range(0, kills, KILLS_EACH):
        here = folder / str(number)
        here.mkdir(parents=True)
        finished(forked(lambda here=here: create(here)))
        began = time.monotonic()
        finished(forked(lambda here=here: warm_up(here)))
        longest = max(0.1, 0.75 * (time.monotonic() - began))
        log = os.open(here / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        for start in range(number, min(number + KILLS_EACH, kills), SAVERS):
            savers = [
                forked(lambda n=n, here=here, log=log: forever(here, seed * 1_000_000 + n, log))
                for n in range(start, min(start + SAVERS, kills))
            ]
            for saver in savers:
                time.sleep(moments.uniform(0, longest))
                os.kill(saver, signal.SIGKILL)
                _, status = os.waitpid(saver, 0)
                assert os.WIFSIGNALED(status), "a saver failed before it was killed"
            if (start - number) % CHECK_EACH == 0:
                finished(forked(lambda here=here: check(here)))
        finished(forked(lambda here=here: check(here)))
        os.close(log)
        reported += len((here / "log").read_text().splitlines())
    return reported


def warm_up(folder: Path) -> None:
    """Save twice, to see how long that takes."""
    log = os.open(os.devnull, os.O_WRONLY)
    for seed in range(2):
        save(folder, np.random.default_rng(seed), log)


def forever(folder: Path, seed: int, log: int) -> None:
    numbers = np.random.default_rng(seed)
    while True:
        save(folder, numbers, log)


def every_step(folder: Path, stride: int) -> int:
    """Kill a saver at every ``stride``-th of its file operations until one gets through; return how many died."""
    folder.mkdir(parents=True, exist_ok=True)
    finished(forked(lambda: create(folder)))
    log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    killed = 0
    while True:
        saver = forked(lambda step=1 + killed * stride: killed_at(step, folder, log))
        _, status = os.waitpid(saver, 0)
        finished(forked(lambda: check(folder)))
        if not os.WIFSIGNALED(status):
            assert status == 0
            os.close(log)
            return killed
        killed += 1


def killed_at(step: int, folder: Path, log: int) -> None:
    left = step

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event == "open" or event.startswith(("os.", "shutil.", "fcntl.")):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    numbers = np.random.default_rng(step)
    sys.addaudithook(hook)
    save(folder, numbers, log)
    left = -1


if __name__ == "__main__":
    mode, place, *rest = sys.argv[1:]
    if mode == "time":
        total, chosen = map(int, rest)
        print(json.dumps({"killed": total, "reported": storm(Path(place), total, chosen)}))
    else:
        print(json.dumps({"killed": every_step(Path(place), int(rest[0]))}))
