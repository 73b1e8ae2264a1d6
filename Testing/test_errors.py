"""Sentences about what pydantic refuses, and what counts as too little memory."""

import pytest
from pydantic import BaseModel, ValidationError, field_validator

from crosscontrast.errors import faults_of, is_out_of_memory


class Inner(BaseModel):
    steps: int
    name: str = ""

    @field_validator("name")
    @classmethod
    def _check(cls, name):
        if name == "bad":
            raise ValueError("Names must be good")
        return name


class Outer(BaseModel):
    inner: list[Inner]


def test_every_fault_is_named_with_its_place_and_reason():
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"inner": [{"steps": "many"}, {"steps": 1, "name": "bad"}]})
    assert faults_of(caught.value) == (
        "inner.0.steps: input should be a valid integer, unable to parse string as an integer; "
        "inner.1.name: names must be good"
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_too_little_memory_is_told_from_other_errors(error, expected):
    assert is_out_of_memory(error) is expected
