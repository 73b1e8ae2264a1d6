"""The seal finds every change, and cannot be made to look outside of its folder."""

import json

import pytest

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import load_networks
from crosscontrast.models.manifest import read_manifest, verify


@pytest.fixture
def entry(library, make_bundle):
    return library.add(make_bundle("softcord"))


def test_an_untouched_model_passes(entry):
    assert set(verify(entry.folder).files) == {
        "configs/inference.json",
        "configs/metadata.json",
        "docs/README.md",
        "models/model.pt",
    }


def test_one_changed_byte_of_the_weights_is_refused_by_name_before_they_are_read(entry, spec):
    path = entry.folder / "models/model.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"models/model.pt of softcord@1 does not match its recorded SHA-256"):
        load_networks(entry.folder, spec)


def test_a_missing_file_is_named(entry):
    (entry.folder / "docs/README.md").unlink()
    with pytest.raises(ModelError, match=r"docs/README.md of softcord@1 is missing"):
        verify(entry.folder)


def test_a_file_that_was_slipped_in_is_named(entry):
    (entry.folder / "configs/logging.conf").touch()
    with pytest.raises(ModelError, match=r"configs/logging.conf of softcord@1 is not in its manifest.json"):
        verify(entry.folder)


def test_a_link_is_refused(entry, tmp_path):
    path = entry.folder / "models/model.pt"
    path.rename(tmp_path / "elsewhere.pt")
    path.symlink_to(tmp_path / "elsewhere.pt")
    with pytest.raises(ModelError, match=r"models/model.pt of softcord@1 is a link"):
        verify(entry.folder)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../b", "C:/x", "a\\..\\b", "./a", ""])
def test_a_manifest_that_points_outside_is_refused(entry, path):
    manifest = json.loads((entry.folder / "manifest.json").read_text())
    manifest["files"] = {path: "0" * 64}
    (entry.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"softcord@1 .* is not valid.*leaves the model's folder"):
        verify(entry.folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": "exe"}'])
def test_a_damaged_manifest_is_named(entry, text):
    (entry.folder / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match=r"manifest.json of softcord@1"):
        read_manifest(entry.folder)
