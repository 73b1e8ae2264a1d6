"""Runs the drives of ``Testing/slicer/drives`` in a real Slicer and says what came of them.

``python Testing/tools/run_drives.py COMMAND [DRIVE ...]``: COMMAND starts Slicer with our modules and runs the Python
script whose path follows it, for example

    "Slicer --ignore-slicerrc --additional-module-paths CrossContrast SoftCordSeg --python-script"

Each drive gets a Slicer of its own. Logs and pictures go to the folder ``DRIVES_OUT`` (default: a new one).
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DRIVES = Path(__file__).parents[1] / "slicer" / "drives"
#: A drive ends within this many seconds, or Slicer hangs.
LIMIT = 600


def run(command: list[str], drive: Path, out: Path) -> tuple[bool, str]:
    """Run one drive; return whether all went well, and a line on it."""
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with (out / "output.txt").open("w", encoding="utf-8") as log:
        try:
            subprocess.run(
                [*command, str(drive)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "DRIVES_OUT": str(out)},
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False, f"did not end within {LIMIT} s"
    text = (out / "output.txt").read_text(encoding="utf-8", errors="replace")
    seconds = f"{time.monotonic() - began:.0f} s"
    # The exit code says less: Slicer ends with one of its own.
    ended = re.search(r"^(\d+) checks failed$", text, re.MULTILINE)
    if ended is None:
        return False, f"Slicer ended before the drive did, {seconds}"
    wrong = re.findall(r"^NOT +(.*)$", text, re.MULTILINE)
    passed = len(re.findall(r"^ok ", text, re.MULTILINE))
    return ended[1] == "0" and passed > 0, "\n".join(
        [f"{passed} of {passed + len(wrong)} checks hold, {seconds}", *wrong]
    )


def main(command: str, *names: str) -> int:
    """Run the drives and print a summary; return the exit code."""
    out = Path(os.environ.get("DRIVES_OUT") or tempfile.mkdtemp(prefix="drives-"))
    drives = sorted(path for path in DRIVES.glob("*.py") if path.stem != "steps" and (not names or path.stem in names))
    failed = []
    for drive in drives:
        well, words = run(shlex.split(command), drive, out / drive.stem)
        first, *wrong = words.splitlines()
        print(
            f"{'passed' if well else 'FAILED'}  {drive.stem}: {first}",
            *(f"        {line}" for line in wrong),
            sep="\n",
            flush=True,
        )
        if not well:
            failed.append(drive.stem)
    print(f"{len(drives) - len(failed)} of {len(drives)} drives passed; pictures and logs: {out}")
    return 1 if failed or not drives else 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or not sys.argv[1].strip():
        raise SystemExit(__doc__)
    raise SystemExit(main(*sys.argv[1:]))
