"""From cases to subjects to methods, on numbers that can be checked by hand."""

import math

import numpy as np
import pytest

from crosscontrast.cord.csa.table import CsaRow, CsaTable
from crosscontrast.cord.evaluation.measures import CaseScores
from crosscontrast.cord.evaluation.plots import contrast_figure, violin_figure
from crosscontrast.cord.evaluation.region import Region
from crosscontrast.cord.evaluation.subjects import per_subject
from crosscontrast.cord.evaluation.summary import summarise, values_by_method
from crosscontrast.errors import BadInputError

LEVELS = Region(levels=(2, 3))


def case(subject: str, contrast: str, csa: float | None, method: str = "a", **fields: object) -> CaseScores:
    return CaseScores(
        **{"subject": subject, "session": "", "contrast": contrast, "method": method, "csa_mm2": csa} | fields
    )


def cohort(spreads: dict[str, list[float]]) -> list[CaseScores]:
    """Subjects with two contrasts that differ by ``spread`` times the square root of 2: their SD is ``spread``."""
    return [
        case(str(number), contrast, 70 + sign * spread / math.sqrt(2), method)
        for method, values in spreads.items()
        for number, spread in enumerate(values)
        for contrast, sign in (("T1w", 1), ("T2w", -1))
    ]


def test_a_subject_s_spread_is_over_contrasts_and_its_agreement_over_images():
    (scores,) = per_subject(
        [case("1", "T1w", 70, dice=0.9), case("1", "T2w", 74, dice=0.8), case("1", "MT", 72), case("1", "DWI", None)]
    )
    assert scores.csa_mean_mm2 == 72
    assert scores.csa_sd_mm2 == 2
    assert scores.dice == pytest.approx(0.85)
    assert scores.contrasts == ("T1w", "T2w", "MT")
    assert scores.csa_error_mm2 is None


def test_a_change_between_sessions_is_not_a_spread_across_contrasts():
    (scores,) = per_subject(
        [
            case("1", c, area, session=s)
            for s, c, area in (("1", "T1w", 80), ("1", "T2w", 82), ("2", "T1w", 60), ("2", "T2w", 62))
        ]
    )
    assert scores.csa_sd_mm2 == pytest.approx(math.sqrt(2))
    assert scores.csa_mean_mm2 == 71


def test_one_contrast_has_no_spread_and_the_reader_is_told():
    cases = [case(str(n), "T2w", 70.0 + n) for n in range(4)]
    subjects = per_subject(cases)
    summary = summarise(cases, subjects, LEVELS)
    assert all(scores.csa_sd_mm2 is None for scores in subjects)
    assert summary.methods["a"]["csa_sd_mm2"].mean is None
    assert any("needs two contrasts" in remark for remark in summary.remarks)
    assert any("No agreement was measured" in remark for remark in summary.remarks)


def test_methods_are_compared_over_their_common_subjects():
    cases = cohort({"a": [1, 2, 3, 4, 5, 6, 7], "b": [2, 3.5, 4, 5.2, 6.1, 7.3, 8.4]})
    cases = [c for c in cases if (c.method, c.subject) != ("b", "6")]
    subjects = per_subject(cases)
    (test,) = summarise(cases, subjects, LEVELS).comparisons["csa_sd_mm2"]
    assert (test.first, test.second, test.pairs) == ("a", "b", 6)
    assert test.p == test.p_holm == pytest.approx(2 / 2**6)
    columns = values_by_method(subjects, "csa_sd_mm2")
    assert columns["a"] == pytest.approx([1, 2, 3, 4, 5, 6, 7])
    assert np.isnan(columns["b"][6])


def test_three_subjects_are_averaged_but_the_tests_are_said_to_be_idle():
    cases = cohort({"a": [1, 2, 3], "b": [2, 3, 4], "c": [3, 4, 5]})
    summary = summarise(cases, per_subject(cases), LEVELS)
    mean = summary.methods["a"]["csa_sd_mm2"]
    assert mean.mean == pytest.approx(2)
    assert mean.low < 2 < mean.high
    assert len(summary.comparisons["csa_sd_mm2"]) == 3
    assert any("With 3 subjects no p value can be smaller than 0.25" in remark for remark in summary.remarks)


def test_a_failed_case_and_uneven_contrasts_are_remarked():
    cases = [*cohort({"a": [1, 2]}), case("1", "MT", 71.0), case("1", "DWI", None, status="failed", reason="broken")]
    remarks = " ".join(summarise(cases, per_subject(cases), Region()).remarks)
    assert "1 of 6 cases failed" in remarks
    assert "not over the same contrasts" in remarks
    assert "cover the same stretch" in remarks


def test_regions_are_read_and_cut():
    table = CsaTable(tuple(CsaRow(slice=k, original_slice=k, level=k // 4) for k in range(20)), 2)
    assert [row.slice for row in Region.parse("2-3", None).cut(table).rows] == list(range(8, 16))
    assert [row.slice for row in Region.parse(None, "5").cut(table).rows] == [5]
    assert len(Region.parse(None, None).cut(table).rows) == 20
    assert [str(Region.parse(*texts)) for texts in (("2-3", None), ("2", ""), (None, "4-9"))] == [
        "level C2–C3",
        "level C2",
        "slices 4–9",
    ]
    with pytest.raises(BadInputError, match="not a range"):
        Region.parse("two", None)


def test_figures_are_drawn_of_few_points_and_of_none(tmp_path):
    cases = cohort({"a": [1, 2, 3, 4, 5, 6], "b": [0, 0, 0, 0, 0, 0]})
    contrast_figure([*cases, case("9", "MT", None)]).savefig(tmp_path / "contrasts.png")
    groups = {"SD": {"a": np.array([1.0, 2, 3, 4, 5, 6]), "b": np.array([np.nan]), "c": np.zeros(6)}}
    figure = violin_figure(groups | {"Dice": {"a": np.array([])}})
    figure.savefig(tmp_path / "violins.png")
    assert len(figure.axes[0].collections) == 6  # violin, points and median of a, points of b, points and median of c
