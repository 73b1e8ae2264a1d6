"""What a gate says."""

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

Decision = Literal["go", "caution", "stop"]
_ORDER: tuple[Decision, ...] = ("go", "caution", "stop")


class Limit(BaseModel):
    """Where caution begins and where an image is stopped; ``above`` says on which side of the numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    caution: float
    stop: float
    above: bool = True

    def decide(self, value: float) -> Decision:
        """Judge a value; what is not a number stops."""
        if not math.isfinite(value):
            return "stop"
        sign = 1 if self.above else -1
        if sign * value > sign * self.stop:
            return "stop"
        return "caution" if sign * value > sign * self.caution else "go"

    def text(self) -> str:
        """Say the limits."""
        side = "above" if self.above else "below"
        return f"caution {side} {self.caution:g}, stop {side} {self.stop:g}"


class Check(BaseModel):
    """One measured quantity with its limit and the decision; ``reason`` is a sentence for people."""

    name: str
    value: float
    limit: Limit
    decision: Decision
    reason: str

    @classmethod
    def of(cls, name: str, value: float, limit: Limit, what: str) -> "Check":
        """Judge ``value``; ``what`` says what it is, as in ``"the slices are 3 times as thick as in training"``."""
        return cls(name=name, value=value, limit=limit, decision=limit.decide(value), reason=f"{what} ({limit.text()})")


class GateVerdict(BaseModel):
    """All checks and what follows: the worst of them. ``missing`` names checks that could not be made, and why."""

    decision: Decision
    checks: list[Check]
    missing: list[str] = []

    @classmethod
    def of(cls, checks: Sequence[Check], missing: Sequence[str] = ()) -> "GateVerdict":
        """Take the worst decision; without any check there is nothing to rely on, which is a caution."""
        decisions = [check.decision for check in checks]
        worst: Decision = next((d for d in reversed(_ORDER) if d in decisions), "caution")
        return cls(decision=worst, checks=list(checks), missing=list(missing))

    def lines(self) -> list[str]:
        """Return a line per check with its decision, and one for each check that could not be made."""
        made = [f"{check.decision:8}{check.name}: {check.reason}" for check in self.checks]
        return made + [f"{'-':8}{sentence}" for sentence in self.missing]

    @property
    def reasons(self) -> list[str]:
        """Why it is not a go: the sentences of the checks that are not."""
        return [check.reason for check in self.checks if check.decision != "go"]
