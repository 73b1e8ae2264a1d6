"""``radiomics outcome`` from one cohort table."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result
from scipy import ndimage

from crosscontrast.cli.radiomics import radiomics
from crosscontrast.radiomics.extraction.table import FeatureRow, FeatureTable, write_features
from crosscontrast.radiomics.outcome.cnn import cnn_scorer, read_cubes
from crosscontrast.radiomics.outcome.folds import held_out_scores
from crosscontrast.radiomics.outcome.settings import OutcomeSettings
from crosscontrast.radiomics.outcome.summary import compare_arms
from crosscontrast.statistics.roc import area_estimate

QUICK = "outcome: {trees: 10, folds: 3, repeats: 1, inner_folds: 2}\n"


def outcome(*arguments: object) -> Result:
    return CliRunner().invoke(radiomics, ["outcome", *map(str, arguments)])


def study(folder: Path, subjects: int = 36, sessions: int = 1) -> Path:
    """The real role tells the outcome well, the fake one a little, the blur not at all."""
    rng = np.random.default_rng(7)
    strength = {"real": 1.3, "fake": 0.6, "blur": 0.0}
    ill = rng.permutation(np.arange(subjects) % 2 == 0)
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((3, 3, 3), np.uint8)), str(folder / "any.nii.gz"))
    lines, rows = ["subject\tsession\trole\timage\tdisease\tsite\tvendor"], []
    for k in range(subjects):
        for visit in range(sessions):
            for role, shift in strength.items():
                label = "" if k == 0 else "ill" if ill[k] else "healthy"
                lines.append(f"s{k}\t{visit}\t{role}\tany.nii.gz\t{label}\tsite{k % 2}\t{role}")
                values = rng.normal(size=4) + shift * ill[k]
                rows.append(
                    FeatureRow(f"s{k}", str(visit), role, {f"original_x_f{n}": v for n, v in enumerate(values)})
                )
    (folder / "cohort.tsv").write_text("\n".join(lines) + "\n")
    (folder / "quick.yaml").write_text(QUICK)
    write_features(FeatureTable(tuple(rows)), folder / "features.tsv")
    return folder


def words(folder: Path, **changes: object) -> list[object]:
    given = {"cohort": folder / "cohort.tsv", "features": folder / "features.tsv", "outcome": "disease"}
    given |= {"settings": folder / "quick.yaml", "out": folder / "out", "arms": "real,fake,blur,fake+blur"}
    given |= {"positive": "ill"} | changes
    return [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]


def test_a_table_of_features_needs_no_images(tmp_path):
    folder = study(tmp_path)
    (folder / "any.nii.gz").unlink()
    kept = [line.split("\t") for line in (folder / "cohort.tsv").read_text().splitlines()]
    for name, columns in {"paths.tsv": range(7), "none.tsv": (0, 1, 4)}.items():
        rows = ["\t".join(line[column] for column in columns) for line in kept]
        # Without roles a visit is one line.
        (folder / name).write_text("\n".join(rows if 2 in columns else dict.fromkeys(rows)) + "\n")
        given = words(folder, cohort=folder / name, out=folder / f"of-{name}", models="logistic", arms="real,blur")
        run = outcome(*given)
        assert run.exit_code == 0, run.output
    first, second = (json.loads((folder / f"of-{n}" / "outcome.json").read_text()) for n in ("paths.tsv", "none.tsv"))
    assert first["measures"] == second["measures"]
    refused = outcome(*words(folder, models="cnn", out=folder / "cnn"))
    assert (refused.exit_code, "any.nii.gz does not exist" in refused.stderr) == (2, True), refused.stderr


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, Result]:
    folder = study(tmp_path_factory.mktemp("outcome"))
    return folder / "out", outcome(*words(folder))


def test_arms_that_know_more_predict_better_and_the_tests_say_so(done):
    out, run = done
    assert run.exit_code == 0, run.output
    summary = json.loads((out / "outcome.json").read_text())["measures"]
    found = {(p["arm"], p["model"]): p for p in summary["performance"]}
    assert len(found) == 4 * 3
    for model in ("random-forest", "pca-random-forest", "logistic"):
        assert found["real", model]["auc"] > 0.85
        assert found["real", model]["auc"] > found["fake", model]["auc"] > found["blur", model]["auc"] - 0.05
        assert abs(found["blur", model]["auc"] - 0.5) < 0.3
        assert found["real", model]["images"] == 35  # the one without an outcome is left out
        assert found["real", model]["auc_low"] < found["real", model]["auc"] <= found["real", model]["auc_high"]
        assert 0 <= found["real", model]["brier"] < found["blur", model]["brier"]
    tests = {(t["model"], t["first"], t["second"]): t for t in summary["tests"]}
    assert len(tests) == 3 * 6
    strong = tests["logistic", "real", "blur"]
    assert strong["method"] == "corrected t-test"
    # Three parts leave two degrees of freedom: the difference is large and hardly certain.
    assert strong["difference"] > 0.25
    assert strong["low"] < strong["difference"] < strong["high"]
    assert strong["p"] <= strong["p_holm"]


def test_every_image_has_one_held_out_score_per_arm_and_model(done):
    with (done[0] / "predictions.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert len(rows) == 35 * 12
    real = [r for r in rows if (r["arm"], r["model"]) == ("real", "logistic")]
    area = area_estimate([float(r["score"]) for r in real], [r["outcome"] == "ill" for r in real]).area
    summary = json.loads((done[0] / "outcome.json").read_text())["measures"]["performance"]
    expected = next(p["auc"] for p in summary if (p["arm"], p["model"]) == ("real", "logistic"))
    # The area told is the mean over held-out parts: scores of different models are not put in one order.
    assert area == pytest.approx(expected, abs=0.1)


def test_the_report_stands_alone_with_curves(done):
    text = (done[0] / "report.html").read_text(encoding="utf-8")
    assert "http" not in text
    assert text.count("data:image/png") == 1
    for part in ("never saw the subject", "corrected t-test", "fake+blur", "With 35 subjects"):
        assert part in text


def test_several_images_of_a_subject_are_held_out_together(tmp_path):
    folder = study(tmp_path, subjects=20, sessions=2)
    (folder / "quick.yaml").write_text(QUICK.replace("repeats: 1", "repeats: 3"))
    run = outcome(*words(folder, arms="real,blur", models="logistic"), "--json")
    (test,) = json.loads(run.stdout)["tests"]
    assert test["difference"] > 0.2
    assert 0 < test["p"] < 1
    assert json.loads(run.stdout)["performances"][0]["subjects"] == 19


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"outcome": "cure"}, "no column 'cure' (outcome columns: disease, site, vendor)"),
        ({"positive": None}, "which value of 'disease' is the positive class, 'healthy' or 'ill'"),
        ({"outcome": "vendor"}, "two outcomes in 'vendor'"),
        ({"positive": "sick"}, "no value 'sick'"),
        ({"arms": "real,ct"}, "no image of role ct"),
        ({"arms": "real,real"}, "differ from each other"),
        ({"batch": "vendor"}, "never to the kind of image"),
        ({"batch": "scanner"}, "no value in column 'scanner'"),
        ({"models": "oracle"}, "models"),
    ],
)
def test_a_choice_that_makes_no_sense_is_told_at_once(tmp_path, changes, reason):
    run = outcome(*words(study(tmp_path, subjects=8), **changes))
    assert run.exit_code == 2, run.output
    assert reason in run.stderr
    assert not (tmp_path / "out").exists()


def test_one_class_or_too_few_of_one_is_told(tmp_path):
    folder = study(tmp_path, subjects=10)
    text = (folder / "cohort.tsv").read_text()
    (folder / "cohort.tsv").write_text(text.replace("\till\t", "\thealthy\t"))
    assert "only 'healthy'" in outcome(*words(folder)).stderr
    lines = text.splitlines()
    few = [lines[0], *(line for line in lines[1:] if "\till\t" not in line or line.startswith(("s1\t", "s2\t")))]
    (folder / "cohort.tsv").write_text("\n".join(few) + "\n")
    assert "with outcome 'ill' and all images are too few for 3 folds" in outcome(*words(folder)).stderr


def test_sites_are_removed_inside_the_folds_when_asked(tmp_path):
    folder = study(tmp_path, subjects=20)
    run = outcome(*words(folder, arms="real", models="logistic", batch="site"), "--json")
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["performances"][0]["auc"] > 0.8


def test_from_images_to_the_report_in_one_command_with_a_forest_and_a_network(tmp_path):
    """The texture of the real images is coarser in the ill; in the translated ones it is a blur of both."""
    rng = np.random.default_rng(9)
    grid = np.indices((12, 12, 12)) - 5.5
    sitk.WriteImage(sitk.GetImageFromArray(((grid**2).sum(0) < 20).astype(np.uint8)), str(tmp_path / "mask.nii.gz"))
    lines = ["subject\trole\timage\tmask\tdisease"]
    for k in range(16):
        field = ndimage.gaussian_filter(rng.standard_normal((12, 12, 12)), 1.5 if k % 2 else 0.4)
        for role, values in {"us": rng.standard_normal((12, 12, 12)), "mri": field / field.std()}.items():
            sitk.WriteImage(sitk.GetImageFromArray(values.astype(np.float32)), str(tmp_path / f"{k}_{role}.nii.gz"))
            mask = "mask.nii.gz" if role == "mri" else ""
            lines.append(f"s{k}\t{role}\t{k}_{role}.nii.gz\t{mask}\t{'ill' if k % 2 else 'well'}")
    (tmp_path / "cohort.tsv").write_text("\n".join(lines) + "\n")
    (tmp_path / "quick.yaml").write_text(
        "extraction: {classes: [glcm]}\n"
        "outcome: {trees: 20, folds: 2, repeats: 1, inner_folds: 2, epochs: 2, cube: 16}\n"
    )
    given = words(tmp_path, features=None, arms="us,mri,us+mri", models="random-forest,cnn")
    run = outcome(*given, "--json")
    assert run.exit_code == 0, run.output
    found = {(p["arm"], p["model"]): p["auc"] for p in json.loads(run.stdout)["performances"]}
    assert len(found) == 6
    assert found["mri", "random-forest"] > 0.9
    assert found["us", "random-forest"] < found["mri", "random-forest"]
    answers = (tmp_path / "out" / "checklists.tsv").read_text()
    assert "CLEAR\t26\tFeature classes\tglcm." in answers


def test_equal_arms_do_not_differ():
    scores = np.linspace(0, 1, 20)[None]
    truth = np.arange(20) % 3 == 0
    subjects = [f"s{k}" for k in range(20)]
    (test,) = compare_arms({("a", "m"): scores, ("b", "m"): scores.copy()}, truth, subjects, 0, 3)
    assert (test.difference, test.p, test.p_holm) == (0, 1, 1)


def test_cubes_hold_the_region_on_any_grid(awkward_image, tmp_path):
    """The bright block fills the middle of its cube and keeps its own axes."""
    block = sitk.BinaryThreshold(awkward_image, 300, 1e9)
    for image, name in ((awkward_image, "i.nii.gz"), (block, "m.nii.gz")):
        sitk.WriteImage(image, str(tmp_path / name))
    (cubes,) = read_cubes([[(tmp_path / "i.nii.gz", tmp_path / "m.nii.gz")]], label=None, threshold=None, size=24)
    assert cubes.shape == (1, 24, 24, 24)
    inside, edge = cubes[0, 8:16, 8:16, 8:16].mean(), cubes[0, :2, :2, :2].mean()
    assert inside > edge + 1
    assert (cubes.mean(), cubes.std()) == (pytest.approx(0, abs=1e-4), pytest.approx(1, abs=1e-3))


@pytest.mark.slow
def test_the_network_learns_a_texture_and_not_the_noise():
    rng = np.random.default_rng(8)
    truth = np.arange(48) % 2 == 0
    cubes = np.stack([ndimage.gaussian_filter(rng.normal(size=(16, 16, 16)), 1.6 if t else 0.6) for t in truth])
    cubes = (cubes / cubes.std((1, 2, 3), keepdims=True))[:, None].astype(np.float32)
    settings = OutcomeSettings(epochs=15, folds=3)
    subjects = [f"s{k}" for k in range(48)]
    found = {}
    for name, label in (("texture", truth), ("noise", rng.permutation(truth))):
        scorer = cnn_scorer(cubes, label, subjects, settings)
        scores = held_out_scores(scorer, label, subjects, folds=3, repeats=1, seed=0)[0]
        found[name] = area_estimate(scores, label).area
    assert found["texture"] > 0.9
    assert abs(found["noise"] - 0.5) < 0.25
