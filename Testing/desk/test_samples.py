"""Samples: drawn whole or not at all, and what they promise to hold can be used."""

import pytest
import SimpleITK as sitk
from commands import crosscontrast

from crosscontrast import CorrectionDataset, read_cohort
from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.desk import samples
from crosscontrast.desk.samples import SAMPLES, kept_sample, make_sample
from crosscontrast.errors import BadInputError, OutputError


def test_the_cord_sample_has_four_contrasts_of_the_promised_area(tmp_path):
    shown = make_sample("cord", tmp_path / "cord")
    assert [path.name for path in shown] == [f"phantom_{name}.nii.gz" for name in ("T1w", "T2w", "T2star", "MToff")]
    assert all(path.is_file() for path in shown)
    truth = sitk.ReadImage(str(tmp_path / "cord/truth/phantom_softseg.nii.gz"))
    assert measure_csa(truth).mean("area_true") == pytest.approx(85.8, abs=0.5)


ROLES = {"prostate": {"us", "t2w", "zones"}, "head": {"heavyT2", "mra", "labels"}}


@pytest.mark.parametrize("name", ROLES)
def test_phantom_samples_come_with_their_table(tmp_path, name):
    shown = make_sample(name, tmp_path / name)
    assert all(path.is_file() for path in shown)
    assert {row.role for row in read_cohort(tmp_path / name / "cohort.tsv").rows} == ROLES[name]


def test_the_dataset_has_one_corrected_case_of_two_persons(tmp_path):
    make_sample("corrections", tmp_path / "data")
    cases = CorrectionDataset.open(tmp_path / "data").cases()
    assert {case.name: case.revision for case in cases} == {
        "sub-01_T1w": 0, "sub-01_T2w": 1, "sub-02_T1w": 0, "sub-02_T2w": 0,
    }  # fmt: skip
    assert crosscontrast("corrections", "check", tmp_path / "data").returncode == 0


def test_the_reader_study_can_be_planned(tmp_path):
    make_sample("reader-study", tmp_path / "study")
    run = crosscontrast("reader", "plan", tmp_path / "study/STUDY.yaml", "--out", tmp_path / "plan")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "plan/plan.json").is_file()


def test_nothing_is_written_over_and_nothing_is_left_of_a_failure(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("all of it")
    with pytest.raises(OutputError, match="mine is there already"):
        make_sample("cord", tmp_path / "mine")
    with pytest.raises(BadInputError, match="There is no sample 'heart'"):
        make_sample("heart", tmp_path / "heart")

    def broken(folder, _progress):
        (folder / "half.txt").write_text("half")
        raise OutputError("The disk is full.")

    monkeypatch.setitem(samples.SAMPLES, "broken", samples.Sample("", "", (), broken))
    with pytest.raises(OutputError, match="disk is full"):
        make_sample("broken", tmp_path / "broken")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_kept_sample_is_drawn_once_and_again_where_it_was_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _, appauthor: tmp_path)
    calls = []
    first = kept_sample("prostate", lambda *step: calls.append(step))
    drawn = len(calls)
    assert drawn > 0
    assert kept_sample("prostate", lambda *step: calls.append(step)) == first
    assert len(calls) == drawn
    first[0].unlink()
    assert kept_sample("prostate")[0].is_file()


def test_the_command_lists_and_draws(tmp_path):
    listed = crosscontrast("sample")
    assert listed.returncode == 0
    assert all(name in listed.stdout for name in SAMPLES)
    run = crosscontrast("sample", "head", "--out", tmp_path / "head")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "head/sub-001_mra.nii.gz").is_file()
