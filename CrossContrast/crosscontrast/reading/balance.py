"""Whether a plan is balanced, checked on the plan itself and not on how it was made."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from crosscontrast.reading.assign import Slot
from crosscontrast.reading.study import Study


def faults(study: Study, slots: Sequence[Slot]) -> list[str]:
    """Return a sentence for everything that is wrong with the readings; none for a plan that can be used."""
    return [*_shown_twice(slots), *_incomplete(study, slots), *_uneven(study, slots), *_positions(slots)]


def counts(study: Study, slots: Sequence[Slot]) -> list[tuple[str, int, dict[str, int], int, int]]:
    """Return reader, session, readings per arm, repeats and training readings, for people to see."""
    rows = []
    for reader in study.readers:
        for session in range(1, study.session_count + 1):
            here = [s for s in slots if s.reader == reader and s.session == session]
            per_arm = Counter(s.arm for s in here if s.copy == 1 and not s.training)
            arms = {arm.name: per_arm[arm.name] for arm in study.arms}
            rows.append((reader, session, arms, sum(s.copy == 2 for s in here), sum(s.training for s in here)))
    return rows


def _shown_twice(slots: Sequence[Slot]) -> Iterator[str]:
    shown = Counter((s.reader, s.session, s.case) for s in slots)
    for (reader, session, case), times in shown.items():
        if times > 1:
            yield f"{reader} would see {case} {times} times in session {session}."


def _incomplete(study: Study, slots: Sequence[Slot]) -> Iterator[str]:
    cases: dict[str, set[str]] = defaultdict(set)
    read: Counter[tuple[str, str, str, int]] = Counter()
    for slot in slots:
        if not slot.training:
            cases[slot.reader].add(slot.case)
            read[slot.reader, slot.case, slot.arm, slot.copy] += 1
    for reader in study.readers:
        for case in sorted(cases[reader]):
            for arm in study.arms:
                if read[reader, case, arm.name, 1] != 1:
                    yield f"{reader} would read {case} in arm {arm.name} {read[reader, case, arm.name, 1]} times."
    everyone = set().union(*cases.values())
    times = Counter(case for own in cases.values() for case in own)
    if study.design == "crossed" and any(times[case] != len(study.readers) for case in everyone):
        yield "The design is crossed, but not every reader reads every case."
    groups = {frozenset(own) for own in cases.values()}
    if study.design == "split-plot" and sum(map(len, groups)) != len(everyone):
        yield "The blocks of the split-plot design overlap."


def _uneven(study: Study, slots: Sequence[Slot]) -> Iterator[str]:
    for reader, _, arms, _, _ in counts(study, slots):
        if max(arms.values()) - min(arms.values()) > 1:
            yield f"{reader} has a session that shows the arms unequally often: {arms}."
    for reader in study.readers:
        for arm in study.arms:
            spread = [arms[arm.name] for name, _, arms, _, _ in counts(study, slots) if name == reader]
            if max(spread) - min(spread) > 1:
                yield f"{reader} reads the arm {arm.name} unequally often in the sessions: {spread}."


def _positions(slots: Sequence[Slot]) -> Iterator[str]:
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for slot in slots:
        places[slot.reader, slot.session].append(slot.position)
    for (reader, session), found in places.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"The order of session {session} of {reader} has gaps or doubled places."
