import csv

import numpy as np
import pytest
from commands import crosscontrast, process
from simulated_readers import Clock, read_everything
from small_studies import QUESTIONS, write_study

from crosscontrast.progress import silent
from crosscontrast.reading.analysis.answers import StudyAnswer, join_answers
from crosscontrast.reading.analysis.marks import mark_rows
from crosscontrast.reading.analysis.measures import case_means, measures_of
from crosscontrast.reading.analysis.ratings import Table
from crosscontrast.reading.analysis.results import analyse
from crosscontrast.reading.analysis.turing import turing_rows
from crosscontrast.reading.folder import open_study
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.program import program_of
from crosscontrast.reading.sitting import Sitting
from crosscontrast.reading.study import Study, read_study
from crosscontrast.statistics.roc import area_estimate

ICCS = ("ICC(A,1)", "ICC(C,1)", "ICC(A,k)")
#: Two arms as good as each other for lesions, one worse; readers say in a third of images where they come from.
READERS = ["anna", "ben", "carl"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study of 14 cases that three simulated readers have finished, with its folder and plan."""
    folder = tmp_path_factory.mktemp("study")
    path = write_study(folder, subjects=15, readers=READERS, repeats=0.2, training=["sub-14"])
    plan = prepare_study(read_study(path), folder / "out", silent)
    clock = Clock()
    _, store = open_study(folder / "out")
    store.now = clock
    read_everything(plan, store, clock)
    answers = join_answers(plan, store.all_answers())
    store.close()
    return folder / "out", plan, answers


@pytest.fixture(scope="module")
def results(finished):
    _, plan, answers = finished
    return analyse(plan, answers, silent, resamples=100)


def find(rows, **fields):
    found = [row for row in rows if all(getattr(row, key) == value for key, value in fields.items())]
    assert len(found) == 1, found
    return found[0]


def test_every_answer_is_joined_with_its_case_and_arm(finished):
    _, plan, answers = finished
    assert len(answers) == len(plan.readings)
    assert sum(answer.training for answer in answers) == 3
    assert [a.place for a in answers if a.reader == "anna"] == list(range(1, len(answers) // 3 + 1))


def test_the_arms_that_differ_are_found_different(results):
    rows = results.tables["comparisons"]
    quality = find(rows, question="quality", first="mri", second="ultrasound")
    assert quality.cases == 14
    assert 1.2 < quality.median_difference < 2.6
    assert quality.p_holm < 0.01
    assert find(rows, question="lesion", first="mri", second="synthetic").p_holm > 0.05
    assert find(rows, question="seconds", first="mri", second="synthetic").p_holm > 0.05


def test_medians_have_intervals_and_distributions_add_up(results):
    median = find(results.tables["medians"], question="quality", arm="mri", reader="all")
    assert (median.answers, median.cases) == (42, 14)
    assert median.low <= median.median <= median.high
    for arm in ("mri", "synthetic", "ultrasound"):
        rows = [r for r in results.tables["distributions"] if (r.question, r.arm, r.reader) == ("quality", arm, "all")]
        assert [row.answer for row in rows] == ["1 useless", "2", "3", "4", "5 excellent"]
        assert sum(row.count for row in rows) == 42
        assert sum(row.share for row in rows) == pytest.approx(1)


def test_each_question_has_the_coefficients_that_fit_it(results):
    by_question = {}
    for row in results.tables["agreement"]:
        by_question.setdefault(row.question, set()).add(row.coefficient)
    assert by_question["quality"] == {
        "mean kappa of pairs (quadratic weights)", "Fleiss' kappa", "Krippendorff's alpha (ordinal)", *ICCS,
    }  # fmt: skip
    assert by_question["origin"] == {"mean kappa of pairs", "Fleiss' kappa", "Krippendorff's alpha (nominal)"}
    assert by_question["lesion"] == {"Krippendorff's alpha (interval)", *ICCS}
    lesion = find(results.tables["agreement"], question="lesion", arm="mri", coefficient="ICC(A,1)")
    # The truth moves confidence by +-25, noise by 22: ICC = 625 / (625 + 484) = .56 in the long run.
    assert 0.2 < lesion.estimate < 0.85
    assert lesion.low < lesion.estimate < lesion.high


def test_repeats_are_compared_with_their_first_reading(results):
    rows = results.tables["repeats"]
    equal = find(rows, question="quality", reader="all", coefficient="share of equal answers")
    assert equal.repeats == 3 * 8
    assert 0.2 < equal.estimate < 0.95
    assert {row.reader for row in rows} == {"all", *READERS}


def test_areas_are_those_of_the_answers_and_arms_do_not_differ_over_readers(finished, results):
    _, plan, answers = finished
    truth = {case.name: case.positive for case in plan.cases}
    mine = [a for a in answers if (a.reader, a.arm, a.copy, a.training) == ("ben", "mri", 1, False)]
    expected = area_estimate([a.values["lesion"] for a in mine], [truth[a.case] for a in mine])
    row = find(results.tables["areas"], question="lesion", reader="ben", arm="mri")
    assert (row.area, row.error) == pytest.approx((expected.area, expected.error))
    assert (row.positives, row.negatives) == (7, 7)
    assert find(results.tables["multi_reader"], what="all arms").p > 0.05
    assert len(results.tables["area_comparisons"]) == 9
    assert find(results.tables["multi_reader"], what="area in mri").cases == 14


def turing_study():
    arms = [{"name": "mri", "role": "a"}, {"name": "fake", "role": "b", "real": False}]
    return Study.model_validate(
        {"title": "t", "cohort": "c", "arms": arms, "readers": READERS, "questions": QUESTIONS[1:2], "seed": 1}
    )


def one(reader, case, arm, values, copy=1):
    return StudyAnswer(reader, 1, 1, case, arm, copy, False, values, 10.0, 0.0, 0.0)


def test_the_exact_interval_of_the_turing_test_is_clopper_and_pearson_s():
    # 8 of 10: .4439 to .9748, the standard example of exact intervals.
    judged = [one("anna", f"c{n}", "fake", {"origin": "synthetic" if n < 8 else "real"}) for n in range(10)]
    judged += [one("anna", f"c{n}", "mri", {"origin": "real"}) for n in range(10)]
    table = Table(judged, tuple(f"c{n}" for n in range(10)), ("mri", "fake"), ("anna",))
    rows = list(turing_rows(turing_study(), table))
    fake = find(rows, reader="anna", images="synthetic images")
    assert (fake.correct, fake.total) == (8, 10)
    assert (fake.low, fake.high) == pytest.approx((0.4439, 0.9748), abs=1e-4)
    both = find(rows, reader="anna", images="all images")
    assert both.p == pytest.approx(0.000714, abs=1e-5)  # Fisher's test of [[8, 2], [0, 10]]
    assert find(rows, reader="all", images="arm mri").share == 1


def test_marks_are_as_far_apart_as_they_are():
    questions = [{"id": "place", "kind": "point", "text": "Mark it"}]
    study = turing_study().model_copy(
        update={"questions": Study.model_validate(turing_study().model_dump() | {"questions": questions}).questions}
    )
    answers = [one(r, "c0", "mri", {"place": [x, 0.0, 0.0]}) for r, x in zip(READERS, (0, 3, 6), strict=True)]
    answers.append(one("anna", "c1", "mri", {"place": [9.0, 9.0, 9.0]}))
    row = find(mark_rows(study, Table(answers, ("c0", "c1"), ("mri", "fake"), tuple(READERS))), arm="mri")
    assert (row.marks, row.cases, row.mean_distance) == (4, 1, 2.0)


def test_means_over_readers_leave_out_what_is_missing():
    assert case_means(np.array([[1, 3, np.nan], [np.nan] * 3])) == pytest.approx([2, np.nan], nan_ok=True)


def test_a_study_with_every_kind_of_question_has_its_measures():
    kinds = [
        {"id": "a", "kind": "yes-no", "text": "?"},
        {"id": "b", "kind": "choice", "text": "?", "options": ["x", "y", "z"]},
        {"id": "c", "kind": "number", "text": "?"}, {"id": "d", "kind": "text", "text": "?"},
        {"id": "e", "kind": "point", "text": "?"}, {"id": "f", "kind": "likert", "text": "?", "points": 3},
    ]  # fmt: skip
    study = Study.model_validate(turing_study().model_dump() | {"questions": kinds})
    found = {m.id: (m.level, m.names, m.comparable) for m in measures_of(study)}
    assert found == {
        "a": ("nominal", ("no", "yes"), True), "b": ("nominal", ("x", "y", "z"), False), "c": ("interval", (), True),
        "f": ("ordinal", ("1", "2", "3"), True), "seconds": ("interval", (), True),
    }  # fmt: skip


def test_the_command_writes_report_tables_and_imrmc(finished, tmp_path):
    folder, plan, _ = finished
    done = process("reader", "analyze", folder, "--out", tmp_path / "results", "--resamples", 100)
    assert done.returncode == 0, done.stderr
    assert f"{len(plan.readings)} of {len(plan.readings)} readings analysed" in done.stdout
    names = {path.name for path in (tmp_path / "results").iterdir()}
    tables = {"answers", "medians", "comparisons", "agreement", "repeats", "turing", "areas", "multi_reader"}
    assert {f"{table}.tsv" for table in tables} | {"report.html", "report.json", "lesion.imrmc"} <= names
    report = (tmp_path / "results" / "report.html").read_text()
    assert report.count("<img ") >= 6
    assert "Visual Turing test" in report
    with (tmp_path / "results" / "answers.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert len(rows) == len(plan.readings)
    assert set(rows[0]) >= {"reader", "case", "arm", "quality", "seconds", "positive"}
    lines = (tmp_path / "results" / "lesion.imrmc").read_text().splitlines()
    data = lines[lines.index("BEGIN DATA:") + 1 :]
    assert {"NR: 3", "N0: 7", "N1: 7", "NM: 3"} <= set(lines)
    assert len(data) == 14 + 3 * 3 * 14
    assert data[0] == "-1,sub-00,truth,0"


def test_an_unfinished_study_is_analysed_and_said_to_be_unfinished(tmp_path):
    path = write_study(tmp_path, subjects=3, readers=["anna", "ben"])
    plan = prepare_study(read_study(path), tmp_path / "out", silent)
    nothing = crosscontrast("reader", "analyze", tmp_path / "out", "--out", tmp_path / "results", "--resamples", 100)
    assert nothing.returncode == 2
    assert "has no answers yet" in nothing.stderr
    assert not (tmp_path / "results").exists()
    _, store = open_study(tmp_path / "out")
    sitting = Sitting(program_of(plan, "anna"), store, "test")
    values = {"quality": 3, "origin": "real", "lesion": 10, "remark": "<script>alert(1)</script>\tand a tab"}
    sitting.answer(sitting.show().reading.id, values, "nonce-0001")
    store.close()
    done = crosscontrast("reader", "analyze", tmp_path / "out", "--out", tmp_path / "results", "--resamples", 100)
    assert done.returncode == 0, done.stderr
    assert "The study is not finished: 1 of 18 readings are answered." in done.stderr
    assert "<script>alert" not in (tmp_path / "results" / "report.html").read_text()
    audit = (tmp_path / "results" / "audit.tsv").read_text().splitlines()
    assert [line.split("\t")[3] for line in audit] == ["event", "shown", "answered"]
    status = crosscontrast("reader", "status", tmp_path / "out")
    assert status.stdout.splitlines() == ["anna: 1 of 9 readings, reading", "ben: 0 of 9 readings, reading"]
    lines = (tmp_path / "results" / "answers.tsv").read_text().splitlines()
    assert len({line.count("\t") for line in lines}) == 1
