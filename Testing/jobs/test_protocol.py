import logging
import math

import pytest
import sample_jobs
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crosscontrast import errors
from crosscontrast.errors import CrossContrastError, OutOfMemoryError
from crosscontrast.jobs.protocol import (
    ErrorMessage,
    ProgressMessage,
    Request,
    ResultMessage,
    error_from,
    parse_message,
)

OURS = [found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, CrossContrastError)]


@given(st.integers(), st.floats(allow_nan=False), st.floats(allow_nan=False), st.text())
def test_a_message_survives_its_line_whatever_it_says(number, done, total, text):
    message = ProgressMessage(id=number, done=done, total=total, message=text)
    line = message.to_line()
    assert line.count(b"\n") == 1
    assert parse_message(line) == message


def test_a_measurement_that_is_not_a_number_stays_so():
    message = parse_message(ResultMessage(id=1, outputs={"area": math.nan}).to_line())
    assert isinstance(message, ResultMessage)
    assert math.isnan(message.outputs["area"])


def test_a_request_carries_paths_as_text(tmp_path):
    request = Request.of(sample_jobs.WaitFor(file=tmp_path), 5)
    assert request == Request(id=5, job="test.wait", parameters={"file": str(tmp_path)})


@pytest.mark.parametrize("line", [b"", b"Done.", b"{}", b'{"type": "progress"}', b'{"type": "surprise"}', b"[1]"])
def test_what_is_not_a_message_is_refused(line):
    with pytest.raises(ValidationError):
        parse_message(line)


@pytest.mark.parametrize("kind", OURS)
def test_each_of_our_errors_comes_back_as_itself(kind):
    back = parse_message(error_from(kind("One sentence.", hint="Do this."), 3).to_line())
    assert isinstance(back, ErrorMessage)
    error = back.exception()
    assert (type(error), error.kind, error.message, error.hint) == (kind, kind.kind, "One sentence.", "Do this.")


def _torch_cpu_out_of_memory():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    return caught.value


@pytest.mark.parametrize(
    "exception",
    [
        MemoryError(),
        _torch_cpu_out_of_memory(),
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17.70 GB)"),
        RuntimeError("Exception thrown in SimpleITK: Failed to allocate memory for image."),
    ],
)
def test_running_out_of_memory_is_told_apart_wherever_it_happens(exception):
    message = error_from(exception)
    assert message.kind == "out-of-memory"
    assert message.hint
    assert "\n" not in message.message
    assert isinstance(message.exception(), OutOfMemoryError)


def test_an_unforeseen_error_is_internal_with_its_traceback_in_the_log(caplog):
    def somewhere():
        return [][1]

    with pytest.raises(IndexError) as caught:
        somewhere()
    with caplog.at_level(logging.ERROR):
        message = error_from(caught.value)
    assert message.kind == "internal"
    assert "IndexError" in message.message
    assert "in somewhere" in caplog.text
    assert message.exception().kind == "internal"
