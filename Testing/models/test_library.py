"""Versions stand side by side, are never overwritten, and can be gone back to."""

import os
import shutil
import subprocess
import sys

import pytest

from crosscontrast.errors import ModelError, OutputError
from crosscontrast.models.library import ModelLibrary, library_root, shipped_models_folder
from crosscontrast.models.load import load_model


def test_a_version_that_is_no_longer_shipped_is_named_as_such(model_home):
    with pytest.raises(ModelError, match=r"softcord@1 was shipped until release 0.1 only") as caught:
        ModelLibrary().find("softcord@1")
    assert "softcord@3, softcord@10" in caught.value.hint


def test_each_addition_is_a_new_version_and_the_bare_name_means_the_newest(library, make_bundle):
    first = library.add(make_bundle("a", seed=1), "softcord")
    before = (first.folder / "models/model.pt").read_bytes()
    second = library.add(make_bundle("b", seed=2), "softcord")
    assert [str(first), str(second)] == ["softcord@1", "softcord@2"]
    assert (first.folder / "models/model.pt").read_bytes() == before
    assert library.find("softcord") == second
    assert library.find("softcord@1").folder == first.folder
    assert not library.find("softcord@1").current


def test_a_candidate_can_be_added_without_becoming_current(library, make_bundle):
    library.add(make_bundle("a"), "softcord")
    candidate = library.add(make_bundle("b"), "softcord", make_current=False)
    assert (candidate.version, candidate.current) == (2, False)
    assert library.find("softcord").version == 1


def test_rolling_back_goes_one_version_down_or_to_the_one_named(library, make_bundle):
    for name in "abc":
        library.add(make_bundle(name), "softcord")
    assert library.rollback("softcord").version == 2
    assert library.rollback("softcord").version == 1
    with pytest.raises(ModelError, match=r"softcord@1 is the oldest version"):
        library.rollback("softcord")
    assert library.rollback("softcord", 3) == library.find("softcord")
    with pytest.raises(ModelError, match=r"no version '7' of softcord"):
        library.rollback("softcord", 7)


def test_a_gap_in_the_numbers_is_not_filled(library, make_bundle):
    for name in "abc":
        library.add(make_bundle(name), "softcord")
    shutil.rmtree(library.find("softcord@2").folder)
    assert library.add(make_bundle("d"), "softcord").version == 4


def test_shipped_models_are_found_and_own_versions_follow_them(library, shipped, make_bundle):
    shutil.copytree(make_bundle("a"), shipped / "softcord" / "1")
    entry = library.find("softcord")
    assert (entry.version, entry.shipped, entry.current) == (1, True, True)
    assert library.add(make_bundle("b"), "softcord").version == 2
    assert [(e.version, e.shipped) for e in library.entries()] == [(1, True), (2, False)]
    assert library.rollback("softcord").shipped
    assert sorted(path.name for path in (shipped / "softcord").iterdir()) == ["1"], "the shipped folder was written to"


def test_an_unknown_model_is_answered_with_what_there_is(library, make_bundle):
    with pytest.raises(ModelError, match=r"no model called 'softcord'.*there are: none"):
        library.find("softcord")
    library.add(make_bundle(), "brain")
    with pytest.raises(ModelError, match=r"no model called 'softcord'.*there are: brain"):
        library.find("softcord")
    for request in ("brain@2", "brain@", "brain@x", "brain@01"):
        with pytest.raises(ModelError, match=r"no version .* of brain.*there are: brain@1"):
            library.find(request)
    with pytest.raises(ModelError, match="no model called"):
        library.find("../library/brain")


def test_a_current_version_that_is_gone_is_said(library, make_bundle):
    library.add(make_bundle(), "softcord")
    (library.root / "softcord/current").write_text("9\n")
    with pytest.raises(ModelError, match=r"softcord has no current version.*softcord@1"):
        library.find("softcord")
    assert library.rollback("softcord", 1).current


@pytest.mark.parametrize("name", ["", "SoftCord", "../x", "a b", ".hidden", "-x", "a@1", "ä"])
def test_names_that_could_be_anything_but_names_are_refused(library, make_bundle, name):
    with pytest.raises(ModelError, match="cannot be a model's name"):
        library.add(make_bundle(), name)


def test_without_a_name_it_is_made_of_the_folders(library, make_bundle):
    assert library.add(make_bundle("My Model v2")).name == "my-model-v2"
    shutil.copytree(make_bundle("x"), library.root.parent / "softcord" / "3")
    assert str(library.add(library.root.parent / "softcord" / "3")) == "softcord@1"


def test_a_damaged_model_is_listed_with_its_problem_and_the_others_stay_usable(library, make_bundle):
    broken = library.add(make_bundle("a"), "broken")
    sound = library.add(make_bundle("b"), "sound")
    (broken.folder / "manifest.json").write_text("{")
    problems = {entry.name: entry.problem for entry in library.entries()}
    assert "broken@1" in problems["broken"]
    assert problems["sound"] == ""
    assert load_model(sound).spec.outputs == ("cord", "canal")


def test_a_failed_addition_leaves_nothing(library, tmp_path, make_bundle):
    folder = make_bundle()
    (folder / "models/model.pt").write_bytes(b"cut short")
    with pytest.raises(ModelError, match="SHA-256"):
        library.add(folder)
    with pytest.raises(ModelError, match=r"no model at .*nowhere"):
        library.add(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(ModelError, match=r"notes.txt is no model that can be read here.*nnU-Net"):
        library.add(tmp_path / "notes.txt")
    assert list(library.root.iterdir()) == []


def test_a_library_that_cannot_be_written_is_an_output_error(tmp_path, shipped, make_bundle):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be added"):
        ModelLibrary(tmp_path / "file" / "models").add(make_bundle())


def test_two_processes_that_add_at_once_get_two_versions(library, make_bundle):
    code = (
        "import sys; from pathlib import Path; from crosscontrast.models.library import ModelLibrary\n"
        "sys.stdin.readline()\n"
        "for _ in range(4): print(ModelLibrary(Path(sys.argv[1])).add(Path(sys.argv[2]), 'softcord').version)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(library.root), str(make_bundle(name))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        for name in "ab"
    ]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    numbers = [int(line) for process in processes for line in process.communicate()[0].split()]
    own = [entry.version for entry in library.versions("softcord")]
    assert len(numbers) == 8
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + 8))
    assert set(numbers) == set(own)
    for entry in library.versions("softcord"):
        library.verify(entry)


def test_the_library_lies_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("CROSSCONTRAST_HOME", str(tmp_path))
    assert library_root() == tmp_path / "models"
    monkeypatch.delenv("CROSSCONTRAST_HOME")
    assert library_root().parts[-2:] == ("CrossContrast", "models")


def test_listing_models_does_not_import_pytorch():
    code = (
        "import sys; from crosscontrast.models.library import ModelLibrary; ModelLibrary().entries(); "
        "print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_every_shipped_model_is_whole_loads_and_has_a_card():
    root = shipped_models_folder()
    entries = [entry for entry in ModelLibrary().entries() if entry.shipped]
    assert "softcord" in {entry.name for entry in entries}
    for entry in entries:
        model = load_model(entry)
        assert entry.folder.is_relative_to(root)
        assert model.spec.outputs == entry.outputs
        assert (entry.folder / "docs/README.md").read_text(encoding="utf-8").startswith("# ")
