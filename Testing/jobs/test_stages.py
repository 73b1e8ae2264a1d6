"""Stages of long work are done once for the same input, and anew for another."""

from pathlib import Path
from typing import ClassVar

import pytest

from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.stages import Stages
from crosscontrast.progress import Progress, silent


class Copied(JobResult):
    written: Path


class CopyText(Job):
    kind: ClassVar[str] = "test.copy"

    source: Path
    out: Path
    times: int = 1
    workers: int = 1

    def run(self, progress: Progress) -> Copied:
        """Copy, and leave a line in a journal."""
        self.out.write_text(self.source.read_text() * self.times)
        with self.out.with_name("journal").open("a") as stream:
            stream.write("ran\n")
        return Copied(written=self.out)


@pytest.fixture
def job(tmp_path):
    (tmp_path / "source").write_text("a")
    return CopyText(source=tmp_path / "source", out=tmp_path / "out")


def runs(tmp_path: Path) -> int:
    return len((tmp_path / "journal").read_text().splitlines())


def stage(tmp_path: Path, job: Job) -> JobResult:
    return Stages(tmp_path / "stages").run("copy", job, [tmp_path / "source"], silent)


def test_a_finished_stage_is_not_run_again(job, tmp_path):
    assert stage(tmp_path, job) == stage(tmp_path, job) == Copied(written=tmp_path / "out")
    assert runs(tmp_path) == 1


def test_how_a_job_is_run_does_not_matter(job, tmp_path):
    stage(tmp_path, job)
    stage(tmp_path, job.model_copy(update={"workers": 4}))
    assert runs(tmp_path) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "source").write_text("b"),
        lambda folder: (folder / "out").unlink(),
        lambda folder: (folder / "stages" / "copy.json").write_text("{"),
        lambda folder: (folder / "stages" / "copy.json").write_text("[]"),
    ],
    ids=["another input", "the result is gone", "damaged record", "foreign record"],
)
def test_a_stage_is_run_anew_where_what_was_kept_does_not_hold(job, tmp_path, change):
    stage(tmp_path, job)
    change(tmp_path)
    stage(tmp_path, job)
    assert runs(tmp_path) == 2
    assert (tmp_path / "out").read_text() == (tmp_path / "source").read_text()


def test_other_parameters_are_another_stage(job, tmp_path):
    stage(tmp_path, job)
    stage(tmp_path, job.model_copy(update={"times": 2}))
    assert (tmp_path / "out").read_text() == "aa"
