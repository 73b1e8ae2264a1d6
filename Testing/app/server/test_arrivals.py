"""Files from a browser: what is not one honest image is refused with one sentence, and nothing of it is kept."""

import gzip
import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_makers import SYNTAXES, as_lossless_jpeg, write_classic, write_enhanced
from dicom_makers import slices_of as dicom_slices
from support import one_hand

pytest.importorskip("aiohttp", reason="needs the extra 'browser'")

from crosscontrast.app.server.plan import Limits
from crosscontrast.app.server.settling import settle
from crosscontrast.app.server.uploads import safe_name
from crosscontrast.errors import BadInputError

LIMITS = Limits(upload_bytes=4 << 20, upload_files=50, volume_bytes=2 << 20)


@pytest.fixture
def send(tmp_path):
    """Let files, as pairs of name and bytes, arrive; the folder that they are kept in is ``send.folder``."""
    folder = tmp_path / "kept"
    folder.mkdir()

    def arrive(*files, limits=LIMITS):
        written = []
        for number, (name, content) in enumerate(files):
            path = tmp_path / f"{number}.part"
            path.write_bytes(content)
            written.append((name, path))
        settled = settle(written, folder, limits)
        arrive.remarks = settled.remarks
        return settled.images

    arrive.folder = folder
    return arrive


def written(image, tmp_path, name):
    path = tmp_path / name
    sitk.WriteImage(image, str(path), useCompression=True)
    return path.read_bytes()


def zipped(*entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii", "scan.nrrd", "scan.mha"])
def test_an_image_keeps_its_voxels_and_its_place(send, awkward_image, tmp_path, name):
    (path,) = send((f"a folder/{name}", written(awkward_image, tmp_path, name)))
    assert path == send.folder / name
    kept = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(kept), sitk.GetArrayFromImage(awkward_image))
    np.testing.assert_allclose(kept.GetDirection(), awkward_image.GetDirection(), atol=1e-5)


@one_hand
def test_a_second_file_of_the_same_name_does_not_replace_the_first(send, awkward_image, tmp_path):
    content = written(awkward_image, tmp_path, "scan.nii.gz")
    assert [send(("scan.nii.gz", content))[0].name for _ in range(3)] == [
        "scan.nii.gz",
        "scan-2.nii.gz",
        "scan-3.nii.gz",
    ]


@one_hand
def test_a_zip_of_images_is_taken_apart(send, awkward_image, tmp_path):
    content = written(awkward_image, tmp_path, "x.nii.gz")
    paths = send(("two.zip", zipped(("in/T1w.nii.gz", content), ("in/T2w.nii.gz", content))))
    assert sorted(path.name for path in paths) == ["T1w.nii.gz", "T2w.nii.gz"]


@pytest.mark.parametrize(
    "name", ["../evil.nii.gz", "a/../../evil.nii", "/etc/evil.nii", "..\\evil.nrrd", "C:\\evil.mha"]
)
def test_names_that_lead_out_of_the_folder_are_refused_alone_and_in_an_archive(send, name):
    for files in ((name, b"x"), ("good.zip", zipped((name, b"x")))):
        with pytest.raises(BadInputError, match=r"leads out of its folder and was refused\.$"):
            send(files)
    assert list(send.folder.iterdir()) == []


def test_strange_characters_do_not_reach_the_disk():
    assert safe_name("folder/a b$(rm)<script>.nii.gz") == "a_b_rm_script_.nii.gz"
    assert safe_name(".hidden.nii") == "hidden.nii"


def test_a_zip_bomb_is_stopped_while_it_unpacks(send):
    bomb = zipped(("zeros.nii", b"\0" * (64 << 20)))
    assert len(bomb) < 100_000
    with pytest.raises(BadInputError, match=r"^bomb\.zip unpacks to more than the 4 MiB allowed here\.$"):
        send(("bomb.zip", bomb))
    with pytest.raises(BadInputError, match=r"holds 60 files; 50 are allowed here\.$"):
        send(("many.zip", zipped(*((f"{n}.dcm", b"") for n in range(60)))))
    with pytest.raises(BadInputError, match=r"holds another archive and was refused\.$"):
        send(("nested.zip", zipped(("inner.zip", bomb))))
    assert list(send.folder.iterdir()) == []


def test_a_link_in_an_archive_is_refused(send):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        link = zipfile.ZipInfo("scan.nii")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadInputError, match="holds a link"):
        send(("links.zip", stream.getvalue()))


@one_hand
def test_a_compressed_image_that_unpacks_to_more_than_it_promises_is_refused(send, awkward_image, tmp_path):
    honest = gzip.decompress(written(awkward_image, tmp_path, "x.nii.gz"))
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(honest) + b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(32)) + packer.flush()
    with pytest.raises(BadInputError, match=r"^bomb\.nii\.gz unpacks to more than its header promises"):
        send(("bomb.nii.gz", bomb))


@one_hand
def test_a_header_that_promises_too_much_is_refused_before_memory_is_set_aside(send, awkward_image, tmp_path):
    content = bytearray(written(awkward_image, tmp_path, "x.nii"))
    content[40:56] = struct.pack("<8h", 3, 30000, 30000, 30000, 1, 1, 1, 1)
    with pytest.raises(BadInputError, match=r"^huge\.nii would take \d+ MiB of memory; 2 MiB are allowed here\.$"):
        send(("huge.nii", bytes(content)))
    with pytest.raises(BadInputError, match=r"^huge\.nii is incomplete"):
        send(("huge.nii", bytes(content)), limits=Limits(volume_bytes=1 << 62))


def test_an_image_in_four_dimensions_is_refused(send, tmp_path):
    image = sitk.GetImageFromArray(np.zeros((3, 4, 5, 6), np.int16), isVector=False)
    with pytest.raises(BadInputError, match=r"^bold\.nii\.gz is a 4-D image of size 6 x 5 x 4 x 3"):
        send(("bold.nii.gz", written(image, tmp_path, "x.nii.gz")))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scan.nii.gz", b"this is a text"),
        ("scan.nrrd", b"\x89PNG\r\n\x1a\n" + b"\0" * 400),
        ("scan.mha", b"ElementDataFile = LOCAL\n"),
        ("report.pdf", b"%PDF-1.7"),
        ("archive.zip", b"PK no archive"),
        ("IM0001", b"no DICOM"),
    ],
)
def test_wrong_content_is_refused_with_a_sentence_that_names_no_folder_of_the_server(send, tmp_path, name, content):
    with pytest.raises(BadInputError) as caught:
        send((name, content))
    assert str(tmp_path) not in caught.value.message
    assert caught.value.message.count(".") - name.count(".") <= 2
    assert list(send.folder.iterdir()) == []


def test_a_header_cannot_name_a_file_of_the_server(send, tmp_path):
    secret = tmp_path / "secret.raw"
    secret.write_bytes(b"\1" * 27)
    nrrd = f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 3 3 3\nencoding: raw\ndata file: {secret}\n\n".encode()
    mha = (
        f"ObjectType = Image\nNDims = 3\nDimSize = 3 3 3\nElementType = MET_UCHAR\nElementDataFile = {secret}\n"
    ).encode()
    assert sitk.ReadImage(str(_write(tmp_path / "proof.nrrd", nrrd)))[0, 0, 0] == 1  # the danger is real
    for name, content in (("x.nrrd", nrrd), ("x.mha", mha), ("x.nhdr", nrrd), ("x.mhd", mha)):
        with pytest.raises(BadInputError, match="keeps its voxels in another file"):
            send((name, content))


def _write(path, content):
    path.write_bytes(content)
    return path


def slices_of(image, tmp_path, uid, description=""):
    """The files of a DICOM series of ``image``, axial and with slices 1 mm apart, as a browser sends them."""
    files = []
    for number in range(image.GetSize()[2]):
        one = image[:, :, number : number + 1]
        for key, value in {
            "0008|0060": "MR",
            "0008|103e": description,
            "0020|000d": "1.2.3",
            "0020|000e": uid,
            "0008|0018": f"{uid}.{number + 1}",
            "0020|0013": str(number),
            "0020|0032": f"0\\0\\{number}",
            "0020|0037": "1\\0\\0\\0\\1\\0",
        }.items():
            one.SetMetaData(key, value)
        writer = sitk.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        path = tmp_path / f"{number}.dcm"
        writer.SetFileName(str(path))
        writer.Execute(one)
        files.append((f"series/IM{number:04d}", path.read_bytes()))
    return files


@pytest.fixture
def axial(awkward_image):
    return sitk.Cast(sitk.GetImageFromArray(sitk.GetArrayFromImage(awkward_image)), sitk.sitkInt16)


@one_hand
def test_files_of_one_dicom_series_become_one_volume(send, axial, tmp_path):
    (made,) = send(*slices_of(axial, tmp_path, "1.2.3.4")[::-1])
    assert made.name == "dicom_series.nrrd"
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(made))), sitk.GetArrayFromImage(axial))


@one_hand
def test_a_study_of_several_series_becomes_a_volume_of_each_and_a_broken_one_is_named(send, axial, tmp_path):
    first = slices_of(axial, tmp_path, "1.2.3.4", "T2 sag/TSE")
    second = slices_of(axial + 1, tmp_path, "1.2.3.5", "MT on")
    broken = slices_of(axial, tmp_path, "1.2.3.6", "localiser")
    del broken[3]
    notes = [("DICOMDIR", b"no image"), ("README.txt", b"from the hospital")]
    made = {path.name: path for path in send(*first, *second, *broken, *notes)}
    assert set(made) == {"T2_sag_TSE.nrrd", "MT_on.nrrd"}
    for name, image in (("T2_sag_TSE.nrrd", axial), ("MT_on.nrrd", axial + 1)):
        found = sitk.GetArrayFromImage(sitk.ReadImage(str(made[name])))
        np.testing.assert_array_equal(found, sitk.GetArrayFromImage(image))
    (remark,) = send.remarks
    assert remark.startswith("The DICOM series localiser has missing or doubled slices: gaps")
    assert str(tmp_path) not in remark
    with pytest.raises(BadInputError, match="series localiser has missing"):
        send(*broken)


@one_hand
def test_what_is_no_image_beside_images_is_named(send, axial, tmp_path):
    sitk.WriteImage(axial, str(tmp_path / "image.nii.gz"))
    image = ("image.nii.gz", (tmp_path / "image.nii.gz").read_bytes())
    assert len(send(image, ("notes/a word.txt", b"hello"), ("list.csv", b"1,2"))) == 1
    assert send.remarks == ["Left out, because no image by its name: a_word.txt and 1 more."]
    assert len(send(image, ("other.nii.gz", image[1]))) == 2
    assert send.remarks == []


@pytest.mark.parametrize("how", ["RLE", "deflated", "JPEG-LS", "JPEG 2000", "JPEG lossless"])
def test_compressed_dicom_is_read_behind_the_fences_too(send, how, awkward_image, tmp_path):
    plain = sitk.Cast(sitk.Round(awkward_image), sitk.sitkInt16)[:, :, :3]
    if how == "JPEG lossless":
        paths = write_classic(tmp_path / "in", dicom_slices(plain))
        for path in paths:
            as_lossless_jpeg(path)
    else:
        write_enhanced(tmp_path / "in" / "IM1", dicom_slices(plain), syntax=SYNTAXES[how])
    (made,) = send(*((path.name, path.read_bytes()) for path in (tmp_path / "in").iterdir()))
    assert made.name == "4_t2_sag.nrrd"
    there = sitk.Resample(sitk.ReadImage(str(made)), plain, sitk.Transform(), sitk.sitkNearestNeighbor)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(there), sitk.GetArrayFromImage(plain))


@one_hand
def test_two_echoes_become_two_images_and_an_odd_file_is_named(send, awkward_image, tmp_path):
    plain = sitk.Cast(sitk.Round(awkward_image), sitk.sitkInt16)
    write_classic(tmp_path / "in", dicom_slices(plain) + dicom_slices(plain + 9, echo_time=160.0))
    files = [(path.name, path.read_bytes()) for path in (tmp_path / "in").iterdir()]
    made = send(*files, ("torn file", files[0][1][:300]))
    assert sorted(path.name for path in made) == ["4_t2_sag_echo-1.nrrd", "4_t2_sag_echo-2.nrrd"]
    assert send.remarks == ["torn_file was left out: its header is incomplete: damaged."]
