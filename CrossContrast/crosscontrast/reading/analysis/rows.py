"""The rows of the result tables. Missing numbers are ``None``; intervals are 95 %."""

from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """A row of a table."""

    model_config = ConfigDict(frozen=True)


class Distribution(Row):
    """How often an answer was given in an arm, by all readers and by each."""

    question: str
    arm: str
    reader: str
    answer: str
    count: int
    share: float


class Summary(Row):
    """The answers in an arm; the interval of the median resamples cases."""

    question: str
    arm: str
    reader: str
    answers: int
    cases: int
    median: float | None
    low: float | None
    high: float | None
    mean: float | None


class ArmComparison(Row):
    """A paired Wilcoxon test of two arms over cases, on the mean of the readers; Holm's correction per question."""

    question: str
    first: str
    second: str
    cases: int
    median_difference: float | None
    p: float | None
    p_holm: float | None


class AgreementRow(Row):
    """A coefficient of agreement between readers in an arm."""

    question: str
    arm: str
    coefficient: str
    estimate: float | None
    low: float | None
    high: float | None
    cases: int
    readers: int


class RepeatRow(Row):
    """Agreement of a reader (or of all) with themselves on readings that were repeated."""

    question: str
    reader: str
    repeats: int
    coefficient: str
    estimate: float | None
    low: float | None
    high: float | None


class TuringRow(Row):
    """How often images were taken for what they are; exact interval, and Fisher's exact test of judgement and truth."""

    question: str
    reader: str
    images: str
    correct: int
    total: int
    share: float
    low: float
    high: float
    p: float | None = None


class AreaRow(Row):
    """The area under a reader's ROC curve in an arm (DeLong)."""

    question: str
    truth: str
    arm: str
    reader: str
    area: float
    error: float
    low: float | None
    high: float | None
    positives: int
    negatives: int


class AreaComparison(Row):
    """DeLong's test of the areas of one reader in two arms; Holm's correction over all of a question."""

    question: str
    reader: str
    first: str
    second: str
    difference: float
    p: float | None
    p_holm: float | None


class MultiReaderRow(Row):
    """Obuchowski and Rockette: the mean area of an arm, a difference of two, or (``all arms``) the F test."""

    question: str
    what: str
    estimate: float | None = None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    df: float | None = None
    f: float | None = None
    p: float | None = None
    p_holm: float | None = None
    cases: int
    readers: int


class MarkRow(Row):
    """Points that readers marked in an arm: the distance in mm to the mean of the readers' points of the case."""

    question: str
    arm: str
    marks: int
    cases: int
    mean_distance: float | None
    low: float | None
    high: float | None
