"""How every command speaks and ends."""

import errno
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from commands import process

from crosscontrast.cli.console import Console, user_command
from crosscontrast.cli.running import run_batch
from crosscontrast.errors import BadInputError
from crosscontrast.ground.device import DeviceWarning
from crosscontrast.ground.images import ImageWarning
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.jobs.mapping import map_jobs


class Speak(Job):
    """Fails, or warns, without naming its image."""

    kind = "test.speak"
    fails: bool

    def run(self, progress):
        if self.fails:
            raise BadInputError("The image is 0 everywhere.", "give another")
        return JobResult(warnings=["No cord was found", "b.nii.gz: is dark"])


@click.command()
@user_command
def speak(console: Console) -> None:
    """Warn as libraries do, and as we do, and run a batch."""
    warnings.warn("old API", FutureWarning, stacklevel=1)
    warnings.warn("The image is oblique", ImageWarning, stacklevel=1)
    jobs, images = [Speak(fails=True), Speak(fails=False)], [Path("a.nii.gz"), Path("b.nii.gz")]
    run_batch(console, jobs, images, Path(), label="", tell=lambda *_: None)


def test_every_sentence_names_its_image_and_warnings_are_sentences():
    done = CliRunner().invoke(speak)
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "warning: The image is oblique",
        "error: a.nii.gz: The image is 0 everywhere. (give another)",
        "warning: b.nii.gz: No cord was found",
        "warning: b.nii.gz: is dark",
        "1 of 2 images done",
    ]


def test_a_closed_pipe_ends_the_program_quietly():
    command = [sys.executable, "-m", "crosscontrast.cli", "models", "list", "--json"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    program.stdout.close()
    assert (program.stderr.read(), program.wait(60)) == ("", 141)


def test_without_a_loopback_interface_jobs_run_in_place(monkeypatch):
    """As in a network namespace of its own (``unshare -rn``), which not every machine lets a test make."""

    def refuse(*_, **__):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", refuse)
    jobs = [Speak(fails=True), Speak(fails=False)]  # other processes would not know this job
    with pytest.warns(DeviceWarning, match="no loopback interface"):
        outcomes = list(map_jobs(jobs, workers=2))
    assert str(outcomes[0].error) == "The image is 0 everywhere. (give another)"
    assert outcomes[1].result.warnings[0] == "No cord was found"


def test_two_processes_say_nothing_of_their_own(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.nii.gz").write_text("no image")
    images = [tmp_path / f"{name}.nii.gz" for name in "ab"]
    run = process("cord", "segment", *images, "--out", tmp_path / "o", "--workers", 2)
    assert run.returncode == 2
    assert [line.split(":")[0] for line in run.stderr.splitlines()] == ["error", "error", "0 of 2 images done"]
