"""The example study as its user would run it."""

import SimpleITK as sitk
from commands import crosscontrast, process
from small_studies import phantom

from crosscontrast.reading.analysis.measures import measures_of
from crosscontrast.reading.assign import assign
from crosscontrast.reading.balance import counts, faults
from crosscontrast.reading.cases import Case
from crosscontrast.reading.plan import read_plan
from crosscontrast.reading.study import read_study


def test_the_example_is_written_once_and_can_be_planned(tmp_path):
    folder = tmp_path / "mine"
    done = process("reader", "example", "--out", folder)
    assert done.returncode == 0, done.stderr
    again = crosscontrast("reader", "example", "--out", folder)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    lines = ["subject\trole\timage\tcancer"]
    for number in range(1, 9):
        for arm, role in enumerate(("T2w", "syntheticT2w", "us")):
            sitk.WriteImage(phantom(number, arm), str(folder / f"{number}{role}.nii.gz"))
            lines.append(f"sub-{number:03}\t{role}\t{number}{role}.nii.gz\t{number % 2}")
    (folder / "cohort.tsv").write_text("\n".join(lines) + "\n")
    planned = crosscontrast("reader", "plan", folder / "STUDY.yaml", "--out", tmp_path / "study")
    assert planned.returncode == 0, planned.stderr
    plan = read_plan(tmp_path / "study")
    assert len(plan.study.readers) == 7
    assert len(plan.readings) == 7 * (5 * 3 + 2 + 3)


def test_with_sixty_cases_the_example_is_balanced_over_four_sessions(tmp_path):
    assert crosscontrast("reader", "example", "--out", tmp_path).returncode == 0
    study = read_study(tmp_path / "STUDY.yaml")
    cases = [Case(f"sub-{n:03}", n <= 3, n % 2 == 0, {}) for n in range(1, 64)]
    slots = assign(study, cases)
    assert faults(study, slots) == []
    assert len(slots) == 7 * (180 + 27 + 3)
    assert all(set(arms.values()) == {15} for _, _, arms, _, _ in counts(study, slots))
    assert [m.id for m in measures_of(study)] == [
        "realism",
        "artifacts",
        "interpretable",
        "origin",
        "cancer",
        "seconds",
    ]
