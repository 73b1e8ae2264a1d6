"""Headers that name other files, wherever a foreign file is opened, and what a confined process can reach."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner

from crosscontrast.errors import BadInputError
from crosscontrast.ground import references
from crosscontrast.ground.confinement import landlock_version, restrict_files
from crosscontrast.ground.images import read_image
from crosscontrast.ground.rewrite import rewrite_image
from crosscontrast.ground.tables import as_cell, from_cell

REFUSED = "keeps its voxels in another file and was refused"


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch):
    monkeypatch.setenv(references._NAMED, "")


@pytest.fixture
def detached(tmp_path, awkward_image):
    """Headers with their voxels beside them, as ITK writes them."""
    for name in ("scan.nhdr", "scan.mhd"):
        sitk.WriteImage(awkward_image, str(tmp_path / name))
    return tmp_path


@pytest.mark.parametrize("name", ["scan.nhdr", "scan.mhd"])
def test_voxels_beside_a_header_are_read_only_where_the_user_named_the_header(detached, awkward_image, name):
    with pytest.raises(BadInputError, match=REFUSED):
        read_image(detached / name)
    references.name_headers([detached / name])
    np.testing.assert_array_equal(
        sitk.GetArrayFromImage(read_image(detached / name)), sitk.GetArrayFromImage(awkward_image)
    )


@pytest.mark.parametrize("how", ["absolute", "above", "link"])
@pytest.mark.parametrize("name", ["scan.nhdr", "scan.mhd"])
def test_voxels_elsewhere_are_never_read(detached, tmp_path_factory, name, how):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.raw"
    elsewhere.write_bytes(bytes(30000))
    (detached / "link.raw").symlink_to(elsewhere)
    to = {"absolute": str(elsewhere), "above": os.path.relpath(elsewhere, detached), "link": "link.raw"}[how]
    header = f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 9 9 9\nencoding: raw\ndata file: {to}\n"
    if name.endswith(".mhd"):
        header = f"ObjectType = Image\nNDims = 3\nDimSize = 9 9 9\nElementType = MET_UCHAR\nElementDataFile = {to}\n"
    (detached / name).write_text(header)
    references.name_headers([detached / name])
    with pytest.raises(BadInputError, match=REFUSED):
        read_image(detached / name)


def test_a_header_named_on_the_command_line_is_taken_and_one_in_a_folder_is_not(detached):
    from crosscontrast.cli.main import main

    mask = sitk.Image([9, 9, 9], sitk.sitkUInt8)
    mask[3:6, 3:6, 2:7] = 1
    for folder in ("named", "walked"):
        (detached / folder).mkdir()
        sitk.WriteImage(mask, str(detached / folder / "cord.nhdr"))
    run = CliRunner().invoke(main, ["cord", "csa", str(detached / "named" / "cord.nhdr"), "--out", str(detached / "a")])
    assert run.exit_code == 0, run.output
    run = CliRunner().invoke(main, ["cord", "csa", str(detached / "walked"), "--out", str(detached / "b")])
    assert run.exit_code == 2
    assert REFUSED in run.output


def test_a_scene_opens_no_header_that_names_another_file(detached):
    slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")
    from crosscontrast.scene.volumes import read_volume

    scene = slicer.vtkMRMLScene()
    for name in ("scan.nhdr", "scan.mhd"):
        with pytest.raises(BadInputError, match=REFUSED):
            read_volume(scene, detached / name, "x")
    (detached / "scan.nii").write_bytes((detached / "scan.nhdr").read_bytes())
    with pytest.raises(BadInputError, match="not a readable"):
        read_volume(scene, detached / "scan.nii", "x")
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


@pytest.mark.parametrize("kind", ["u1", "i2", "u4", "f4", "f8"])
@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz", "x.nrrd", "x.mha"])
def test_what_is_written_anew_lies_where_it_lay(tmp_path, awkward_image, name, kind):
    image = sitk.GetImageFromArray(sitk.GetArrayFromImage(awkward_image).clip(0, 255).astype(kind))
    image.CopyInformation(awkward_image)
    sitk.WriteImage(image, str(tmp_path / name), useCompression=True)
    (tmp_path / "new").mkdir()
    rewrite_image(tmp_path / name, tmp_path / "new" / name, 1 << 20)
    old, new = sitk.ReadImage(str(tmp_path / name)), sitk.ReadImage(str(tmp_path / "new" / name))
    assert (old.GetOrigin(), old.GetSpacing(), old.GetDirection(), old.GetPixelID()) == (
        new.GetOrigin(), new.GetSpacing(), new.GetDirection(), new.GetPixelID(),
    )  # fmt: skip
    np.testing.assert_array_equal(sitk.GetArrayFromImage(old), sitk.GetArrayFromImage(new))


@pytest.mark.parametrize("space", ["right-anterior-superior", "left-anterior-superior", "left-posterior-superior"])
@pytest.mark.parametrize("encoding", ["raw", "ascii", "bzip2", "gzip"])
def test_nrrd_keeps_its_space_and_big_ends(tmp_path, space, encoding):
    import bz2
    import gzip

    values = np.random.default_rng(3).integers(-500, 500, (4, 5, 6)).astype(">i2")
    packed = {
        "raw": bytes, "bzip2": bz2.compress, "gzip": gzip.compress,
        "ascii": lambda raw: " ".join(map(str, np.frombuffer(raw, ">i2"))).encode(),
    }[encoding](values.tobytes())  # fmt: skip
    head = (
        f"NRRD0005\r\n# a note\r\ntype: signed short\r\ndimension: 3\r\nspace: {space}\r\nsizes: 6 5 4\r\n"
        "space directions: (0.5,0,0) (0,-0.7,0.1) (0,0.1,3)\r\nspace origin: (1,2.25,-3)\r\nkinds: domain domain domain"
        f"\r\nendian: big\r\nencoding: {encoding}\r\nwho:=somebody\r\n\r\n"
    )
    (tmp_path / "x.nrrd").write_bytes(head.encode() + packed)
    rewrite_image(tmp_path / "x.nrrd", tmp_path / "y.nrrd", 1 << 20)
    plain = head.replace("encoding: ascii", "encoding: raw").replace("encoding: bzip2", "encoding: raw").encode()
    (tmp_path / "z.nrrd").write_bytes(plain + (values.tobytes() if encoding in ("ascii", "bzip2") else packed))
    old, new = sitk.ReadImage(str(tmp_path / "z.nrrd")), sitk.ReadImage(str(tmp_path / "y.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(new), values.astype("i2"))
    assert (old.GetOrigin(), old.GetSpacing(), old.GetDirection()) == (
        new.GetOrigin(), new.GetSpacing(), new.GetDirection(),
    )  # fmt: skip


def confined(folder, code, before=""):
    """Run Python code in a process that was confined to ``folder``; returns what it printed."""
    program = (
        "import ctypes, os, sys, subprocess, socket\nfrom pathlib import Path\n"
        "from crosscontrast.ground import confinement as c\n"
        + textwrap.dedent(before)
        + f"c.confine(Path({str(folder)!r}), c.Bounds(1 << 30, 1 << 20, 20))\n"
    )
    done = subprocess.run([sys.executable, "-c", program + textwrap.dedent(code)], capture_output=True, text=True)
    return done.stdout.strip(), done.stderr


def test_a_confined_process_reads_its_folder_and_nothing_else(tmp_path):
    (tmp_path / "inside.txt").write_text("inside")
    said, trouble = confined(
        tmp_path,
        f"""
        def tried(work):
            try:
                return work()
            except (OSError, MemoryError) as error:
                return type(error).__name__
        print(tried(open({str(tmp_path / "inside.txt")!r}).read), tried(lambda: open("/etc/hostname").read()),
              tried(lambda: subprocess.run(["true"])), tried(lambda: socket.create_connection(("127.0.0.1", 9))),
              tried(lambda: bytearray(2 << 30) and "much"))
        """,
    )
    assert said == "inside PermissionError PermissionError PermissionError MemoryError", trouble


def test_native_code_is_confined_too(tmp_path):
    if not landlock_version():  # the other fences are all there is
        assert not restrict_files(tmp_path)
        return
    (tmp_path / "inside.txt").write_text("inside")
    said, trouble = confined(
        tmp_path,
        f"""
        print(native({str(tmp_path / "inside.txt")!r}.encode(), 0) > 0, native(b"/etc/hostname", 0),
              native(b"/proc/self/environ", 0), native(b"/", 0))
        """,
        before="native = ctypes.CDLL(None).open\n",
    )
    assert said == "True -1 -1 -1", trouble


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "-", "'=1"])
def test_texts_do_not_become_formulas_and_come_back(text):
    assert as_cell(text)[0] == "'"
    assert from_cell(as_cell(text)) == text or text == "'=1"


@pytest.mark.parametrize("cell", ["-1.5", "+3", "-1e-5", "-inf", "nan", "a-b", "", 1.5, -1.5, None, True])
def test_numbers_and_other_cells_stay(cell):
    assert as_cell(cell) is cell
