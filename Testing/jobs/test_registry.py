import subprocess
import sys
from pathlib import Path

import pytest
import sample_jobs

from crosscontrast.errors import BadInputError, MissingPackageError
from crosscontrast.jobs.registry import JOBS, MORE_JOBS, find_job, known_jobs, parse_job, result_class


@pytest.fixture(autouse=True)
def _test_jobs(monkeypatch):
    monkeypatch.setenv(MORE_JOBS, sample_jobs.AS_VARIABLE)


def test_a_job_named_in_the_environment_is_found_beside_those_of_the_table():
    assert find_job("test.add") is sample_jobs.Add
    assert set(JOBS) < set(known_jobs())


def test_parameters_from_json_become_the_typed_job(tmp_path):
    assert parse_job("test.wait", {"file": str(tmp_path)}) == sample_jobs.WaitFor(file=Path(tmp_path))


def test_an_unknown_kind_is_refused_and_the_known_ones_are_named():
    with pytest.raises(BadInputError, match=r"no job 'cord\.colour'") as caught:
        find_job("cord.colour")
    assert "cord.segment" in caught.value.hint


def test_every_parameter_that_does_not_fit_is_named_in_one_sentence():
    with pytest.raises(BadInputError, match=r"numbers\.1: .*number.*; speed: ") as caught:
        parse_job("test.add", {"numbers": [1, "two"], "speed": 3})
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("written", ["test.add", "test.add=", "test.add=module", "=module:Class"])
def test_a_badly_written_environment_variable_is_quoted(monkeypatch, written):
    monkeypatch.setenv(MORE_JOBS, written)
    with pytest.raises(BadInputError, match=MORE_JOBS):
        known_jobs()


def test_a_job_whose_module_is_not_installed_is_a_missing_package(monkeypatch):
    monkeypatch.setenv(MORE_JOBS, "other.job=not_installed_here:Job")
    with pytest.raises(MissingPackageError, match="not_installed_here"):
        find_job("other.job")


@pytest.mark.parametrize("place", ["sample_jobs:Nothing", "sample_jobs:Number", "sample_jobs:Add", "json:loads"])
def test_a_class_that_is_no_job_of_that_kind_is_refused(monkeypatch, place):
    monkeypatch.setenv(MORE_JOBS, f"other.job={place}")
    with pytest.raises(BadInputError, match="not a job of that kind"):
        find_job("other.job")


def test_the_result_class_is_read_from_the_annotation_of_run():
    assert result_class(sample_jobs.Add) is sample_jobs.Number


@pytest.mark.parametrize("module", ["registry", "protocol", "client", "worker", "mapping"])
def test_importing_costs_no_heavy_library(module):
    code = (
        f"import sys, crosscontrast.jobs.{module};"
        "print({'torch', 'monai', 'dask', 'distributed', 'SimpleITK'} & {name for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
