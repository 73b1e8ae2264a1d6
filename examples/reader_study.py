"""Plan a blinded reader study and analyse its answers. Between the two, people read: crosscontrast reader serve.

python examples/reader_study.py
python examples/reader_study.py STUDY.yaml --out my-study            # plan
python examples/reader_study.py --answered my-study/study --out my-study   # analyse what was read
"""

import argparse
import random
from pathlib import Path

import crosscontrast as cc
from crosscontrast.reading.folder import open_study
from crosscontrast.reading.program import program_of
from crosscontrast.reading.sitting import Sitting
from phantoms import results_folder, write_prostates

STUDY = """
title: Two arms
seed: 7
cohort: phantoms/cohort.tsv
arms: [{name: mri, role: t2w}, {name: ultrasound, role: us}]
truth: {column: outcome, positive: "1"}
readers: [reader-1, reader-2]
washout_days: 0
questions:
  - {id: realism, kind: likert, text: 'How realistic is the anatomy?', labels: [not at all, fully]}
  - {id: cancer, kind: confidence, text: 'How sure are you of a cancer?', truth: case}
"""


def read_at_random(study: Path) -> None:
    """Stand in for the readers, who would see the images in the browser or in Slicer."""
    plan, store = open_study(study, None)
    draw = random.Random(0)
    for reader in plan.study.readers:
        sitting = Sitting(program_of(plan, reader), store, "example")
        while (reading := sitting.show().reading) is not None:
            answers = {"realism": draw.randint(1, 5), "cancer": draw.randint(0, 100)}
            sitting.answer(reading.id, answers, f"{reader}-{reading.id}")
    store.close()


def main() -> None:
    """Plan, or analyse, or on phantoms both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", type=Path, help="STUDY.yaml; 'crosscontrast reader example' writes one")
    parser.add_argument("--answered", type=Path, help="a planned study whose answers are to be analysed")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    out = results_folder(given.out)

    folder = given.answered or out / "study"
    if not given.answered:
        if not given.study:
            write_prostates(out / "phantoms", subjects=4)
            (out / "STUDY.yaml").write_text(STUDY)
        plan = cc.plan_study(given.study or out / "STUDY.yaml", folder)
        print(f"{plan.readings} readings planned, fingerprint {plan.fingerprint[:16]}")
        if given.study:
            print(f"now: crosscontrast reader serve {folder}")
            return
        read_at_random(folder)
    found = cc.analyze_study(folder, out / "results", resamples=1000 if given.answered else 100)
    print(f"{found.answers} of {found.readings} readings answered")
    print(found.report)


if __name__ == "__main__":
    main()
