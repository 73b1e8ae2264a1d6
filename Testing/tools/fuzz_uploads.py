"""Sends damaged and hostile uploads to what settles them, without its fences, and lists the files that it opens.

``python Testing/tools/fuzz_uploads.py --seconds 3600 --seed 1`` goes on for an hour. The fences (Landlock, audit hook)
are left away, so that an attempt to open another file would be seen and not only refused. Where strace is installed
it lists what native code opens too; elsewhere Python's audit hook sees only what Python opens.
"""

import argparse
import bz2
import contextlib
import gzip
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

SECRET = b"only the server's account may read this: " + bytes(range(200))
#: A file that is not there, whose name tells in the trace where the uploads begin.
_BEGIN = "fuzzing-begins-here"
_OPENED = re.compile(r'open(?:at2?)?\((?:AT_FDCWD, )?"([^"]*)".*\) = \d+$')
_STARTED = re.compile(r"(execve|connect)\((.*)$")
_HOSTILE = (
    "data file: {0}", "datafile: {0}", "DATA FILE: {0}", "data file:{0}", " data file: {0}", "data file: LIST\n{0}",
    "data file: {0} 1 1 1 3", "ElementDataFile = {0}", "elementdatafile = {0}", "ElementDataFile: {0}",
    "ElementDataFile = LIST\n{0}", "ElementDataFile = LOCAL", "ElementDataFile\t=\t{0}", "# {0}", "x:={0}",
    "byte skip: -1", "line skip: 3", "HeaderSize = -1", "encoding: raw", "sizes: 9 9 9", "Comment = {0}",
)  # fmt: skip


def honest_files(folder: Path) -> list[tuple[str, bytes]]:
    """A small file of each format that is taken."""
    import numpy as np
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.random.default_rng(1).integers(0, 99, (5, 6, 7)).astype(np.int16))
    image.SetSpacing((0.7, 1.3, 4.0))
    made = []
    for name in ("a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.dcm"):
        for compressed in (True, False):
            one = image
            if name == "a.dcm":
                one = image[:, :, 0]
                one.SetMetaData("0020|0032", "0\\0\\0")
                one.SetMetaData("0020|0037", "1\\0\\0\\0\\1\\0")
            sitk.WriteImage(one, str(folder / name), compressed and name != "a.dcm")
            made.append((name, (folder / name).read_bytes()))
    head = b"NRRD0004\ntype: short\ndimension: 3\nsizes: 7 6 5\nendian: little\nencoding: %s\n\n"
    values = sitk.GetArrayFromImage(image)
    made.append(("a.nrrd", head % b"bzip2" + bz2.compress(values.tobytes())))
    made.append(("a.nrrd", head % b"ascii" + " ".join(map(str, values.ravel())).encode()))
    return made


def mutated(rng: random.Random, files: list[tuple[str, bytes]], secret: str) -> tuple[str, bytes]:
    """One upload: an honest file after one to six changes, now and then under another name or in an archive."""
    name, content = rng.choice(files)
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        _change(rng, data, files, secret)
    if rng.random() < 0.1:
        name = rng.choice(["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.nhdr", "a.mhd", "IM1"])
    if name.endswith(".gz") and rng.random() < 0.5:
        data = bytearray(gzip.compress(bytes(data) if data[:2] != b"\x1f\x8b" else _inside(data), 1))
    if rng.random() < 0.1:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
            archive.writestr(name, bytes(data))
        data, name = bytearray(stream.getvalue()), "a.zip"
        if rng.random() < 0.5:
            _change(rng, data, files, secret)
    return name, bytes(data)


def _inside(data: bytearray) -> bytes:
    try:
        return gzip.decompress(data)
    except Exception:  # changed already
        return bytes(data)


def _change(rng: random.Random, data: bytearray, files: list[tuple[str, bytes]], secret: str) -> None:
    place = rng.randrange(len(data) + 1) if rng.random() < 0.3 else rng.randrange(min(len(data), 600) + 1)
    what = rng.randrange(8)
    if what <= 2:  # a line that names the secret, at the beginning of a line or anywhere
        line = rng.choice(_HOSTILE).format(secret).encode()
        if what < 2:
            place = bytes(data[:600]).rfind(b"\n", 0, place) + 1
        ends = rng.choice([b"\n", b"\r\n", b"\r", b"\n\n", b"\0", b"\v"])
        data[place:place] = line + ends
    elif what == 3:
        for _ in range(rng.randint(1, 8)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
    elif what == 4:
        del data[place : place + rng.randint(1, 40)]
    elif what == 5:
        head = bytes(data[:600])
        data[:600] = rng.choice(
            [head.replace(b"\n", b"\r"), head.replace(b"\n", b"\r\n"), head.swapcase(), head.replace(b": ", b":"),
             head.replace(b" = ", b"=")]
        )  # fmt: skip
    elif what == 6:
        other = rng.choice(files)[1]
        data[place:] = other[rng.randrange(len(other)) :]
    else:
        data[place:place] = bytes(data[place : place + rng.randint(1, 200)])


def run_batch(seed: int, count: int) -> None:
    """Settle ``count`` uploads in the folder that is current; prints what came of them as JSON."""
    import importlib

    from crosscontrast.app.server.plan import Limits
    from crosscontrast.app.server.uploads import settle_here
    from crosscontrast.errors import CrossContrastError

    for module in ("nibabel", "encodings.cp437", "encodings.latin_1", "numpy.ma", "linecache", "SimpleITK", "lzma"):
        importlib.import_module(module)
    folder, limits = Path.cwd(), Limits(volume_bytes=1 << 24, upload_bytes=1 << 24)
    secret = folder.parent / "secret.txt"
    files = honest_files(folder)
    (folder / "rehearsal").mkdir()
    for number, (name, content) in enumerate(files):  # whatever is loaded late is loaded now
        _settle(settle_here, limits, folder / "rehearsal" / str(number), name, content)
    outside: list[str] = []
    inside = str(folder)

    def hook(event: str, arguments: tuple) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = Path(arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()).resolve()
            if not str(path).startswith(inside) and str(arguments[0]) != "/dev/null":
                outside.append(str(path))

    sys.addaudithook(hook)
    rng, kinds, leaked = random.Random(seed), Counter(), 0
    with contextlib.suppress(OSError):
        os.open(_BEGIN, os.O_RDONLY)
    for number in range(count):
        name, content = mutated(rng, files, str(secret))
        where = folder / f"case-{number}"
        try:
            images = _settle(settle_here, limits, where, name, content)
            kinds["taken"] += 1
            leaked += any(SECRET[:24] in _unpacked(path) for path in images)
        except CrossContrastError:
            kinds["refused"] += 1
        except Exception as error:
            kinds[f"other: {type(error).__name__}"] += 1
        shutil.rmtree(where, ignore_errors=True)
    print(json.dumps({"kinds": kinds, "leaked": leaked, "outside": outside}), flush=True)
    os._exit(0)  # native libraries may hang or crash in their destructors


def _settle(settle_here, limits, where: Path, name: str, content: bytes) -> list[Path]:
    where.mkdir()
    sent = where / "0.sent"
    sent.write_bytes(content)
    return settle_here([(name, sent)], where, limits).images


def _unpacked(path: Path) -> bytes:
    import SimpleITK as sitk

    return sitk.GetArrayFromImage(sitk.ReadImage(str(path))).tobytes()


def opened_outside(trace: Path, folder: Path) -> tuple[int, list[str]]:
    """How many files were opened after the beginning, and which of them lie outside; programs and connections too."""
    lines = trace.read_text(errors="replace").splitlines()
    begun = next((n for n, line in enumerate(lines) if _BEGIN in line), len(lines))
    opened, outside = 0, []
    for line in lines[begun + 1 :]:
        if found := _OPENED.search(line):
            opened += 1
            path = (folder / found[1]).resolve()
            if folder not in path.parents and path != folder and found[1] != "/dev/null":
                outside.append(found[1])
        elif found := _STARTED.search(line):
            outside.append(found[0])
    return opened, outside


def fuzz(seconds: float, seed: int, count: int, say) -> dict:
    """Run batches until the time is over; returns the totals."""
    ends, totals, opened, outside = time.monotonic() + seconds, Counter(), 0, Counter()
    batch = seed
    while time.monotonic() < ends:
        with tempfile.TemporaryDirectory() as temporary:
            root = Path(temporary).resolve()
            (root / "secret.txt").write_bytes(SECRET)
            (root / "work").mkdir()
            traced = shutil.which("strace")
            watch = ["strace", "-f", "-q", "-e", "trace=open,openat,openat2,execve,connect", "-o", root / "trace"]
            command = [sys.executable, str(Path(__file__).resolve()), "--batch", str(batch), "--count", str(count)]
            call = [*map(str, watch), *command] if traced else command
            done = subprocess.run(call, cwd=root / "work", capture_output=True, text=True, check=False)
            if traced:
                some, bad = opened_outside(root / "trace", root / "work")
                opened += some
                outside.update(bad)
            if done.returncode or not done.stdout.strip():
                totals[f"batches that ended with {done.returncode}"] += 1
                say(f"batch {batch} ended with {done.returncode}: {done.stderr[-300:]}")
            else:
                told = json.loads(done.stdout.splitlines()[-1])
                totals.update(told["kinds"])
                totals["voxels of the secret"] += told["leaked"]
                outside.update(told["outside"])
        batch += 1
        tried = sum(n for kind, n in totals.items() if kind in ("taken", "refused") or kind.startswith("other"))
        say(
            f"seeds {seed}..{batch - 1}: {tried} files tried, {opened} opened inside and outside, "
            f"{sum(outside.values())} outside {dict(outside)}, {dict(totals)}"
        )
    return {"tried": tried, "opened": opened, "outside": outside, "totals": totals}


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--batch", type=int)
    options = parser.parse_args()
    if options.batch is not None:
        run_batch(options.batch, options.count)
    else:
        fuzz(options.seconds, options.seed, options.count, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
