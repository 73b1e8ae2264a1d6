"""The generated cohort, the arms and the verdict; the whole experiment at its quick size is slow."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from click.testing import CliRunner

from crosscontrast.cli.cord import cord
from crosscontrast.cord.ablation.arms import all_arms
from crosscontrast.cord.ablation.cohort import draw_masks, draw_person, make_cohort
from crosscontrast.cord.ablation.contrasts import CONTRASTS
from crosscontrast.cord.ablation.jobs import QUICK, Ablation
from crosscontrast.cord.ablation.networks import train_network
from crosscontrast.cord.ablation.plan import Plan, write_plan
from crosscontrast.cord.ablation.raters import distance_outside
from crosscontrast.cord.ablation.verdict import HARD, PROPOSED, verdict
from crosscontrast.cord.evaluation.measures import SubjectScores
from crosscontrast.cord.generator.grid import Grid, coverage
from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import read_cohort
from crosscontrast.ground.images import read_image
from crosscontrast.progress import silent


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return make_cohort(tmp_path_factory.mktemp("cohort"), 2, silent)


def values(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(read_image(path)).astype(float)


def test_every_person_is_in_one_split_and_in_six_contrasts(cohort):
    assert len(cohort.subjects("test")) == 2
    assert len(cohort.subjects("train")) == 4
    assert len(cohort.rows) == 6 * 6
    assert {row.role for row in cohort.rows} == {contrast.name for contrast in CONTRASTS}


def test_the_soft_mask_is_the_average_of_a_person_s_manual_masks(cohort):
    rows = [row for row in cohort.rows if row.subject == "sub-001"]
    manual = [values(cohort.path.parent / row.outcomes["manual"]) for row in rows]
    assert all(set(np.unique(mask)) == {0, 1} for mask in manual)
    assert np.allclose(values(rows[0].mask), np.mean(manual, axis=0))


def test_a_cohort_is_drawn_once_and_always_the_same(cohort, tmp_path):
    stamp = cohort.rows[0].image.stat().st_mtime_ns
    assert make_cohort(cohort.path.parent, 2, silent) == cohort
    assert cohort.rows[0].image.stat().st_mtime_ns == stamp
    again = make_cohort(tmp_path, 1, silent).rows[0]
    assert np.array_equal(values(again.image), values(cohort.rows[0].image))


def test_the_distance_to_the_surface_is_read_off_the_fractions():
    grid = Grid((24, 40, 40))
    _, y, x = grid.axes()
    true = (torch.hypot(x - 1.3, y + 0.4) - 6.0).expand(grid.shape)
    found = distance_outside(coverage(true, grid))
    near = true.abs() < 1.5
    assert float((found - true)[near].abs().mean()) < 0.12


def test_masks_are_biased_by_the_contrast_and_their_average_is_not():
    persons = [draw_person(number) for number in range(6)]
    true = np.array([float(person.anatomy.cord.sum()) for person in persons])
    areas = {name: [] for name in (contrast.name for contrast in CONTRASTS)}
    for person in persons:
        for name, mask in draw_masks(person).items():
            areas[name].append(float(mask.sum()))
    bias = {name: float(np.mean(area / true)) - 1 for name, area in areas.items()}
    assert bias["DWI"] > bias["MToff"] > bias["T2w"]
    assert bias["DWI"] > 0.03
    assert bias["T2w"] < -0.03
    assert abs(np.mean(list(bias.values()))) < 0.02


def test_nine_arms_are_made_of_the_right_networks_and_masks(cohort, tmp_path):
    arms = all_arms()
    assert [arm.name for arm in arms if len(arm.networks) == 6] == [
        "hard per contrast, Dice",
        "hard per contrast, cross-entropy",
        "hard per contrast, Adaptive Wing",
    ]
    assert len({network.name for arm in arms for network in arm.networks}) == 3 * 6 + 6
    arms[0].networks[1].write_table(cohort, tmp_path / "one.tsv")
    one = read_cohort(tmp_path / "one.tsv")
    assert {row.role for row in one.rows} == {"T2w"}
    assert all(row.mask.name.endswith("T2w_seg.nii.gz") for row in one.rows)
    arms[-1].networks[0].write_table(cohort, tmp_path / "all.tsv")
    everything = read_cohort(tmp_path / "all.tsv").rows
    assert len(everything) == 4 * 6
    assert {row.subject for row in everything} == set(cohort.subjects("train"))
    assert all(row.mask.name.endswith("_softseg.nii.gz") for row in everything)


def test_arms_differ_in_their_loss_and_masks_only():
    plan = Plan(subjects=2, steps=5)
    settings = [plan.training(arm.networks[0], Path("t.tsv")).model_dump(exclude={"losses"}) for arm in all_arms()]
    assert all(one == settings[0] for one in settings)


def test_a_trained_network_is_not_trained_again(cohort, tmp_path):
    network = all_arms()[-1].networks[0]
    plan = Plan(subjects=2, steps=2, channels=(4, 8))
    assert train_network(network, plan, cohort, tmp_path, device="cpu")
    assert not train_network(network, plan, cohort, tmp_path, device="cpu")
    assert (tmp_path / "models" / "soft-adaptive_wing" / "1" / "manifest.json").exists()


def scores(spreads: dict[str, float], subjects: int = 12, dice: float = 0.9) -> list[SubjectScores]:
    """Subjects whose CSA SD varies around that of their arm."""
    generator = np.random.default_rng(1)
    return [
        SubjectScores(
            method=arm.name,
            subject=str(number),
            contrasts=("T1w", "T2w"),
            csa_sd_mm2=spreads.get(arm.name, 4.0) + generator.uniform(0, 0.5),
            dice=dice,
            csa_error_mm2=3.0,
        )
        for arm in all_arms()
        for number in range(subjects)
    ]


def test_the_verdict_says_what_the_numbers_say():
    reproduced = verdict(scores({PROPOSED: 2.0}))
    assert reproduced[0].endswith("the paper's direction is reproduced.")
    assert len(reproduced) == 1 + 8
    assert "p = 0.000488" in reproduced[1]
    assert "do not lower" in verdict(scores({PROPOSED: 5.0}))[0]
    part = verdict(scores({PROPOSED: 2.0, HARD[0]: 1.0}))[0]
    assert "5 of 6 arms" in part
    assert HARD[0] in part
    assert "reproduced in part" in part


def test_networks_that_err_more_than_the_masks_differ_are_said_to_do_so():
    def manual(spread: float) -> SubjectScores:
        return SubjectScores(method="manual masks", subject="0", contrasts=("T1w", "T2w"), csa_sd_mm2=spread)

    exact, coarse = (verdict([*scores({PROPOSED: 2.0}), manual(spread)])[1] for spread in (5.0, 0.5))
    assert exact.startswith("The manual masks have a CSA SD of 5.00 mm²")
    assert "longer training" in coarse
    assert "longer training" not in exact


def test_too_few_subjects_cannot_be_judged_whatever_they_show():
    assert "cannot be judged: with 8 subjects" in verdict(scores({PROPOSED: 1.0}, subjects=8))[0]
    assert "is reproduced" in verdict(scores({PROPOSED: 1.0}, subjects=9))[0]


def test_networks_that_do_not_find_the_cord_are_not_praised_for_their_small_spread():
    sentence = verdict(scores({PROPOSED: 1.0}, dice=0.5))[0]
    assert "cannot be judged" in sentence
    assert f"{PROPOSED} (0.50)" in sentence


def test_a_folder_keeps_its_plan(tmp_path):
    write_plan(Plan(subjects=3, steps=10), tmp_path)
    with pytest.raises(BadInputError, match="holds an ablation with 3 subjects"):
        Ablation(out=tmp_path, subjects=4).run(silent)
    (tmp_path / "ablation.json").write_text("[]")
    with pytest.raises(BadInputError, match="is not the plan"):
        Ablation(out=tmp_path, subjects=4).run(silent)


@pytest.mark.slow
def test_the_quick_ablation_trains_all_arms_judges_them_and_repeats_nothing(tmp_path):
    def run():
        return CliRunner().invoke(
            cord, ["ablation", "--out", str(tmp_path), "--quick", "--device", "cpu", "--json"], catch_exceptions=False
        )

    first = run()
    assert first.exit_code == 0, first.output
    result = json.loads(first.stdout)
    assert result["cases"] == (9 + 1) * QUICK.subjects * 6
    assert result["failed"] == result["reused"] == 0
    assert PROPOSED in result["verdict"][0]
    with Path(result["subjects_table"]).open(newline="") as stream:
        spreads = [row["csa_sd_mm2"] for row in csv.DictReader(stream, delimiter="\t")]
    assert len(spreads) == (9 + 1) * QUICK.subjects
    weights = {path: path.stat().st_mtime_ns for path in tmp_path.glob("models/*/1/models/model.pt")}
    assert len(weights) == 3 * 6 + 6
    second = json.loads(run().stdout)
    assert second["reused"] == 9 * QUICK.subjects * 6
    assert second["verdict"] == result["verdict"]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in weights.items())
    assert result["verdict"][0].split(":")[0] in (tmp_path / "report.html").read_text(encoding="utf-8")
