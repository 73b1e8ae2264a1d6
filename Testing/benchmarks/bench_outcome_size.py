"""How often noise is called a signal by ``radiomics outcome``: ``bench_outcome_size.py [MODEL] [COHORTS] [FIRST]``.

Cohorts of 40 subjects with one and with three images each, 30 features, five folds five times. Size: the share of
cohorts without any signal whose 95 % interval of the area lacks .5, and in which two arms are called different. Power:
the same where three features of the first arm are shifted by .8 standard deviations and none of the second's. MODEL is
``ridge`` (seconds), ``logistic`` or a forest (hours). Lines appear as they come.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "statistics"))

from null_cohorts import Design, missed


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else "ridge"
    cohorts = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    print(f"{model}, {cohorts} cohorts from number {first}: share with the interval of the area beside .5, and share")
    print("with the two arms called different")
    for images in (1, 3):
        for what, effects in (("size", (0.0, 0.0)), ("power", (0.8, 0.0))):
            start = time.process_time()
            area, pair = missed(Design(40, images, model, effects=effects), cohorts, first)
            seconds = time.process_time() - start
            print(f"  {images} image(s) a subject, {what:5}: {area:.3f}  {pair:.3f}   ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
