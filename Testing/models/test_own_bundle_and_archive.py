"""Bundles of our own arrive by folder or zip; an archive writes nowhere but in its folder."""

import json
import shutil
import stat
import zipfile

import pytest
import torch

from crosscontrast.errors import ModelError
from crosscontrast.models.foreign.archive import extract
from crosscontrast.models.load import load_model


def test_only_the_files_of_a_bundle_are_taken_along(library, make_bundle):
    source = make_bundle()
    (source / "manifest.json").unlink()
    (source / "scripts").mkdir()
    (source / "scripts/__init__.py").write_text("raise SystemExit\n")
    entry = library.add(source)
    assert not (entry.folder / "scripts").exists()
    assert not entry.trusted
    library.verify(entry)


def test_trust_written_into_a_manifest_elsewhere_does_not_count_here(library, make_bundle):
    source = make_bundle()
    manifest = json.loads((source / "manifest.json").read_text()) | {"trusted": True}
    (source / "manifest.json").write_text(json.dumps(manifest))
    assert not library.add(source).trusted


def test_a_bundle_damaged_on_its_way_is_refused(library, make_bundle):
    source = make_bundle()
    (source / "docs/README.md").write_text("another card")
    with pytest.raises(ModelError, match=r"docs/README.md of tiny does not match"):
        library.add(source)


def test_a_zipped_bundle_with_or_without_a_folder_around_it_gives_the_same_model(library, make_bundle, tmp_path):
    source = make_bundle()
    shutil.make_archive(str(tmp_path / "bare"), "zip", source)
    shutil.make_archive(str(tmp_path / "wrapped"), "zip", source.parent.parent, f"sources/{source.name}")
    with zipfile.ZipFile(tmp_path / "wrapped.zip", "a") as archive:
        archive.writestr("__MACOSX/._tiny", "what macOS adds")
    models = [load_model(library.add(path)) for path in (source, tmp_path / "bare.zip", tmp_path / "wrapped.zip")]
    x = torch.randn(1, 1, 16, 16, 16)
    with torch.inference_mode():
        results = [model.network(x) for model in models]
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:evil.txt"])
def test_an_archive_that_leaves_its_folder_is_refused_before_anything_is_written(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("good.txt", "good")
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        archive.writestr(info, "evil")
    (tmp_path / "inside").mkdir()
    with pytest.raises(ModelError, match="leads outside"):
        extract(tmp_path / "evil.zip", tmp_path / "inside")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["evil.zip", "inside"]


def test_an_archive_with_a_link_is_refused(tmp_path):
    info = zipfile.ZipInfo("models")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(info, "/etc")
    with pytest.raises(ModelError, match="is a link"):
        extract(tmp_path / "link.zip", tmp_path)


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(2**20))
    with pytest.raises(ModelError, match="more files or bytes"):
        extract(tmp_path / "bomb.zip", tmp_path, most_bytes=2**19)


def test_a_file_that_is_no_archive_is_named(library, tmp_path):
    (tmp_path / "model.zip").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(ModelError, match=r"model.zip is not a readable zip file"):
        library.add(tmp_path / "model.zip")
