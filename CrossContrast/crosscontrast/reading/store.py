"""Answers, clocks and audit log of a study in a database: SQLite beside the study, or any that SQLAlchemy reaches."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, create_engine, event, insert, inspect, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from crosscontrast.errors import BadInputError, CrossContrastError, OutputError
from crosscontrast.reading.tables import answers, audit, clocks, metadata, studies

ANSWER_FILE = "answers.sqlite"
#: Seconds a writer waits for another one.
_PATIENCE = 30
#: How often the tables are looked for when several processes begin at once.
_ATTEMPTS = 8


@dataclass(frozen=True)
class Answer:
    """The answers of one reading by question, and how long it took in seconds."""

    reader: str
    reading: str
    values: dict[str, Any]
    nonce: str
    shown: float
    answered: float
    active_seconds: float
    paused_seconds: float
    front_end: str


@dataclass(frozen=True)
class Clock:
    """How long a reading has been looked at, up to ``marked``."""

    shown: float
    marked: float
    running: bool
    active_seconds: float
    paused_seconds: float


def local_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"sqlite:///{path}"


class Store:
    """The database of one study. What a method has written when it returns is on disk."""

    def __init__(self, url: str, plan: str, title: str, now: Callable[[], float] = time.time) -> None:
        """Open the database, make its tables if they are missing, and tie it to the ``plan`` (its fingerprint).

        Raises :class:`BadInputError` where it cannot be opened or belongs to another plan.
        """
        self.now = now
        self._where = _without_password(url)
        self._engine = _engine(url, self._where)
        try:
            with self._named_errors():
                _make_tables(self._engine)
                self._claim(plan, title)
        except CrossContrastError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def answered(self, reader: str) -> dict[str, float]:
        """Return when the readings of a reader were answered."""
        with self._reading() as connection:
            rows = connection.execute(select(answers.c.reading, answers.c.answered).where(answers.c.reader == reader))
            return {row.reading: row.answered for row in rows}

    def answer(self, reader: str, reading: str) -> Answer | None:
        """Return the answer of a reading, ``None`` where there is none yet."""
        with self._reading() as connection:
            asked = select(answers).where(answers.c.reader == reader, answers.c.reading == reading)
            row = connection.execute(asked).one_or_none()
        return _answer(row) if row else None

    def all_answers(self) -> list[Answer]:
        """Return all answers in the order in which they were given."""
        with self._reading() as connection:
            return [_answer(row) for row in connection.execute(select(answers).order_by(answers.c.number))]

    def add(self, answer: Answer) -> bool:
        """Store an answer for good; ``False`` where the reading has one already, which stays."""
        try:
            with self._writing() as connection:
                connection.execute(insert(answers).values(**vars(answer)))
                _log(connection, self.now(), answer.reader, "answered", answer.reading, answer.front_end)
        except IntegrityError:
            return False
        return True

    def clock(self, reader: str, reading: str) -> Clock | None:
        """Return the clock of a reading, ``None`` before it is shown."""
        with self._reading() as connection:
            asked = select(clocks).where(clocks.c.reader == reader, clocks.c.reading == reading)
            row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        return Clock(row.shown, row.marked, bool(row.running), row.active_seconds, row.paused_seconds)

    def set_clock(self, reader: str, reading: str, clock: Clock, event_name: str = "", detail: str = "") -> None:
        """Store the clock of a reading and, with it, what happened."""
        values = vars(clock) | {"running": int(clock.running)}
        place = (clocks.c.reader == reader) & (clocks.c.reading == reading)
        # Another process can insert the row between our update, which found none, and our insert.
        with suppress(IntegrityError), self._writing() as connection:
            if not connection.execute(update(clocks).where(place).values(**values)).rowcount:
                connection.execute(insert(clocks).values(reader=reader, reading=reading, **values))
            if event_name:
                _log(connection, self.now(), reader, event_name, reading, detail)

    def log(self, reader: str, event_name: str, reading: str = "", detail: str = "") -> None:
        """Add an event to the audit log; long texts are cut, because strangers can send them."""
        with self._writing() as connection:
            _log(connection, self.now(), reader, event_name, reading, detail)

    def events(self) -> list[dict[str, Any]]:
        """Return the audit log in its order."""
        with self._reading() as connection:
            return [dict(row._mapping) for row in connection.execute(select(audit).order_by(audit.c.number))]

    def _claim(self, plan: str, title: str) -> None:
        try:
            with self._engine.begin() as connection:
                known = connection.execute(select(studies.c.plan)).scalars().all()
                if not known:
                    connection.execute(insert(studies).values(plan=plan, title=title[:400], created=self.now()))
                    return
        except IntegrityError:  # another process was quicker
            with self._engine.connect() as connection:
                known = connection.execute(select(studies.c.plan)).scalars().all()
        if list(known) != [plan]:
            raise BadInputError(f"{self._where} holds the answers to another plan.", "a plan keeps its own database")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._named_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._named_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error)).splitlines()[0]
            raise OutputError(f"The answers in {self._where} cannot be read or written: {reason}.") from error


def _engine(url: str, where: str) -> Engine:
    try:
        sqlite = make_url(url).get_backend_name() == "sqlite"
        engine = create_engine(url, connect_args={"timeout": _PATIENCE} if sqlite else {})
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise BadInputError(f"{where} is no database that can be opened here: {error}.") from error
    if sqlite:
        event.listen(engine, "connect", _make_durable)
    return engine


def _make_tables(engine: Engine) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            metadata.create_all(engine)
            return
        except (
            OperationalError,
            ProgrammingError,
            IntegrityError,
        ):  # another process is making the same tables just now
            if attempt + 1 == _ATTEMPTS or not inspect(engine).get_table_names():
                raise
            time.sleep(0.1 * (attempt + 1))


def _make_durable(connection: Any, _record: Any) -> None:
    # Readers do not wait for a writer, and a commit returns only when it would survive a power cut.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "the URL given"


def _log(connection: Connection, now: float, reader: str, event_name: str, reading: str, detail: str) -> None:
    connection.execute(
        insert(audit).values(
            time=now, reader=reader[:40], event=event_name[:40], reading=reading[:16], detail=detail[:400]
        )
    )


def _answer(row: Row[Any]) -> Answer:
    known = dict(row._mapping)
    del known["number"]
    return Answer(**known)
