"""Whoever is killed while saving leaves the dataset whole, and what was reported saved is there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("kill_storm.py")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="forks")


def storm(*arguments, timeout=240):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, env=environment)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_twenty_savers_killed_at_random_moments_lose_nothing(tmp_path):
    told = storm("time", tmp_path, 21, 5)
    assert told["killed"] == 21
    assert told["reported"] > 0


def test_a_saver_killed_at_any_of_its_file_operations_loses_nothing(tmp_path):
    assert storm("steps", tmp_path / "d", 6)["killed"] >= 10


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_thousand_savers_killed_at_random_moments_lose_nothing(tmp_path):
    told = storm("time", tmp_path, 1000, 1, timeout=3600)
    assert told["reported"] > 300


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_saver_killed_at_every_single_file_operation_loses_nothing(tmp_path):
    assert storm("steps", tmp_path / "d", 1, timeout=1200)["killed"] >= 60
