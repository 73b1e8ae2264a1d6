"""The documentation: its commands work, its pages hold together, and its figures are those of the records."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import crosscontrast
from support import ROOT

sys.path.append(str(ROOT / "Testing" / "tools"))
import benchmark_pages

DOCUMENTATION = ROOT / "Documentation"
TUTORIALS = sorted((DOCUMENTATION / "tutorials").glob("*.md"))
HOW_TO = sorted((DOCUMENTATION / "how-to").glob("*.md"))
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    """What ``cord phantom --out phantom`` makes, once for all pages."""
    folder = tmp_path_factory.mktemp("documentation") / "phantom"
    assert crosscontrast("cord", "phantom", "--out", folder).returncode == 0
    return folder


def blocks(page: Path) -> list[tuple[str, str]]:
    """The blocks of a page that are to be run, with their language."""
    return _BLOCK.findall(page.read_text())


#: Several minutes each on a core: they segment many images.
SLOW = ("correct-and-retrain", "area-of-a-cohort")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])
        for path in (*TUTORIALS, *HOW_TO)
        if blocks(path)
    ],
)
def test_the_commands_of_a_page_work_one_after_the_other(page, phantom, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for language, block in blocks(page):
        if language == "python":
            exec(compile(block, str(page), "exec"), names)
            continue
        for line in block.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "crosscontrast", f"{page.name} has another command: {line}"
            if arguments == ["cord", "phantom", "--out", "phantom"]:
                shutil.copytree(phantom, "phantom")
                continue
            run = crosscontrast(*arguments)
            assert run.returncode == 0, f"{line}\n{run.stdout}\n{run.stderr}"


def test_the_pages_of_benchmarks_are_those_of_the_records():
    on_disk = {path.name: path.read_text() for path in benchmark_pages.PAGES.glob("*.md")}
    assert on_disk == benchmark_pages.pages(), "run make docs"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().split()) <= 700


def test_the_site_builds_without_a_warning_and_names_every_command_and_function(tmp_path):
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(
        [*command, "--config-file", str(DOCUMENTATION / "site" / "mkdocs.yml")],
        env=environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    commands = (tmp_path / "site" / "reference" / "commands.html").read_text()
    assert 'id="crosscontrast-cord-segment"' in commands
    assert "A point in the cord" in commands
    functions = (tmp_path / "site" / "reference" / "python.html").read_text()
    for name in ("segment_cord", "translate", "ModelLibrary"):
        assert f'id="crosscontrast.{name}"' in functions
    assert "Soft segmentation, float32 in" in functions
    for unreadable in ("Sentinel", ":func:", ":class:"):
        assert unreadable not in commands + functions
    loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(https?:[^"]+)"', commands + functions)
    assert loaded == [], "the site works without a network"
    assert (tmp_path / "site" / "pictures" / "Browser-segment.png").is_file()
