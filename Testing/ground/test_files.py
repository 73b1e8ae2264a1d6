import errno

import pytest

from crosscontrast.errors import OutputError
from crosscontrast.ground.files import atomic_write, image_stem, make_folder, sha256, staging_folder


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("sub-01_T2w.nii.gz", "sub-01_T2w"),
        ("scan.v2.nii.gz", "scan.v2"),
        ("A.NII.GZ", "A"),
        ("b.nrrd", "b"),
        ("slice.dcm", "slice"),
        ("series", "series"),
    ],
)
def test_the_stem_is_the_name_without_the_image_extension(tmp_path, name, stem):
    assert image_stem(tmp_path / name) == stem


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    target = tmp_path / "a.txt"
    with atomic_write(target) as temporary:
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_an_interrupted_write_keeps_the_old_file_and_leaves_no_rest(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def interrupted():
        with atomic_write(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_named_with_the_file(tmp_path):
    def full():
        with atomic_write(tmp_path / "a.txt"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"a\.txt: No space left"):
        full()
    assert list(tmp_path.iterdir()) == []


def test_files_of_a_case_appear_together_or_not_at_all(tmp_path):
    with staging_folder(tmp_path) as staging:
        (staging / "one").write_text("1")
        (staging / "two").write_text("2")
        assert not (tmp_path / "one").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "two"]

    def failing():
        with staging_folder(tmp_path) as staging:
            (staging / "three").write_text("3")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "two"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"Cannot write into the folder .*file"):
        make_folder(tmp_path / "file" / "below")


def test_the_checksum_of_a_folder_changes_with_content_and_names(tmp_path):
    folder = tmp_path / "series"
    folder.mkdir()
    (folder / "a").write_text("1")
    before = sha256(folder)
    (folder / "a").write_text("2")
    changed = sha256(folder)
    (folder / "a").rename(folder / "b")
    assert len({before, changed, sha256(folder)}) == 3
