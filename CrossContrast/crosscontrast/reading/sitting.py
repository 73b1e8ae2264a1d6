"""A reader at work: which reading is next, its clock, and answers that are locked once they are given."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from crosscontrast.errors import BadInputError
from crosscontrast.reading.program import Program, ProgramReading
from crosscontrast.reading.questions import check_answers
from crosscontrast.reading.refused import RefusedError
from crosscontrast.reading.store import Answer, Clock, Store

#: Seconds without a sign of life after which a reader counts as gone; front ends send one every 10.
LONGEST_SILENCE = 25.0
_DAY = 86400.0


@dataclass(frozen=True)
class State:
    """Where a reader stands: the ``reading`` to answer, waiting for the next session, or finished.

    ``done`` and ``total`` count the readings of the session, ``not_before`` is when the next one may begin.
    """

    phase: Literal["reading", "waiting", "finished"]
    session: int
    sessions: int
    done: int
    total: int
    reading: ProgramReading | None = None
    not_before: float | None = None


class Sitting:
    """The rules of reading, the same in Slicer and in the browser. Every change is stored when a method returns."""

    def __init__(self, program: Program, store: Store, front_end: str) -> None:
        self.program = program
        self._store = store
        self._front_end = front_end

    def state(self) -> State:
        """Return where the reader stands, from the answers that are stored."""
        answered = self._store.answered(self.program.reader)
        sessions = max(reading.session for reading in self.program.readings)
        for session in range(1, sessions + 1):
            own = [reading for reading in self.program.readings if reading.session == session]
            missing = [reading for reading in own if reading.id not in answered]
            if missing:
                done = len(own) - len(missing)
                begin = self._begin(session, answered)
                if done == 0 and begin is not None and self._store.now() < begin:
                    return State("waiting", session, sessions, 0, len(own), not_before=begin)
                return State("reading", session, sessions, done, len(own), reading=missing[0])
        return State("finished", sessions, sessions, 0, 0)

    def show(self) -> State:
        """Start or go on with the clock of the current reading, which is being shown now, and return the state."""
        state = self.state()
        if state.reading is None:
            return state
        reader, reading = self.program.reader, state.reading.id
        clock, now = self._store.clock(reader, reading), self._store.now()
        if clock is None:
            self._store.set_clock(reader, reading, Clock(now, now, True, 0.0, 0.0), "shown", self._front_end)
        else:
            away = clock.paused_seconds + max(0.0, now - clock.marked)
            going = replace(clock, marked=now, running=True, paused_seconds=away)
            self._store.set_clock(reader, reading, going, "shown-again", self._front_end)
        return state

    def pause(self) -> None:
        """Stop the clock: the reader takes a break or has left."""
        self._turn(False, "paused")

    def resume(self) -> None:
        """Let the clock go on."""
        self._turn(True, "resumed")

    def alive(self) -> None:
        """Take note that the reader is still there."""
        self._turn(None, "")

    def answer(self, reading_id: str, values: Any, nonce: str) -> State:
        """Lock the answers to the current reading and return the new state.

        The same request again (same ``nonce``, same values) changes nothing and is no error, so that a front end that
        did not hear the reply can ask again. Raises :class:`RefusedError` for a reading that is not this reader's, not
        the current one, not shown yet or locked with other answers, and :class:`BadInputError` for answers that are
        none; all are logged.
        """
        try:
            self._answer(reading_id, values, nonce)
        except RefusedError as error:
            self._store.log(self.program.reader, f"refused: {error.reason}", str(reading_id), error.message)
            raise
        except BadInputError as error:
            self._store.log(self.program.reader, "refused: answer", str(reading_id), error.message)
            raise
        return self.state()

    def _answer(self, reading_id: str, values: Any, nonce: str) -> None:
        if not isinstance(nonce, str) or not 8 <= len(nonce) <= 64:
            raise RefusedError("nonce", "The request has no proper nonce.")
        if not isinstance(reading_id, str) or self.program.reading(reading_id) is None:
            raise RefusedError("not-yours", "This reading is not one of yours.")
        reader = self.program.reader
        stored = self._store.answer(reader, reading_id)
        if stored is None:
            state = self.state()
            if state.reading is None or state.reading.id != reading_id:
                raise RefusedError("wrong-order", "This reading is not the current one.")
            clock = self._store.clock(reader, reading_id)
            if clock is None:
                raise RefusedError("not-shown", "This reading has not been shown yet.")
            checked = check_answers(self.program.questions, values)
            now = self._store.now()
            clock = _turned(clock, now, None)
            times = (clock.shown, now, clock.active_seconds, clock.paused_seconds)
            if self._store.add(Answer(reader, reading_id, checked, nonce, *times, self._front_end)):
                return
            stored = self._store.answer(reader, reading_id)
            assert stored is not None
        if stored.nonce != nonce or stored.values != check_answers(self.program.questions, values):
            raise RefusedError("locked", "The answers to this reading are locked.")

    def _begin(self, session: int, answered: dict[str, float]) -> float | None:
        """When the session may begin: the days of washout after the last answer of the one before."""
        before = [answered[r.id] for r in self.program.readings if r.session < session and r.id in answered]
        return max(before) + self.program.washout_days * _DAY if before else None

    def _turn(self, running: bool | None, event_name: str) -> None:
        state = self.state()
        clock = state.reading and self._store.clock(self.program.reader, state.reading.id)
        if not state.reading or not clock or running is clock.running:
            return
        turned = _turned(clock, self._store.now(), running)
        self._store.set_clock(self.program.reader, state.reading.id, turned, event_name)


def _turned(clock: Clock, now: float, running: bool | None) -> Clock:
    """Count the time since the clock was last marked; what exceeds the longest silence was spent away."""
    passed = max(0.0, now - clock.marked)
    looked = min(passed, LONGEST_SILENCE) if clock.running else 0.0
    return Clock(
        clock.shown,
        now,
        clock.running if running is None else running,
        clock.active_seconds + looked,
        clock.paused_seconds + passed - looked,
    )


def date_text(seconds: float) -> str:
    """Return a moment as people write it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
