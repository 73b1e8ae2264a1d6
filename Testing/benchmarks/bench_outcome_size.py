"""How often noise is called a signal by ``radiomics outcome``, and how often a signal is found.

    .venv/bin/python Testing/benchmarks/bench_outcome_size.py [--model ridge] [--cohorts 200] [--images 1 3]

Cohorts of 40 subjects with one and with three images each, 30 features, five folds five times. Size: the share of
cohorts without any signal whose 95 % interval of the area lacks .5, and in which two arms are called different. Power:
the same where three features of the first arm are shifted by .8 standard deviations and none of the second's. ``ridge``
takes minutes, the outcome's own models (``logistic``, forests) an hour and more: ``--first`` and ``--what`` part the
work. Lines appear as they come.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "statistics"))

from null_cohorts import Design, missed

_EFFECTS = {"size": (0.0, 0.0), "power": (0.8, 0.0)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="ridge")
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first cohort")
    parser.add_argument("--images", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--what", nargs="+", choices=_EFFECTS, default=list(_EFFECTS))
    parser.add_argument("--subjects", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    print(f"{given.model}, {given.cohorts} cohorts of {given.subjects} subjects from number {given.first}, five folds")
    print(f"{given.repeats} times: share with the interval of the area beside .5, and with the arms called different")
    for images in given.images:
        for what in given.what:
            start = time.process_time()
            design = Design(given.subjects, images, given.model, effects=_EFFECTS[what], repeats=given.repeats)
            area, pair = missed(design, given.cohorts, given.first)
            seconds = time.process_time() - start
            print(f"  {images} image(s) a subject, {what:5}: {area:.3f}  {pair:.3f}   ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
