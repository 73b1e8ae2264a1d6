import json
from collections import Counter
from dataclasses import replace

import pytest
from commands import crosscontrast, process
from hypothesis import given, settings
from hypothesis import strategies as st
from small_studies import ARMS, QUESTIONS, phantom, write_study

from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.reading.assign import assign
from crosscontrast.reading.balance import counts, faults
from crosscontrast.reading.cases import Case, find_cases
from crosscontrast.reading.plan import PLAN_FILE, read_plan
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.study import Study, read_study


def study_of(**changes):
    entries = {
        "title": "t",
        "cohort": "cohort.tsv",
        "arms": ARMS,
        "readers": ["anna", "ben", "carl", "dora"],
        "questions": QUESTIONS,
        "truth": {"column": "lesion"},
        "seed": 3,
    }
    return Study.model_validate(entries | changes)


def some_cases(count, training=0):
    cases = [Case(f"sub-{n:03}", False, n % 3 == 0, {}) for n in range(count)]
    return cases + [Case(f"train-{n}", True, None, {}) for n in range(training)]


@settings(max_examples=60, deadline=None)
@given(
    cases=st.integers(1, 40),
    arms=st.integers(1, 3),
    more_sessions=st.integers(0, 2),
    repeats=st.sampled_from([0.0, 0.1, 0.2]),
    training=st.integers(0, 4),
    blocks=st.sampled_from([1, 1, 2, 3]),
    seed=st.integers(0, 10**6),
)
def test_every_plan_is_balanced_and_shows_no_case_twice_in_a_session(
    cases, arms, more_sessions, repeats, training, blocks, seed
):
    design = {"design": "split-plot", "blocks": blocks} if blocks > 1 and cases >= blocks else {}
    study = study_of(arms=ARMS[:arms], repeats=repeats, seed=seed, **design)
    study = study.model_copy(update={"sessions": study.fewest_sessions + more_sessions})
    assert faults(study, assign(study, some_cases(cases, training))) == []


def test_seven_readers_read_sixty_cases_in_three_arms_with_repeats_and_training():
    study = study_of(readers=[f"r{n}" for n in range(7)], repeats=0.15)
    slots = assign(study, some_cases(60, 3))
    assert len(slots) == 7 * (180 + 27 + 3)
    for _, _, arms, repeats, _ in counts(study, slots):
        assert set(arms.values()) == {15}
        assert 3 <= repeats <= 12
    again = Counter(slot.arm for slot in slots if slot.copy == 2 and slot.reader == "r0")
    assert set(again.values()) == {9}
    training = [slot.position for slot in slots if slot.training]
    assert training == [1, 2, 3] * 7


def test_the_order_is_the_seed_s_and_differs_between_readers():
    study = study_of()
    cases = some_cases(12)
    slots = assign(study, cases)
    assert slots == assign(study, cases)
    assert slots != assign(study.model_copy(update={"seed": 4}), cases)
    orders = {reader: [(s.case, s.arm) for s in slots if s.reader == reader] for reader in study.readers}
    assert len({tuple(order) for order in orders.values()}) == 4


def test_which_arm_of_a_case_comes_first_is_chance():
    study = study_of(readers=[f"r{n}" for n in range(40)])
    slots = assign(study, some_cases(15))
    first = {}
    for slot in sorted(slots, key=lambda s: s.session):
        first.setdefault((slot.reader, slot.case), slot.arm)
    share = Counter(first.values())
    assert all(0.28 < times / len(first) < 0.39 for times in share.values())


def test_positive_cases_are_spread_over_the_sessions():
    study = study_of()
    cases = some_cases(36)
    positive = {case.name for case in cases if case.positive}
    slots = assign(study, cases)
    for reader in study.readers:
        found = Counter(s.session for s in slots if s.reader == reader and s.case in positive)
        assert set(found.values()) == {12}


def test_a_split_plot_gives_each_reader_all_arms_of_one_block():
    study = study_of(design="split-plot", blocks=2)
    slots = assign(study, some_cases(10))
    cases = {reader: frozenset(s.case for s in slots if s.reader == reader) for reader in study.readers}
    assert Counter(cases.values()).most_common()[0][1] == 2
    assert [len(own) for own in cases.values()] == [5] * 4
    assert all(sum(s.reader == reader for s in slots) == 15 for reader in study.readers)


def moved_into_another_session(slots):
    case, other = slots[0].case, next(s for s in slots if s.case == slots[0].case and s.session != slots[0].session)
    assert other.case == case
    return [replace(s, session=slots[0].session, position=99) if s is other else s for s in slots]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (moved_into_another_session, "2 times in session"),
        (lambda slots: slots[1:], "0 times"),
        (lambda slots: [s for s in slots if (s.reader, s.case) != ("anna", "sub-000")], "not every reader"),
        (lambda slots: [replace(s, position=s.position + 1) for s in slots], "gaps"),
        (lambda slots: [replace(s, arm="mri") for s in slots], "unequally often"),
    ],
)
def test_the_check_finds_what_is_wrong_with_a_plan(spoil, reason):
    study = study_of()
    slots = assign(study, some_cases(6))
    assert any(reason in fault for fault in faults(study, spoil(slots)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"readers": ["anna", "Anna"]}, "reader 'Anna' stands twice|reader 'anna' stands twice"),
        ({"sessions": 2}, "3 arms need at least 3 sessions"),
        ({"sessions": 3, "repeats": 0.1}, "3 arms and repeats need at least 4 sessions"),
        ({"truth": None}, "needs the study's truth column"),
        ({"design": "split-plot"}, "2 or more blocks"),
        ({"blocks": 3, "design": "split-plot"}, "at least as many readers"),
        ({"questions": [{"id": "q", "kind": "guess", "text": "?"}]}, "questions.0"),
        ({"questions": [{"id": "q", "kind": "likert", "text": "?", "labels": ["a", "b", "c"]}]}, "two ends"),
        ({"colour": "red"}, "colour"),
        ({"cases": ["sub-99"]}, "sub-99 has no image of role 'T1w'"),
        ({"training": ["sub-00"], "cases": ["sub-00"]}, "both a training case and a case"),
        ({"truth": {"column": "grade"}}, "no value of 'grade'"),
        ({"repeats": 0.5}, "repeated once at most"),
    ],
)
def test_a_study_that_cannot_be_is_refused_with_its_reason(tmp_path, changes, reason):
    path = write_study(tmp_path, subjects=2, **changes)
    with pytest.raises(BadInputError, match=reason):
        prepare_study(read_study(path), tmp_path / "out", silent)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["title: [", "just words", "\x00"])
def test_what_is_not_yaml_is_said(tmp_path, text):
    (tmp_path / "STUDY.yaml").write_text(text)
    with pytest.raises(BadInputError, match=r"STUDY\.yaml"):
        read_study(tmp_path / "STUDY.yaml")


def test_subjects_without_every_arm_take_no_part(tmp_path):
    path = write_study(tmp_path, subjects=4)
    table = tmp_path / "cohort.tsv"
    table.write_text("\n".join(line for line in table.read_text().splitlines() if "sub-02_us" not in line) + "\n")
    assert [case.name for case in find_cases(read_study(path))] == ["sub-00", "sub-01", "sub-03"]


def test_a_later_edit_of_the_plan_is_revealed(tmp_path):
    path = write_study(tmp_path, subjects=3)
    plan = prepare_study(read_study(path), tmp_path / "out", silent)
    file = tmp_path / "out" / PLAN_FILE
    assert read_plan(tmp_path / "out").fingerprint == plan.fingerprint
    content = json.loads(file.read_text())
    first, second = content["plan"]["readings"][:2]
    first["arm"], second["arm"] = second["arm"], first["arm"]
    file.write_text(json.dumps(content))
    with pytest.raises(BadInputError, match="was changed after it was made"):
        read_plan(tmp_path / "out")
    file.write_text("{}")
    with pytest.raises(BadInputError, match="not the plan"):
        read_plan(tmp_path / "out")


def test_the_command_plans_once_and_never_over_a_study(tmp_path):
    path = write_study(tmp_path, subjects=4, training=["sub-03"], repeats=0.2)
    done = process("reader", "plan", path, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "anna, session 1: " in done.stdout
    assert "1 for training" in done.stdout
    assert read_plan(tmp_path / "out").fingerprint in done.stdout
    again = crosscontrast("reader", "plan", path, "--out", tmp_path / "out")
    assert again.returncode == 2
    assert again.stderr.startswith("error: ")
    assert "holds a study already" in again.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["images", "plan.json"]


@pytest.mark.parametrize("positive", ["2", "Yes"])
def test_a_study_in_which_no_case_is_positive_is_refused_when_it_is_planned(tmp_path, positive):
    study = write_study(tmp_path, truth={"column": "lesion", "positive": positive})
    run = crosscontrast("reader", "plan", study, "--out", tmp_path / "out")
    assert run.returncode == 2
    assert f"none of the 6 cases is positive, that is, has {positive!r} in column 'lesion'" in run.stderr
    assert "the column has '0', '1'" in run.stderr
    assert not (tmp_path / "out").exists()


def test_who_lacks_an_arm_is_named_and_left_out_only_by_force(tmp_path):
    study = write_study(tmp_path)
    table = tmp_path / "cohort.tsv"
    lines = [line for line in table.read_text().splitlines() if "sub-03_us" not in line]
    table.write_text("\n".join(lines) + "\n")
    words = ["reader", "plan", study, "--out", tmp_path / "out"]
    run = crosscontrast(*words)
    assert run.returncode == 2
    assert "sub-03 has no image of role us beside sub-03_T1w.nii.gz, sub-03_synthT1w.nii.gz" in run.stderr
    assert not (tmp_path / "out").exists()
    run = crosscontrast(*words, "--force")
    assert run.returncode == 0
    assert "sub-03 has no image of role us" in run.stderr
    assert len(read_plan(tmp_path / "out").cases) == 5


def test_cases_that_the_study_names_need_no_force(tmp_path):
    study = write_study(tmp_path, cases=["sub-00", "sub-01"])
    (tmp_path / "cohort.tsv").write_text((tmp_path / "cohort.tsv").read_text().replace("sub-03\tus", "sub-03\tother"))
    assert crosscontrast("reader", "plan", study, "--out", tmp_path / "out").returncode == 0


def test_voxels_that_would_tell_a_reader_which_images_are_alike_are_named(tmp_path):
    def image(number, arm):
        made = phantom(number, arm)
        if number == 4:
            made.SetSpacing((1.5, 1.2, 6.0))
        return made

    study = write_study(tmp_path / "a", image=image)
    run = crosscontrast("reader", "plan", study, "--out", tmp_path / "out")
    assert run.returncode == 2
    assert "sub-04_us.nii.gz of sub-04 has voxels of 1.5 x 1.2 x 6 mm, where 1.5 x 1.2 x 2 mm is usual" in run.stderr
    shown_alike = write_study(tmp_path / "b", image=image, display={"spacing": [1.5, 1.2, 3.0]})
    assert crosscontrast("reader", "plan", shown_alike, "--out", tmp_path / "b-out").returncode == 0
