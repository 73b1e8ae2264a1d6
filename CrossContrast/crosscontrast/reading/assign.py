"""Who reads what when: balanced over sessions, random within them, from one seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.reading.cases import Case
from crosscontrast.reading.study import Study


@dataclass(frozen=True)
class Slot:
    """One reading: sessions, positions and copies count from 1; a reading with ``copy`` 2 is a repeat."""

    reader: str
    session: int
    position: int
    case: str
    arm: str
    copy: int
    training: bool


def assign(study: Study, cases: Sequence[Case]) -> list[Slot]:
    """Return the readings of every reader in the order in which they are read; the same seed gives the same ones.

    A reader's cases are taken in random order, positive and negative ones apart. Every run of as many cases as there
    are sessions is a Latin square (its rows cases, its columns arms, its entries sessions), so that every session
    shows every arm equally often, to within one, and no session shows a case twice.
    """
    studied = [case for case in cases if not case.training]
    training = [case for case in cases if case.training]
    blocks = _blocks(study, studied)
    slots: list[Slot] = []
    for number, reader in enumerate(study.readers):
        generator = np.random.default_rng([study.seed, number + 1])
        own = _shuffled(blocks[reader], generator)
        sessions = _over_sessions(study, own, generator)
        first = [(case.name, study.arms[(k + number) % len(study.arms)].name) for k, case in enumerate(training)]
        generator.shuffle(first)
        for session, readings in enumerate(sessions, start=1):
            generator.shuffle(readings)
            begin = [(*names, 1, True) for names in first] if session == 1 else []
            ordered = [*begin, *((*names, False) for names in readings)]
            slots += [Slot(reader, session, place, *entry) for place, entry in enumerate(ordered, start=1)]
    return slots


def _over_sessions(
    study: Study, cases: Sequence[Case], generator: np.random.Generator
) -> list[list[tuple[str, str, int]]]:
    """Return for every session its (case, arm, copy) in no order."""
    arms, count = [arm.name for arm in study.arms], study.session_count
    repeated = _repeated(study, cases, generator)
    sessions: list[list[tuple[str, str, int]]] = [[] for _ in range(count)]
    order = np.arange(count)
    for number, case in enumerate(cases):
        row = number % count
        if row == 0:
            order = generator.permutation(count)
        for column, arm in enumerate(arms):
            sessions[order[(row + column) % count]].append((case.name, arm, 1))
        if case.name in repeated:
            sessions[order[(row + len(arms)) % count]].append((case.name, repeated[case.name], 2))
    return sessions


def _repeated(study: Study, cases: Sequence[Case], generator: np.random.Generator) -> dict[str, str]:
    """Return the arm that is shown again of each case that has a repeat."""
    wanted = round(study.repeats * len(cases) * len(study.arms))
    if wanted > len(cases):
        most = len(cases) / (len(cases) * len(study.arms))
        raise BadInputError(f"repeats: a case is repeated once at most, so the share is at most {most:.2f}.")
    chosen = generator.permutation(len(cases))[:wanted]
    begin = int(generator.integers(len(study.arms)))
    return {
        cases[number].name: study.arms[(begin + place) % len(study.arms)].name for place, number in enumerate(chosen)
    }


def _shuffled(cases: Sequence[Case], generator: np.random.Generator) -> list[Case]:
    """Return the cases in random order, the positive ones after the others."""
    groups = [[case for case in cases if bool(case.positive) is positive] for positive in (False, True)]
    return [group[number] for group in groups for number in generator.permutation(len(group))]


def _blocks(study: Study, cases: Sequence[Case]) -> dict[str, list[Case]]:
    """Return the cases of each reader."""
    if study.blocks == 1:
        return {reader: list(cases) for reader in study.readers}
    if len(cases) < study.blocks:
        raise BadInputError(f"{len(cases)} cases cannot be divided into {study.blocks} blocks.")
    generator = np.random.default_rng([study.seed, 0])
    mixed = _shuffled(cases, generator)
    parts = [mixed[block :: study.blocks] for block in range(study.blocks)]
    order = generator.permutation(len(study.readers))
    return {study.readers[reader]: parts[place % study.blocks] for place, reader in enumerate(order)}
