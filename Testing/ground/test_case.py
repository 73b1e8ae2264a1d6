"""From the files of a case to the files of its results: together or not at all, with the record of what made them."""

import warnings

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.errors import OutputError
from crosscontrast.ground.case import Case, check_same_input, our_warnings, write_results
from crosscontrast.ground.images import write_image
from crosscontrast.ground.provenance import FileRecord, Provenance


def test_results_come_with_the_record_of_what_they_were_made_from(tmp_path):
    values = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    values[0, 0, 0] = np.nan
    write_image(sitk.GetImageFromArray(values), tmp_path / "a.nii.gz")
    case = Case("test.job")
    with case.listening():
        image = case.read(tmp_path / "a.nii.gz")
        case.compute_on("cuda:63")
        warnings.warn("this will change in version 9", FutureWarning, stacklevel=1)
    with case.results(tmp_path / "out", "a.json", parameters={"threshold": 0.5}, measures={"mm": 2.0}) as results:
        for name in ("z.txt", "b.txt"):
            results.place(name).write_text(name)
        assert not (tmp_path / "out" / "z.txt").exists()
    assert np.isfinite(sitk.GetArrayFromImage(image)).all()
    kept = Provenance.read(tmp_path / "out" / "a.json")
    assert kept == results.provenance
    assert (kept.job, kept.parameters, kept.measures) == ("test.job", {"threshold": 0.5}, {"mm": 2.0})
    assert kept.device.startswith("cpu")
    assert kept.inputs == [FileRecord.of(tmp_path / "a.nii.gz")]
    assert [record.path for record in kept.outputs] == ["z.txt", "b.txt"]
    assert kept.changed_since(tmp_path / "out") == []
    assert [warning.split(" ")[0] for warning in kept.warnings] == ["a.nii.gz:", "cuda:63"]


def fail_in_between(folder):
    with write_results(folder, "a.json", Provenance(job="t")) as results:
        results.place("a.txt").write_text("a")
        raise ValueError("in between")


def ask_for_a_place_and_write_nothing(folder):
    with write_results(folder, "a.json", Provenance(job="t")) as results:
        results.place("a.txt").write_text("a")
        results.place("b.txt")


@pytest.mark.parametrize(
    ("make", "error"), [(fail_in_between, ValueError), (ask_for_a_place_and_write_nothing, OutputError)]
)
def test_nothing_is_left_where_one_file_could_not_be_written(tmp_path, make, error):
    with pytest.raises(error):
        make(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_earlier_results_are_replaced_as_a_whole(tmp_path):
    for text in ("first", "second"):
        with write_results(tmp_path, "a.json", Provenance(job="t")) as results:
            results.place("a.txt").write_text(text)
    assert (tmp_path / "a.txt").read_text() == "second"
    assert Provenance.read(tmp_path / "a.json").changed_since(tmp_path) == []


def test_what_is_not_made_any_more_goes_unless_somebody_changed_it(tmp_path):
    for names in (("a.txt", "b.txt", "c.txt"), ("a.txt",)):
        with write_results(tmp_path, "a.json", Provenance(job="t")) as results:
            for name in names:
                results.place(name).write_text(name)
        if len(names) == 3:
            (tmp_path / "c.txt").write_text("corrected by hand")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.txt", "c.txt"]


def test_warnings_are_heard_up_to_the_end_of_the_block_only():
    with our_warnings() as said:
        warnings.warn("a library's own", DeprecationWarning, stacklevel=1)
    assert said == []


def test_results_of_the_same_image_in_another_format_are_the_same_image_s(tmp_path, awkward_image):
    plain, zipped, other = tmp_path / "x.nii", tmp_path / "x.nii.gz", tmp_path / "y.nii.gz"
    for path in (plain, zipped):
        sitk.WriteImage(awkward_image, str(path))
    sitk.WriteImage(awkward_image + 1, str(other))
    sidecar = tmp_path / "x_softseg.json"
    Provenance(job="cord.segment", inputs=[FileRecord.of(plain)]).write(sidecar)
    check_same_input(zipped, sidecar)
    with pytest.raises(OutputError, match="results of another image"):
        check_same_input(other, sidecar)
    plain.unlink()  # without it nothing tells that the other is the same
    with pytest.raises(OutputError, match="results of another image"):
        check_same_input(zipped, sidecar)
