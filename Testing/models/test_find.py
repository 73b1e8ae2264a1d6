"""A model is found by its name, its version, its folder, or the folder of its training; never by guessing."""

import pytest

from crosscontrast.errors import ModelError
from crosscontrast.models.find import content_sha256, find_model


def test_names_versions_and_folders_are_one_argument(library, make_bundle):
    folder = make_bundle("model-000150")
    added = library.add(folder, "softcord")
    assert find_model("softcord", library=library) == added == find_model("softcord@1", library=library)
    bundle = find_model(str(folder), library=library)
    assert (str(bundle), bundle.version, bundle.folder) == ("model-000150", 0, folder)
    assert find_model(bundle.request, library=library) == bundle
    assert find_model(str(folder.parent), library=library) == bundle  # the folder of its training
    assert content_sha256(bundle) == content_sha256(added) != content_sha256(find_model(str(make_bundle("b", seed=1))))


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("runs/us-t2w", "There is no folder runs/us-t2w"),
        ("softcore", "no model called 'softcore', and no folder either"),
        ("nothing@3", "no model called 'nothing'"),
        ("a.pt", "a.pt is a file, not the folder of a model"),
        ("empty", "empty holds no model"),
    ],
)
def test_what_is_not_there_is_called_what_it_is(request_, words, library, make_bundle, tmp_path, monkeypatch):
    library.add(make_bundle(), "softcord")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=words):
        find_model(request_, library=library)


def test_a_folder_called_as_a_model_is_asked_about_where_it_holds_one(library, make_bundle, tmp_path, monkeypatch):
    added = library.add(make_bundle(), "softcord")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "softcord").mkdir()
    assert find_model("softcord", library=library) == added
    make_bundle("other").rename(tmp_path / "softcord" / "model-000002")
    with pytest.raises(ModelError, match=r"write softcord@1 or \./softcord"):
        find_model("softcord", library=library)
    assert find_model("./softcord", library=library).name == "model-000002"
    with pytest.raises(ModelError, match="is a model for segmentation, not for translation"):
        find_model("./softcord", "translation", library=library)
