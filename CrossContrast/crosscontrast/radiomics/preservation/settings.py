"""When a feature counts as preserved: written down before the run, and printed with its result."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from crosscontrast.statistics.agreement_intervals import COEFFICIENTS


class Rule(BaseModel):
    """A feature is preserved where every coefficient of ``limits`` reaches its limit.

    ``bound`` "low" asks it of the lower end of the confidence interval (``level``), "estimate" of the estimate itself.
    ``fdr`` further asks that "the coefficient is at most its limit" can be rejected, for the weakest of them, with this
    false discovery rate over all features of a role (Benjamini-Hochberg); ``None`` does not ask.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits: dict[str, float] = {"icc": 0.75, "spearman": 0.75}
    bound: Literal["low", "estimate"] = "low"
    level: float = Field(default=0.95, gt=0.5, lt=1)
    fdr: float | None = Field(default=0.05, gt=0, lt=1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = [name for name in self.limits if name not in COEFFICIENTS]
        if unknown or not self.limits:
            raise ValueError(f"limits are for {', '.join(COEFFICIENTS)}, not for {', '.join(unknown) or 'nothing'}")
        if any(not -1 <= limit < 1 for limit in self.limits.values()):
            raise ValueError("limits lie between -1 and 1")
        return self

    def text(self) -> str:
        """Say the rule in a sentence."""
        what = f"the lower end of its {self.level:.0%} interval" if self.bound == "low" else "its estimate"
        limits = " and ".join(f"{_NAMES[name]} ≥ {limit:g}" for name, limit in self.limits.items())
        sentence = f"A feature is preserved where {what} has {limits}"
        if self.fdr is None:
            return sentence + "."
        return sentence + f", with a false discovery rate of {self.fdr:.0%} over the features of a role."


class PreservationSettings(BaseModel):
    """How the comparison is made.

    ``rho_only`` is the limit of Spearman's estimate alone, the rule of earlier studies, whose count is given beside
    ours. ``resamples`` are drawn for intervals; ``shuffles`` pair images of different subjects to see what chance gives
    (0: not done); ``redundant`` is the |rho| above which features are called the same. ``fewest_subjects`` are needed
    for an interval. ``amplitude`` (mm) is how far the contour moves for the ceiling, in each of ``perturbations`` runs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Rule = Rule()
    rho_only: float = Field(default=0.5, ge=-1, lt=1)
    resamples: int = Field(default=2000, ge=100)
    shuffles: int = Field(default=20, ge=0)
    redundant: float = Field(default=0.9, gt=0, lt=1)
    fewest_subjects: int = Field(default=6, ge=3)
    perturbations: int = Field(default=0, ge=0)
    amplitude: PositiveFloat = 1.0
    seed: int = 0


_NAMES = {"icc": "ICC(A,1)", "ccc": "CCC", "spearman": "Spearman's rho", "pearson": "Pearson's r"}
