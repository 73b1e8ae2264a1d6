import multiprocessing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_readers import Clock, read_everything
from small_studies import write_study
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.progress import silent
from crosscontrast.reading.folder import open_study
from crosscontrast.reading.prepare import prepare_study
from crosscontrast.reading.program import program_of
from crosscontrast.reading.questions import Likert, Point, check_answers
from crosscontrast.reading.refused import RefusedError
from crosscontrast.reading.sitting import Sitting
from crosscontrast.reading.store import ANSWER_FILE, Store, local_url
from crosscontrast.reading.study import read_study
from crosscontrast.reading.tables import metadata

DAY = 86400.0
VALUES = {"quality": 4, "origin": "real", "lesion": 70, "remark": "fine"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    path = write_study(folder, subjects=4, repeats=0.25, training=["sub-03"])
    return folder / "out", prepare_study(read_study(path), folder / "out", silent)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(study, clock, tmp_path):
    made = Store(local_url(tmp_path / "answers.sqlite"), study[1].fingerprint, "a study", now=clock)
    yield made
    made.close()


@pytest.fixture
def sitting(study, store):
    return Sitting(program_of(study[1], "anna"), store, "test")


def nonce(number=0):
    return f"nonce-{number:04}"


def events(store):
    return [event["event"] for event in store.events()]


def test_a_reader_reads_all_sessions_in_their_order_and_waits_between_them(study, store, clock, sitting):
    program = sitting.program
    order = []
    while (state := sitting.show()).phase != "finished":
        if state.phase == "waiting":
            assert state.not_before == pytest.approx(clock.now + 28 * DAY, abs=1)
            next_one = next(r for r in program.readings if r.session == state.session)
            with pytest.raises(RefusedError, match="not the current one"):
                sitting.answer(next_one.id, VALUES, nonce())
            clock.now += 28 * DAY
            continue
        order.append(state.reading.id)
        clock.now += 5
        sitting.answer(state.reading.id, VALUES, nonce(len(order)))
    assert order == [reading.id for reading in program.readings]
    assert [r.training for r in program.readings if r.session == 1][:2] == [True, False]
    assert len(store.all_answers()) == len(program.readings)


def test_time_counts_while_the_reader_looks_and_not_in_pauses_or_after_a_crash(store, clock, sitting):
    reading = sitting.show().reading.id
    for seconds, act in ((8, sitting.alive), (4, sitting.pause), (600, sitting.resume), (3, lambda: None)):
        clock.now += seconds
        act()
    clock.now += 40_000  # the machine dies and is started again on the next day
    sitting.show()
    clock.now += 5
    sitting.answer(reading, VALUES, nonce())
    (answer,) = store.all_answers()
    assert answer.active_seconds == pytest.approx(8 + 4 + 5)
    assert answer.paused_seconds == pytest.approx(600 + 40_003)
    assert answer.answered - answer.shown == pytest.approx(answer.active_seconds + answer.paused_seconds)
    assert events(store) == ["shown", "paused", "resumed", "shown-again", "answered"]


def test_a_lost_connection_counts_as_looking_only_for_the_longest_silence(store, clock, sitting):
    reading = sitting.show().reading.id
    clock.now += 3600
    sitting.answer(reading, VALUES, nonce())
    assert store.all_answers()[0].active_seconds == 25.0


def test_the_same_request_again_changes_nothing_and_another_answer_is_refused(store, sitting):
    reading = sitting.show().reading.id
    first = sitting.answer(reading, VALUES, nonce())
    assert sitting.answer(reading, VALUES, nonce()) == first
    for values, number in (({**VALUES, "quality": 1}, 0), (VALUES, 1)):
        with pytest.raises(RefusedError, match="locked"):
            sitting.answer(reading, values, nonce(number))
    assert [a.values["quality"] for a in store.all_answers()] == [4]
    assert events(store).count("refused: locked") == 2


@pytest.mark.parametrize("show", [True, False])
def test_readings_of_others_later_ones_and_unseen_ones_are_refused_and_logged(study, store, sitting, show):
    if show:
        sitting.show()
    others = program_of(study[1], "ben").readings[0].id
    later = sitting.program.readings[1].id
    tried = [(others, "not-yours"), (later, "wrong-order"), ("x" * 500, "not-yours"), (None, "not-yours")]
    if not show:
        tried.append((sitting.program.readings[0].id, "not-shown"))
    for reading, reason in tried:
        with pytest.raises(RefusedError) as caught:
            sitting.answer(reading, VALUES, nonce())
        assert caught.value.reason == reason
        assert events(store)[-1] == f"refused: {reason}"
    for bad in ("short", "n" * 65, None, 7):
        with pytest.raises(RefusedError, match="nonce"):
            sitting.answer(sitting.program.readings[0].id, VALUES, bad)
    assert store.all_answers() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": 6}, {"quality": True}, {"quality": "4"}, {"quality": None}, {"quality": 3.5}, {"origin": "mri"},
        {"lesion": 101}, {"lesion": float("nan")}, {"remark": "x" * 2001}, {"remark": 5}, {"extra": 1},
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_the_reading_stays_open(store, sitting, wrong):
    reading = sitting.show().reading.id
    with pytest.raises(BadInputError):
        sitting.answer(reading, VALUES | wrong, nonce())
    with pytest.raises(BadInputError):
        sitting.answer(reading, ["not", "a", "table"], nonce())
    assert store.all_answers() == []
    assert sitting.show().reading.id == reading
    assert events(store).count("refused: answer") == 2


def test_an_optional_question_may_stay_empty(store, sitting):
    reading = sitting.show().reading.id
    sitting.answer(reading, {**VALUES, "remark": ""}, nonce())
    assert store.all_answers()[0].values["remark"] is None


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
@settings(max_examples=40, deadline=None)
def test_whatever_a_stranger_sends_is_an_answer_or_refused(value):
    questions = (Likert(id="q", text="?", required=False), Point(id="p", text="?"))
    for name in ("q", "p"):
        try:
            stored = check_answers(questions, {name: value})[name]
        except BadInputError:
            continue
        assert stored is None or (name == "q" and 1 <= stored <= 5) or (name == "p" and len(stored) == 3)


def test_answers_and_audit_log_only_grow(store, sitting, tmp_path):
    sitting.answer(sitting.show().reading.id, VALUES, nonce())
    engine = create_engine(local_url(tmp_path / "answers.sqlite"))
    for statement in ("UPDATE answers SET nonce = 'x'", "DELETE FROM answers", "DELETE FROM audit"):
        with pytest.raises(IntegrityError, match="only grows"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()
    assert len(store.all_answers()) == 1


def test_a_database_belongs_to_one_plan(study, store, tmp_path):
    with pytest.raises(BadInputError, match="answers to another plan"):
        Store(local_url(tmp_path / "answers.sqlite"), "0" * 64, "another study")
    Store(local_url(tmp_path / "answers.sqlite"), study[1].fingerprint, "a study").close()


@pytest.mark.parametrize(
    ("url", "error", "reason"),
    [
        ("nonsense", BadInputError, "no database"),
        ("oracle9://u:secret@h/d", BadInputError, "no database"),
        ("sqlite:////no/such/folder/x.sqlite", OutputError, "unable to open"),
    ],
)
def test_a_database_that_cannot_be_opened_is_said_without_its_password(url, error, reason):
    with pytest.raises(error, match=reason) as caught:
        Store(url, "0" * 64, "t")
    assert "secret" not in str(caught.value)


def test_the_tables_can_be_made_in_postgresql():
    made = [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in metadata.sorted_tables]
    assert any("UNIQUE (reader, reading)" in statement for statement in made)


def answer_many_times(folder, database, start):
    """What one of several processes does that all have the same reader's page open."""
    plan, store = open_study(folder, database)
    sitting = Sitting(program_of(plan, "anna"), store, "test")
    start.wait()
    while (state := sitting.show()).phase == "reading":
        try:
            sitting.answer(state.reading.id, VALUES, nonce(id(start) % 1000))
        except RefusedError:
            continue


def test_several_pages_of_one_reader_never_double_an_answer(study, tmp_path):
    database = local_url(tmp_path / "answers.sqlite")
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    pages = [context.Process(target=answer_many_times, args=(study[0], database, start)) for _ in range(3)]
    for page in pages:
        page.start()
    start.set()
    for page in pages:
        page.join(60)
        assert page.exitcode == 0
    plan, store = open_study(study[0], database)
    first = [r.id for r in program_of(plan, "anna").readings if r.session == 1]
    assert sorted(a.reading for a in store.all_answers()) == sorted(first)
    store.close()


def test_the_default_database_lies_in_the_study_folder(study):
    _, store = open_study(study[0])
    assert (study[0] / ANSWER_FILE).exists()
    store.close()


def test_simulated_readers_finish_everything(study, store, clock):
    read_everything(study[1], store, clock)
    assert len(store.all_answers()) == len(study[1].readings)
    for reader in study[1].study.readers:
        assert Sitting(program_of(study[1], reader), store, "test").state().phase == "finished"
