"""The files that people and machines look for at the top of a repository agree with the package."""

import re
from pathlib import Path

import pytest
import yaml
from support import ROOT

import crosscontrast

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
DECISIONS = ROOT / "Documentation" / "decisions"


def test_the_citation_names_this_version_and_has_what_the_format_asks_for():
    assert CITATION["version"] == crosscontrast.__version__
    assert {"cff-version", "message", "title", "authors"} <= CITATION.keys()
    assert CITATION["license"] == "Apache-2.0"


def test_the_changelog_begins_with_this_version():
    found = re.search(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert found[1] == crosscontrast.__version__


@pytest.mark.parametrize("form", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem)
def test_an_issue_form_has_what_github_asks_for(form):
    content = yaml.safe_load(form.read_text())
    assert {"name", "description", "body"} <= content.keys()
    fields = [part for part in content["body"] if part["type"] != "markdown"]
    assert fields
    for field in fields:
        assert field["type"] in ("textarea", "input", "dropdown", "checkboxes")
        assert field["id"]
        assert field["attributes"]["label"]
    ids = [field["id"] for field in fields]
    assert len(ids) == len(set(ids))


def links(page: Path) -> list[Path]:
    """The files of this repository that a page links to."""
    found = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
    return [page.parent / target for target in found]


@pytest.mark.parametrize(
    "page",
    [*ROOT.glob("*.md"), *(ROOT / "Documentation").rglob("*.md"), *(ROOT / "examples").glob("*.md")],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_no_page_links_to_a_file_that_is_not_there(page):
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_every_decision_is_listed():
    listed = {target.name for target in links(DECISIONS / "README.md")}
    assert listed == {page.name for page in DECISIONS.glob("*.md")} - {"README.md"}
