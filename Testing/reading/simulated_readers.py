"""Readers with known habits, who answer through the same rules as real ones."""

import numpy as np

from crosscontrast.reading.program import program_of
from crosscontrast.reading.sitting import Sitting


class Clock:
    """A clock that tests turn."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def habit(generator, reading, positive, real, sharpness=1.0, tell=0.3):
    """Answers to the questions of ``small_studies``: quality falls with the arm, lesions are seen where they are."""
    quality = {"mri": 4.4, "synthetic": 3.6, "ultrasound": 2.4}[reading.arm] + generator.normal(0, 0.6)
    lesion = 50 + sharpness * (25 if positive else -25) + generator.normal(0, 22)
    knows = generator.random() < tell
    origin = real if knows else generator.random() < 0.5
    return {
        "quality": int(np.clip(round(quality), 1, 5)),
        "origin": "real" if origin else "synthetic",
        "lesion": int(np.clip(round(lesion), 0, 100)),
        "remark": "blurred" if quality < 2 else None,
    }


def read_everything(plan, store, clock, *, readers=None, answer=habit, seed=0):
    """Let readers read all that they are given, a session every washout."""
    real = {arm.name: arm.real for arm in plan.study.arms}
    positive = {case.name: bool(case.positive) for case in plan.cases}
    planned = {reading.id: reading for reading in plan.readings}
    for number, reader in enumerate(readers or plan.study.readers):
        generator = np.random.default_rng([seed, number])
        sitting = Sitting(program_of(plan, reader), store, "test")
        clock.now = 1_800_000_000.0
        while (state := sitting.show()).phase != "finished":
            if state.phase == "waiting":
                clock.now = state.not_before
                continue
            reading = planned[state.reading.id]
            for _ in range(int(generator.integers(1, 4))):
                clock.now += generator.uniform(3, 9)
                sitting.alive()
            values = answer(generator, reading, positive[reading.case], real[reading.arm])
            sitting.answer(reading.id, values, f"nonce-{reading.id}")
