"""Every way in which scanners write a volume gives the same image, by position in the patient, or is refused."""

import subprocess
import sys
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_makers import SYNTAXES, as_lossless_jpeg, slices_of, write_classic, write_enhanced
from pydicom.uid import ExplicitVRLittleEndian
from support import one_hand

from crosscontrast.errors import BadInputError
from crosscontrast.ground.dicom.frames import HEADER
from crosscontrast.ground.dicom.kinds import _MARKS
from crosscontrast.ground.dicom.study import read_study
from crosscontrast.ground.images import ImageWarning, read_image


@pytest.fixture
def plain(awkward_image):
    return sitk.Cast(sitk.Round(awkward_image), sitk.sitkInt16)


def write(form, folder, slices, **how):
    if form == "enhanced":
        return write_enhanced(folder / "IM1", slices, **how)
    return write_classic(folder, slices, **how)


def differences(image, plain):
    """Share of the plain image's voxels for which the image has another value at the same place."""
    there = sitk.Resample(
        sitk.Cast(image, sitk.sitkFloat32), plain, sitk.Transform(), sitk.sitkNearestNeighbor, -9999.0, sitk.sitkFloat32
    )
    return float(np.mean(np.abs(sitk.GetArrayFromImage(there) - sitk.GetArrayFromImage(plain)) > 1e-3))


@pytest.mark.parametrize("form", ["classic", "enhanced"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_voxel_lies_where_its_slice_says_in_any_order(form, seed, plain, tmp_path):
    write(form, tmp_path / "in", slices_of(plain), seed=seed)
    image = read_image(tmp_path / "in")
    assert image.GetSize() == plain.GetSize()
    assert np.allclose(image.GetSpacing(), plain.GetSpacing())
    assert np.linalg.det(np.array(image.GetDirection()).reshape(3, 3)) == pytest.approx(1)
    assert differences(image, plain) == 0
    assert image.GetPixelID() == sitk.sitkInt16


@pytest.mark.parametrize("form", ["classic", "enhanced"])
def test_each_slice_has_its_own_slope(form, plain, tmp_path):
    slices = slices_of(plain)
    scaled = [replace(one, slope=0.5 + k / 7, intercept=float(k)) for k, one in enumerate(slices)]
    write(form, tmp_path / "in", scaled)
    values = sitk.GetArrayFromImage(plain) * (0.5 + np.arange(len(slices)) / 7)[:, None, None]
    wanted = sitk.GetImageFromArray((values + np.arange(len(slices))[:, None, None]).astype(np.float32))
    wanted.CopyInformation(plain)
    assert differences(read_image(tmp_path / "in"), wanted) == 0


@pytest.mark.parametrize("form", ["classic", "enhanced"])
def test_two_echoes_are_two_volumes(form, plain, tmp_path):
    late = slices_of(plain + 1000, echo_time=160.0)
    write(form, tmp_path / "in", slices_of(plain) + late)
    study = read_study(tmp_path / "in")
    assert [volume.name for volume in study.volumes] == ["4_t2_sag_echo-1", "4_t2_sag_echo-2"]
    assert differences(study.volumes[0].image(), plain) == 0
    assert differences(read_image(tmp_path / "in" / "4_t2_sag_echo-2.dcmseries"), plain + 1000) == 0
    with pytest.raises(BadInputError, match=r"holds 2 DICOM series.*echo-1, 4_t2_sag_echo-2"):
        read_image(tmp_path / "in")


@pytest.mark.parametrize("form", ["classic", "enhanced"])
def test_magnitude_and_field_map_are_two_volumes(form, plain, tmp_path):
    field = slices_of(plain - 50, image_type=("ORIGINAL", "PRIMARY", "FIELD_MAP", "NONE"))
    write(form, tmp_path / "in", slices_of(plain) + field)
    study = read_study(tmp_path / "in")
    assert [volume.name for volume in study.volumes] == ["4_t2_sag_FIELD_MAP", "4_t2_sag_M"]
    assert differences(study.volumes[0].image(), plain - 50) == 0
    assert differences(study.volumes[1].image(), plain) == 0


def test_what_only_a_number_tells_apart_is_parted_too_and_time_is_refused(plain, tmp_path):
    first, second = (slices_of(plain + n, more={"EchoNumbers": n + 1}) for n in (0, 1))
    write_classic(tmp_path / "echoes", first + second)
    assert [v.name for v in read_study(tmp_path / "echoes").volumes] == ["4_t2_sag_echo-1", "4_t2_sag_echo-2"]
    frames = [one for n in (1, 2, 3) for one in slices_of(plain + n, more={"TemporalPositionIndex": n})]
    write_enhanced(tmp_path / "times" / "IM1", frames)
    with pytest.raises(BadInputError, match="holds 3 volumes of several times; one is expected"):
        read_image(tmp_path / "times")
    write_classic(tmp_path / "doubled", slices_of(plain) * 2)
    with pytest.raises(BadInputError, match="has 2 slices at one place, and nothing in their headers"):
        read_image(tmp_path / "doubled")


@pytest.mark.parametrize("form", ["classic", "enhanced"])
def test_slices_at_uneven_distances_are_refused(form, plain, tmp_path):
    slices = slices_of(plain)
    normal = np.cross(slices[0].row, slices[0].column)
    write(form, tmp_path / "one", [s.moved(*(normal * 1.5 * (k >= 6))) for k, s in enumerate(slices)])
    with pytest.raises(BadInputError, match=r"gaps between neighbours go from (2\.50|4\.00) to (4\.00|5\.50) mm"):
        read_image(tmp_path / "one")
    # Each gap is within 4 %, and yet the slices in the middle lie 0.8 mm beside a regular grid.
    along = np.sign(normal @ (slices[1].position - slices[0].position)) * normal
    places = [0.16 * min(k, 10 - k) for k in range(len(slices))]
    write(form, tmp_path / "drift", [s.moved(*(along * p)) for s, p in zip(slices, places, strict=True)])
    with pytest.raises(BadInputError, match=r"has slices at uneven distances, from 3\.840 to 4\.160 mm"):
        read_image(tmp_path / "drift")


@pytest.mark.parametrize("form", ["classic", "enhanced"])
@pytest.mark.parametrize("degrees", [1, 2, 20])
def test_a_tilted_gantry_is_refused(form, degrees, plain, tmp_path):
    slices = slices_of(plain)
    step = 4.0 * np.tan(np.radians(degrees))
    write(form, tmp_path / "in", [s.moved(*(s.column * step * k)) for k, s in enumerate(slices)])
    with pytest.raises(BadInputError, match=f"is sheared: .* up to {step * 10:.1f} mm"):
        read_image(tmp_path / "in")


@pytest.mark.parametrize("form", ["classic", "enhanced"])
def test_groups_of_slices_at_other_angles_are_parted(form, plain, tmp_path):
    slices = slices_of(plain)
    column = np.cos(0.35) * slices[0].column + np.sin(0.35) * np.cross(slices[0].row, slices[0].column)
    step = 4.0 * np.cross(slices[0].row, column)
    turned = [replace(s, column=column, position=slices[0].position + k * step) for k, s in enumerate(slices)]
    write(form, tmp_path / "in", slices + turned)
    volumes = read_study(tmp_path / "in").volumes
    assert sorted(v.name for v in volumes) == ["4_t2_sag_stack-1", "4_t2_sag_stack-2"]
    assert sorted(differences(v.image(), plain) == 0 for v in volumes) == [False, True]


@pytest.mark.parametrize("form", ["classic", "enhanced"])
@pytest.mark.parametrize("how", list(SYNTAXES))
def test_compressed_files_are_read(form, how, plain, tmp_path):
    plain = plain[:, :, :3]
    write(form, tmp_path / "in", slices_of(plain), syntax=SYNTAXES[how])
    assert differences(read_image(tmp_path / "in"), plain) == 0


def test_lossless_jpeg_is_decoded_by_simpleitk(plain, tmp_path):
    """Neither pydicom nor what comes with highdicom decodes it."""
    for path in write_classic(tmp_path / "in", slices_of(plain)):
        as_lossless_jpeg(path)
    assert differences(read_image(tmp_path / "in"), plain) == 0


@one_hand
def test_python_gdcm_is_not_imported(plain, tmp_path):
    """Its GDCM and that of ITK in one process crash when it ends, seen in Slicer."""
    pytest.importorskip("gdcm")
    write_classic(tmp_path / "in", slices_of(plain))
    code = f"""
import sys; from pathlib import Path
from crosscontrast.ground.images import read_image
read_image(Path({str(tmp_path / "in")!r}))
print("gdcm" in sys.modules)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("form", ["classic", "enhanced"])
@one_hand
def test_all_48_orientations_lie_at_the_same_place(form, plain, tmp_path):
    """Among them are those of the other hand; noise makes a few voxels tell each place as well as many."""
    plain = plain[2:10, 1:8, 3:8]
    assert len(np.unique(sitk.GetArrayFromImage(plain))) > 30
    for number, (order, flips) in enumerate(product(permutations(range(3)), product([False, True], repeat=3))):
        turned = sitk.Flip(sitk.PermuteAxes(plain, order), flips)
        folder = tmp_path / str(number)
        write(form, folder, slices_of(turned), seed=number)
        assert differences(read_image(folder), plain) == 0


def test_an_odd_file_is_named_and_left_out(plain, tmp_path):
    folder = tmp_path / "in"
    series = "1.2.840.5"
    write_classic(folder, slices_of(plain), SeriesInstanceUID=series)
    odd = replace(slices_of(plain)[0], values=np.zeros((9, 9), np.int16))
    (path,) = write_classic(tmp_path / "odd", [odd], SeriesInstanceUID=series)
    path.rename(folder / "odd")
    (folder / "torn").write_bytes((folder / "4-0003").read_bytes()[:300])
    (folder / "copy").write_bytes((folder / "4-0003").read_bytes())
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "notes.txt").write_text("from the hospital")
    with pytest.warns(ImageWarning) as said:
        image = read_image(folder)
    assert differences(image, plain) == 0
    told = sorted(str(w.message) for w in said)
    assert [t.split(" was left out")[0] for t in told] == ["in: copy", "in: odd", "in: torn"]
    assert "copy of 4-0003" in told[0]
    assert "does not fit" in told[1]
    assert "damaged" in told[2]


def test_damaged_pixels_name_the_file(plain, tmp_path):
    paths = write_classic(tmp_path / "in", slices_of(plain))
    paths[4].write_bytes(paths[4].read_bytes()[:-200])
    with pytest.raises(BadInputError, match=f"{paths[4].name} cannot be read: its pixels are incomplete"):
        read_image(tmp_path / "in")


def test_no_images_are_refused_for_what_they_are(plain, tmp_path):
    paths = write_classic(tmp_path / "mosaic", slices_of(plain, image_type=("ORIGINAL", "PRIMARY", "M", "MOSAIC"))[:1])
    with pytest.raises(BadInputError, match="Siemens mosaic"):
        read_image(tmp_path / "mosaic")
    data = pydicom.dcmread(paths[0])
    data.SOPClassUID, data.ImageType = "1.2.840.10008.5.1.4.1.1.66.4", ["DERIVED", "PRIMARY"]
    (tmp_path / "seg").mkdir()
    data.save_as(tmp_path / "seg" / "a.dcm")
    with pytest.raises(BadInputError, match=r"a.dcm was left out: it is a DICOM segmentation \(SEG\), no image"):
        read_image(tmp_path / "seg")
    del data.ImagePositionPatient
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    data.save_as(tmp_path / "seg" / "a.dcm")
    with pytest.raises(BadInputError, match="does not say where it lies in the patient"):
        read_image(tmp_path / "seg")


def test_files_without_a_preamble_and_a_directory_are_dicom_too(plain, tmp_path):
    for path in write_classic(tmp_path / "in" / "S1", slices_of(plain), syntax=ExplicitVRLittleEndian):
        data = pydicom.dcmread(path)
        with path.open("wb") as stream:
            pydicom.filewriter.write_dataset(_implicit(stream), data)
    directory = pydicom.Dataset()
    directory.file_meta = pydicom.dataset.FileMetaDataset()
    directory.file_meta.MediaStorageSOPClassUID = directory.SOPClassUID = "1.2.840.10008.1.3.10"
    directory.file_meta.MediaStorageSOPInstanceUID = "1.2.3.9"
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory.save_as(tmp_path / "in" / "DICOMDIR", enforce_file_format=True)
    assert differences(read_image(tmp_path / "in"), plain) == 0


def _implicit(stream):
    from pydicom.filebase import DicomFileLike

    out = DicomFileLike(stream)
    out.is_implicit_VR, out.is_little_endian = True, True
    return out


def test_what_tells_slices_apart_is_read_of_every_header():
    classic = {"InversionTime", "FlipAngle", "EchoNumbers", "TriggerTime", "SequenceName", "ScanOptions"}
    asked = {keyword for mark in _MARKS for keyword in mark.keywords}
    assert classic < asked
    # The others stand in the groups of enhanced files only.
    assert asked - set(HEADER) == {
        "InversionTimes",
        "MagnetizationTransfer",
        "StackID",
        "TemporalPositionIndex",
        "TemporalPositionTimeOffset",
        "NominalCardiacTriggerDelayTime",
    }
