"""Aggregating slices, and the CSV file."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosscontrast.cord.csa.report import number_ranges
from crosscontrast.cord.csa.table import CsaRow, CsaTable, Note
from crosscontrast.errors import OutputError
from crosscontrast.version import __version__

ROWS = (
    CsaRow(slice=0, original_slice=4, notes=(Note.EMPTY,)),
    CsaRow(slice=1, original_slice=3, level=4, distance=15, area_sct=60, area_true=58, length=5, components=1),
    CsaRow(slice=2, original_slice=2, level=3, distance=10, notes=(Note.GAP,)),
    CsaRow(slice=3, original_slice=1, level=3, distance=5, area_sct=70, area_true=66, length=5.2, components=2),
    CsaRow(slice=4, original_slice=0, level=3, distance=0, area_sct=74, area_true=70, length=5.2, components=1),
)
TABLE = CsaTable(ROWS, original_axis=2)
#: The header of sct_process_segmentation up to its last column.
SCT_HEADER = (
    "Timestamp,SCT Version,Filename,Slice (I->S),VertLevel,DistancePMJ,MEAN(area),STD(area),MEAN(angle_AP),"
    "STD(angle_AP),MEAN(angle_RL),STD(angle_RL),MEAN(diameter_AP),STD(diameter_AP),MEAN(diameter_RL),"
    "STD(diameter_RL),MEAN(eccentricity),STD(eccentricity),MEAN(orientation),STD(orientation),MEAN(solidity),"
    "STD(solidity),SUM(length)"
)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_means_and_population_deviations_leave_out_missing_slices() -> None:
    assert TABLE.mean("area_sct") == pytest.approx(68)
    assert TABLE.sd("area_sct") == pytest.approx(np.std([60, 70, 74]))
    assert TABLE.total("length") == pytest.approx(15.4)
    assert np.isnan(TABLE.mean("solidity"))


def test_slices_are_selected_by_number_level_and_distance() -> None:
    assert [row.slice for row in TABLE.select(slices=range(1, 3)).rows] == [1, 2]
    assert TABLE.select(levels=(3,)).mean("area_true") == pytest.approx(68)
    assert [row.slice for row in TABLE.select(distance=(5, 15)).rows] == [1, 2, 3]
    assert [row.slice for row in TABLE.select(levels=(3, 4), distance=(4, 12)).rows] == [2, 3]


def test_levels_come_from_the_top() -> None:
    assert {level: len(part.rows) for level, part in TABLE.per_level().items()} == {3: 3, 4: 1}


def test_the_csv_begins_as_users_of_sct_know_it_and_says_who_wrote_it(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "csa.csv", name="sub-01_seg.nii.gz")
    assert (tmp_path / "csa.csv").read_text(encoding="utf-8").startswith(SCT_HEADER + ",MEAN(true soft area),")
    lines = read(tmp_path / "csa.csv")
    assert [line["Slice (I->S)"] for line in lines] == ["0", "1", "2", "3", "4"]
    assert [line["MEAN(area)"] for line in lines] == ["nan", "60.0", "nan", "70.0", "74.0"]
    assert [line["MEAN(true soft area)"] for line in lines] == ["nan", "58.0", "nan", "66.0", "70.0"]
    assert [line["VertLevel"] for line in lines] == ["", "4", "3", "3", "3"]
    assert [line["Original slice"] for line in lines] == ["4", "3", "2", "1", "0"]
    assert lines[0]["Note"] == "empty"
    assert {line["SCT Version"] for line in lines} == {f"CrossContrast {__version__}"}
    assert {line["Filename"] for line in lines} == {"sub-01_seg.nii.gz"}
    assert {line["DistancePMJ"] for line in lines} == {""}


def test_a_line_per_level_sums_up_its_slices(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "csa.csv", per="level")
    third, fourth = read(tmp_path / "csa.csv")
    assert (third["VertLevel"], third["Slice (I->S)"], third["MEAN(area)"], third["STD(area)"]) == (
        *("3", "2:4"),
        *("72.0", "2.0"),
    )
    assert third["SUM(length)"] == "10.4"
    assert third["Components"] == "2"
    assert third["Note"] == "empty, inside the cord (1 of 3 slices)"
    assert fourth["STD(area)"] == "0.0"


def test_one_line_for_all_names_slices_and_levels_as_ranges(tmp_path: Path) -> None:
    CsaTable(ROWS, 2, from_pmj=True).to_csv(tmp_path / "csa.csv", per="all")
    (line,) = read(tmp_path / "csa.csv")
    assert (line["Slice (I->S)"], line["VertLevel"], line["DistancePMJ"]) == ("0:4", "3:4", "7.5")


@given(st.sets(st.integers(0, 60)))
def test_ranges_say_exactly_the_numbers(numbers: set[int]) -> None:
    said: set[int] = set()
    for piece in filter(None, number_ranges(numbers).split(";")):
        first, _, last = piece.partition(":")
        said |= set(range(int(first), int(last or first) + 1))
    assert said == numbers


def test_a_folder_that_is_not_there_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"csa\.csv"):
        TABLE.to_csv(tmp_path / "missing" / "csa.csv")
    assert not list(tmp_path.iterdir())
