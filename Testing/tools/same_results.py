"""Runs the same commands in two checkouts and says whether their results differ.

    python Testing/tools/same_results.py OLD NEW [--only PATTERN] [--keep FOLDER] [--jobs 2]

OLD makes the inputs once. Each checkout then runs every command of ``same_results/commands.py`` through its own
``.venv/bin/crosscontrast``, in the same folder one after the other (paths are the same, and so are hashes over them),
with a home of its own for every command and one thread. All files that are left behind, exit codes and what was printed
are compared: voxels, numbers and weights exactly, texts but for dates, durations, versions and places. A training that
was killed and resumed is compared with the uninterrupted one within each checkout. The exit code is 0 where nothing
differs but what the table ``EXPECTED`` names. Neither checkout is imported: start it with the Python of either.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from same_results.commands import STEPS, chosen
from same_results.inputs import make_inputs
from same_results.report import compare_runs
from same_results.running import Checkout, Runner


def main() -> int:
    """Run and compare; 1 where something differs that should not, 2 where OLD cannot make the inputs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("old", type=Path, help="checkout with a .venv, whose results are right")
    parser.add_argument("new", type=Path, help="checkout with a .venv, to be compared")
    parser.add_argument("--python", type=Path, nargs=2, metavar=("OLD", "NEW"), help="interpreters, instead of .venv's")
    parser.add_argument("--only", metavar="PATTERN", default="", help="only steps whose name matches (and their needs)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="new or empty folder in which everything stays")
    parser.add_argument("--jobs", type=int, default=1, help="steps of a checkout at the same time")
    parser.add_argument("--list", action="store_true", help="print the steps and their commands")
    given = parser.parse_args()
    steps = chosen(STEPS, given.only)
    if given.list:
        print("\n".join(f"{step.name}\n  " + "\n  ".join(step.commands) for step in steps))
        return 0
    pythons = given.python or (None, None)
    checkouts = [Checkout.at(path, python) for path, python in zip((given.old, given.new), pythons, strict=True)]
    with ExitStack() as stack:
        place = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="same-results-")))
        place = place.resolve()
        place.mkdir(parents=True, exist_ok=True)
        if given.keep and any(place.iterdir()):
            parser.error(f"{place} is not empty")
        runner = Runner(place, given.jobs)
        print(f"In {place}: inputs by {checkouts[0].root}", flush=True)
        make_inputs(runner, checkouts[0], steps)
        runs = [runner.run(checkout, steps, name) for checkout, name in zip(checkouts, ("old", "new"), strict=True)]
        return compare_runs(steps, *runs)


if __name__ == "__main__":
    sys.exit(main())
