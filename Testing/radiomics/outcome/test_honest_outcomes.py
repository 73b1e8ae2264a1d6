"""Nothing about an outcome is guessed: which class is positive, what is missing, what a feature is, what a batch is."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from crosscontrast.cli.radiomics import radiomics
from crosscontrast.errors import BadInputError
from crosscontrast.ground.cohort import read_cohort
from crosscontrast.radiomics.outcome.cox import cox_scorer
from crosscontrast.radiomics.outcome.folds import held_out_scores
from crosscontrast.radiomics.outcome.samples import read_labels
from crosscontrast.radiomics.outcome.settings import OutcomeSettings
from crosscontrast.statistics.concordance import concordance

QUICK = "outcome: {trees: 20, folds: 3, inner_folds: 2, resamples: 100, models: [logistic]}\n"
SUBJECTS = 30


def write(path: Path, columns: list[str], rows: list[list[object]], separator: str = "\t") -> Path:
    path.write_text("\n".join(separator.join(map(str, row)) for row in [columns, *rows]) + "\n")
    return path


def cohort(folder: Path, **outcomes) -> Path:
    """Thirty subjects with an image each; ``outcomes`` are columns, by the subject's number."""
    (folder / "any.nii.gz").touch()
    rows = [
        [f"s{k:02}", "mri", "any.nii.gz", *(function(k) for function in outcomes.values())] for k in range(SUBJECTS)
    ]
    return write(folder / "cohort.tsv", ["subject", "role", "image", *outcomes], rows)


def features(folder: Path, ill, **more) -> Path:
    """A table in which the first feature tells who is ``ill``; ``more`` are further columns."""
    random = np.random.default_rng(5)
    rows = [
        [f"s{k:02}", "mri", random.normal() + 3 * ill(k), random.normal(), *(function(k) for function in more.values())]
        for k in range(SUBJECTS)
    ]
    names = ["subject", "role", "original_firstorder_Mean", "original_glcm_Contrast", *more]
    return write(folder / "features.tsv", names, rows)


def outcome(folder: Path, *words: object, json_too: bool = True) -> Result:
    settings = folder / "quick.yaml"
    settings.write_text(QUICK)
    given = ["--cohort", folder / "cohort.tsv", "--features", folder / "features.tsv", "--settings", settings]
    given += ["--arms", "mri", "--out", folder / "out", *words, *(["--json"] if json_too else [])]
    return CliRunner().invoke(radiomics, ["outcome", *map(str, given)])


def half(k: int) -> bool:
    return k % 2 == 0


@pytest.mark.parametrize(
    ("names", "positive"),
    [
        (("0", "1"), "1"),
        (("1", "0"), "1"),
        (("Yes", "No"), "Yes"),
        (("no", "yes"), "yes"),
        (("TRUE", "FALSE"), "TRUE"),
        (("malignant", "benign"), None),
        (("1", "2"), None),
    ],
)
def test_the_positive_class_is_the_obvious_one_or_asked_for(tmp_path, names, positive):
    table = read_cohort(cohort(tmp_path, tumour=lambda k: names[k % 2]))
    if positive is not None:
        labels = read_labels(table, "tumour")
        assert (labels.positive, {labels.positive, labels.negative}) == (positive, set(names))
        return
    with pytest.raises(BadInputError, match=f"which value of 'tumour' is the positive class, '{min(names)}' or"):
        read_labels(table, "tumour")
    assert read_labels(table, "tumour", names[0]).positive == names[0]


def test_the_positive_class_stands_on_screen_in_the_report_and_in_the_summary(tmp_path):
    cohort(tmp_path, tumour=lambda k: "Yes" if half(k) else "No")
    features(tmp_path, half)
    run = outcome(tmp_path, "--outcome", "tumour", json_too=False)
    assert run.exit_code == 0, run.output
    assert "Positive class of tumour: Yes" in run.stdout
    assert "'Yes', the positive class, the others 'No'" in (tmp_path / "out" / "report.html").read_text().replace(
        "&#x27;", "'"
    ).replace("&#39;", "'")
    measures = json.loads((tmp_path / "out" / "outcome.json").read_text())["measures"]
    assert (measures["positive"], measures["negative"]) == ("Yes", "No")
    assert measures["performance"][0]["positives"] == SUBJECTS // 2
    assert measures["performance"][0]["auc"] > 0.9
    asked = outcome(tmp_path, "--outcome", "tumour", "--positive", "No")
    assert json.loads(asked.stdout)["positive"] == "No"


@pytest.mark.parametrize("text", ["NA", "N/A", "nan", "#N/A", "null", "?", "<NA>", ""])
def test_what_people_write_for_missing_is_missing(tmp_path, text):
    table = read_cohort(cohort(tmp_path, tumour=lambda k: text if k in (3, 4) else k % 2))
    labels = read_labels(table, "tumour")
    assert (len(labels.visits), labels.missing) == (SUBJECTS - 2, ("s03", "s04"))


def test_who_has_no_outcome_is_named_and_a_missing_feature_is_no_number(tmp_path):
    cohort(tmp_path, tumour=lambda k: "NA" if k == 7 else int(half(k)))
    features(tmp_path, half, original_glcm_Energy=lambda k: "NA" if k % 5 == 0 else k)
    run = outcome(tmp_path, "--outcome", "tumour")
    assert run.exit_code == 0, run.output
    assert "1 subject without an outcome left out: s07." in run.stderr
    assert json.loads(run.stdout)["performances"][0]["images"] == SUBJECTS - 1


def test_age_label_and_diagnostics_are_no_features_nor_is_the_outcome_itself(tmp_path):
    """Without them the features are noise; any of them would tell the outcome perfectly."""
    cohort(tmp_path, tumour=lambda k: int(half(k)), grade_group=lambda k: int(half(k)))
    leaks = {name: lambda k: int(half(k)) for name in ("age", "label", "diagnostics_Image-original_Mean", "Label")}
    features(tmp_path, lambda k: 0, **leaks)
    run = outcome(tmp_path, "--outcome", "tumour")
    found = json.loads(run.stdout)
    assert found["performances"][0]["auc"] < 0.8
    assert "4 columns are no features: age, label, diagnostics_Image-original_Mean, Label." in run.stderr
    with (tmp_path / "out" / "features.tsv").open() as stream:
        assert len(next(csv.reader(stream, delimiter="\t"))) == 5 + 2
    # Another program's names: what the cohort knows as outcomes is none either.
    text = (tmp_path / "features.tsv").read_text().replace("original_firstorder_Mean", "f1")
    header = text.splitlines()[0].replace("original_glcm_Contrast", "f2").replace("\tlabel", "\tgrade_group")
    (tmp_path / "features.tsv").write_text("\n".join([header, *text.splitlines()[1:]]) + "\n")
    run = outcome(tmp_path, "--outcome", "tumour")
    assert json.loads(run.stdout)["performances"][0]["auc"] < 0.8
    assert "4 columns are no features: age, grade_group, diagnostics_Image-original_Mean, Label." in run.stderr


def test_pyradiomics_own_table_is_read_and_its_images_found_in_the_cohort(tmp_path):
    """Commas, images by path, settings and diagnostics before the features, as its command line writes it."""
    rows, lines = [], []
    random = np.random.default_rng(1)
    for k in range(SUBJECTS):
        image = tmp_path / f"s{k:02}" / "mri.nii.gz"
        image.parent.mkdir()
        image.touch()
        rows.append([f"s{k:02}", "mri", f"s{k:02}/mri.nii.gz", int(half(k))])
        lines.append([f"/elsewhere/s{k:02}/mri.nii.gz", "m.nii.gz", "v3.0.1", k % 2, random.normal() + 3 * half(k)])
    write(tmp_path / "cohort.tsv", ["subject", "role", "image", "tumour"], rows)
    columns = ["Image", "Mask", "diagnostics_Versions_PyRadiomics", "diagnostics_x", "original_firstorder_Mean"]
    write(tmp_path / "features.tsv", columns, lines, ",")
    run = outcome(tmp_path, "--outcome", "tumour")
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["performances"][0]["auc"] > 0.9
    write(tmp_path / "features.tsv", columns, [["x.nii.gz", *line[1:]] for line in lines], ",")
    assert "features.tsv, line 2: x.nii.gz is not in the cohort." in outcome(tmp_path, "--outcome", "tumour").stderr
    write(tmp_path / "features.tsv", columns, [["mri.nii.gz", *line[1:]] for line in lines], ",")
    assert "could be any of several images" in outcome(tmp_path, "--outcome", "tumour").stderr


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        (lambda k: "AB"[half(k)], "coincide with the outcome (A only '0', B only '1')"),
        (lambda k: "A", "are all 'A': ComBat compares batches, and there is one."),
        (lambda k: "C" if k == 4 else "AB"[k % 3 == 0], "have one of a single subject (C: s04)"),
    ],
)
def test_a_batch_that_cannot_be_removed_is_refused_with_the_reason(tmp_path, site, reason):
    cohort(tmp_path, tumour=lambda k: int(half(k)), site=site)
    features(tmp_path, half)
    run = outcome(tmp_path, "--outcome", "tumour", "--batch", "site")
    assert run.exit_code == 2
    assert reason in run.stderr
    assert not (tmp_path / "out").exists()
    cohort(tmp_path, tumour=lambda k: int(half(k)), site=lambda k: "AB"[k % 3 == 0])
    assert outcome(tmp_path, "--outcome", "tumour", "--batch", "site").exit_code == 0


def test_who_lacks_features_of_an_arm_is_named_first_and_left_out_by_force(tmp_path):
    cohort(tmp_path, tumour=lambda k: int(half(k)))
    table = features(tmp_path, half)
    lines = table.read_text().splitlines()
    both = [lines[0], *lines[1:], *(line.replace("\tmri\t", "\tus\t") for line in lines[1:] if "s05" not in line)]
    table.write_text("\n".join(both) + "\n")
    words = ["--outcome", "tumour", "--arms", "mri,us"]
    run = outcome(tmp_path, *words)
    assert run.exit_code == 2
    assert "features.tsv: s05 has no features of role us beside mri." in run.stderr
    run = outcome(tmp_path, *words, "--force")
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["performances"][0]["images"] == SUBJECTS - 1


def risk(k: int) -> float:
    return np.sin(5.0 * k)


def test_an_event_with_a_time_is_predicted_by_cox_and_judged_by_concordance(tmp_path):
    random = np.random.default_rng(2)
    months = [float(random.exponential(12 * np.exp(-2.5 * risk(k)))) + 0.01 for k in range(SUBJECTS)]
    seen = [min(month, 24.0) for month in months]
    cohort(tmp_path, dead=lambda k: int(months[k] <= 24), months=lambda k: f"{seen[k]:.3f}")
    table = features(tmp_path, lambda k: 2 * risk(k))
    other = [line.replace("\tmri\t", "\tnoise\t").split("\t") for line in table.read_text().splitlines()[1:]]
    noise = [[*line[:2], f"{random.normal():.4f}", f"{random.normal():.4f}"] for line in other]
    with table.open("a") as stream:
        stream.writelines("\t".join(line) + "\n" for line in noise)
    run = outcome(tmp_path, "--outcome", "dead", "--time", "months", "--arms", "mri,noise")
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    good, bad = found["survival"]
    assert found["performances"] == []
    assert good["events"] == sum(month <= 24 for month in months)
    assert good["concordance"] > 0.75
    assert good["low"] < good["concordance"] < good["high"]
    assert abs(bad["concordance"] - 0.5) < 0.25
    (test,) = found["tests"]
    assert test["difference"] == pytest.approx(good["concordance"] - bad["concordance"])
    # The number is that of the scores which are kept.
    with (tmp_path / "out" / "predictions.tsv").open() as stream:
        scores = [float(row["score"]) for row in csv.DictReader(stream, delimiter="\t") if row["arm"] == "mri"]
    assert concordance(scores, seen, [m <= 24 for m in months]) == pytest.approx(good["concordance"], abs=0.01)
    assert "Kaplan-Meier" in (tmp_path / "out" / "report.html").read_text()
    assert "AUC" not in (tmp_path / "out" / "checklists.tsv").read_text()


def test_a_time_that_is_none_is_told(tmp_path):
    cohort(tmp_path, dead=lambda k: int(half(k)), months=lambda k: -1 if k == 3 else 5 + k)
    features(tmp_path, half)
    run = outcome(tmp_path, "--outcome", "dead", "--time", "months")
    assert run.exit_code == 2
    assert "s03 has months '-1'; a time is a number above 0." in run.stderr


def test_cox_learns_nothing_from_those_it_scores():
    """With outcomes that nothing tells, held-out concordance is near a half, however many features there are."""
    random = np.random.default_rng(3)
    values = random.normal(size=(60, 40))
    times, events = random.exponential(size=60), random.random(60) < 0.7
    subjects = [f"s{k}" for k in range(60)]
    settings = OutcomeSettings(folds=3, inner_folds=2)
    scorer = cox_scorer(values, events, times, subjects, settings)
    scores = held_out_scores(scorer, events, subjects, folds=3, repeats=1, seed=0)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert abs(concordance(scores, times, events) - 0.5) < 0.15


def test_concordance_counts_the_pairs_that_can_be_judged():
    times, events = [1, 2, 3, 3, 4], [True, False, True, False, True]
    # Pairs: the first with all four others; the third with the fourth (seen at the same time without it) and the fifth.
    assert concordance([9, 0, 5, 1, 0], times, events) == 1
    assert concordance([0, 9, 1, 5, 9], times, events) == 0
    assert concordance([1, 1, 1, 1, 1], times, events) == 0.5
    assert concordance([9, 9, 5, 7, 0], times, events) == pytest.approx((3 + 0.5 + 1) / 6)
    assert np.isnan(concordance([1, 2], [1, 2], [False, False]))
