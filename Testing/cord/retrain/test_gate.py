"""The gate against figures whose verdict is known."""

import pytest

from crosscontrast.cord.evaluation.measures import CaseScores
from crosscontrast.cord.retrain.figures import BASE, CANDIDATE, compare
from crosscontrast.cord.retrain.gate import doubts, judge
from crosscontrast.cord.retrain.settings import Limits, RetrainSettings, read_settings
from crosscontrast.errors import BadInputError

GOOD = {"dice": 0.9, "soft_dice": 0.92, "csa_error_mm2": 1.0, "csa_mm2": 71.0, "reference_csa_mm2": 70.0}


def cases(after, before=None, subjects=("1", "2", "3"), contrasts=("T1w", "T2w")):
    """Each subject in each contrast by both models; ``after`` and ``before`` change the numbers of some contrasts."""
    found = []
    for method, changes in ((BASE, before or {}), (CANDIDATE, after)):
        for subject in subjects:
            for contrast in contrasts:
                values = GOOD | changes.get(contrast, {})
                found.append(CaseScores(subject=subject, session="", contrast=contrast, method=method, **values))
    return found


def verdict(after, before=None, **limits):
    limits = Limits(**limits)
    return judge(compare(cases(after, before), limits.right_within_mm2, limits.right_dice), limits)


BETTER = {"T1w": {"soft_dice": 0.94, "csa_error_mm2": 0.5, "csa_mm2": 70.5}}


def test_a_model_that_is_better_somewhere_and_worse_nowhere_passes():
    found = verdict(BETTER)
    assert found.passed
    assert found.reasons == []
    assert len(found.checks) == 15


@pytest.mark.parametrize(
    ("after", "word"),
    [
        ({"T1w": {"dice": 0.88}}, "fall of Dice is 0.01"),
        ({"T1w": {"soft_dice": 0.90}}, "fall of soft Dice is 0.01"),
        ({"T1w": {"csa_error_mm2": 4.0}}, "rise of absolute CSA error (mm²) is 1.5"),
        ({"T1w": {"csa_mm2": 75.0}}, "rise of CSA SD across contrasts (mm²) is 2.83"),
        ({"T1w": {"csa_mm2": 78.0}, "T2w": {"csa_mm2": 78.0}}, "mean drift of the area (mm²)"),
    ],
)
def test_each_limit_refuses_with_its_figure_and_the_limit(after, word):
    better = {contrast: {"soft_dice": 0.95} | after.get(contrast, {}) for contrast in ("T1w", "T2w")}
    if "soft_dice" in after.get("T1w", {}):
        better["T2w"] = {}
    found = verdict(better)
    assert not found.passed
    assert word in " ".join(found.reasons)
    assert "above the limit of" in found.reasons[0]


def test_areas_may_move_where_the_base_model_was_wrong():
    """The contrast that it never saw: 40 instead of 70 mm². Correcting that is no drift."""
    wrong = {"T1w": {"csa_mm2": 40.0, "csa_error_mm2": 30.0, "soft_dice": 0.5, "dice": 0.5}}
    found = verdict({}, wrong)
    assert found.passed
    assert next(check.found for check in found.checks if "drift" in check.what) == 0


def test_a_base_model_that_was_right_by_chance_only_says_nothing_about_drift():
    """An area of 71 instead of 70 mm² beside the cord; where the base model lay on the cord, one image is enough."""
    wrong = {"csa_mm2": 40.0, "csa_error_mm2": 30.0, "dice": 0.5}
    moved = {"csa_mm2": 75.0, "csa_error_mm2": 5.0, "soft_dice": 0.95}
    images = cases({"T1w": moved, "T2w": moved}, {"T1w": wrong, "T2w": wrong})
    for overlap, drift in ((0.5, None), (0.9, 4.0)):
        images[0] = images[0].model_copy(update=GOOD | {"dice": overlap})
        found = judge(compare(images, 3.0, 0.85), Limits())
        assert next(check.found for check in found.checks if "drift" in check.what) == drift
        assert found.passed == (drift is None)


def test_a_missed_cord_counts_with_its_whole_area():
    """Left out of the mean, a candidate that finds nothing in one contrast would look as good as before."""
    missed = {"T1w": {"csa_mm2": None, "csa_error_mm2": None, "dice": 0.0, "soft_dice": None}}
    figures = compare(cases(missed), 3.0, 0.85)
    assert figures.changes["csa_error_mm2"].after == pytest.approx((70 + 1) / 2)
    assert figures.drift_mm2 == pytest.approx(71 / 2)
    assert not judge(figures, Limits()).passed


def learnt(*distances, method=CANDIDATE):
    return [
        CaseScores(
            subject=str(n),
            session="",
            contrast="T1w",
            method=method,
            centre_distance_mm=mm,
            missed_share=mm is None,
        )
        for n, mm in enumerate(distances)
    ]


def test_corrections_that_the_candidate_did_not_follow_are_a_reason_against_it_and_are_named():
    """Two of four masks lie beside their cords, as sides exchanged would put them."""

    figures = compare(cases(BETTER), 3.0, 0.85, learnt(0.3, 0.5, 9.0, 21.0))
    (reason,) = judge(figures, Limits()).reasons
    assert "corrections that it learnt (most for 3 T1w: 21.0) is 7.7, above the limit of 1." in reason
    assert [said.split(",")[0] for said in doubts(figures, Limits())] == [
        "The candidate lies 9.0 mm beside the correction of 2 T1w",
        "The candidate lies 21.0 mm beside the correction of 3 T1w",
    ]
    fine = compare(cases(BETTER), 3.0, 0.85, learnt(*[0.3] * 9, None))
    assert judge(fine, Limits()).passed
    (said,) = doubts(fine, Limits())
    assert said.startswith("The candidate finds no cord in the image of 9 T1w,")
    (reason,) = judge(compare(cases(BETTER), 3.0, 0.85, learnt(None, None)), Limits()).reasons
    assert "of the corrections that it learnt which it misses and the base model does not is 1, above" in reason


def test_a_cord_that_the_base_model_did_not_find_either_is_named_but_no_reason_against_what_followed_the_others():
    """What finds the cord is not trained; images in which nothing was found are what people correct first."""
    by_both = learnt(0.3, 0.3, None) + learnt(0.6, 0.5, None, method=BASE)
    figures = compare(cases(BETTER), 3.0, 0.85, by_both)
    assert judge(figures, Limits()).passed
    (said,) = doubts(figures, Limits())
    assert said.startswith("The candidate, like the base model, finds no cord in the image of 2 T1w,")
    lost = compare(cases(BETTER), 3.0, 0.85, learnt(0.3, None) + learnt(0.6, 0.5, method=BASE))
    assert not judge(lost, Limits()).passed


def test_a_correction_that_says_that_there_is_no_cord_is_followed_where_none_is_found():
    empty = CaseScores(subject="1", session="", contrast="T1w", method=CANDIDATE)
    figures = compare(cases(BETTER), 3.0, 0.85, [empty])
    assert judge(figures, Limits()).passed
    assert doubts(figures, Limits()) == []


def test_a_model_without_any_gain_is_no_new_version_unless_that_is_allowed():
    assert "no gain" in verdict({}).reasons[0]
    assert verdict({}, require_gain=False).passed


def test_one_subject_gives_a_change_without_an_interval():
    figures = compare(cases(BETTER, subjects=("1",)), 3.0, 0.85)
    assert (figures.changes["dice"].low, figures.changes["dice"].subjects) == (None, 1)


def test_a_case_that_failed_or_had_no_mask_ends_without_a_verdict_for():
    failed = [case.model_copy(update={"status": "failed", "reason": "no memory"}) for case in cases(BETTER)[:1]]
    with pytest.raises(BadInputError, match="1 T1w could not be measured by the base: no memory"):
        compare(failed, 3.0, 0.85)
    nothing = dict.fromkeys(GOOD)
    figures = compare(cases({"T1w": nothing, "T2w": nothing}, {"T1w": nothing, "T2w": nothing}), 3.0, 0.85)
    assert judge(figures, Limits()).reasons == ["Nothing could be compared with a reference mask."]


def test_settings_keep_their_defaults_and_mistakes_are_named(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"steps": 100, "limits": {"dice_fall": 0.02}}')
    assert read_settings(path) == RetrainSettings(steps=100, limits=Limits(dice_fall=0.02))
    for text, word in (("{", "not JSON"), ('{"limits": {"dice": 1}}', "limits.dice"), ('{"steps": 0}', "steps")):
        path.write_text(text)
        with pytest.raises(BadInputError, match=word):
            read_settings(path)
    with pytest.raises(BadInputError, match="cannot be read"):
        read_settings(tmp_path / "missing.json")
