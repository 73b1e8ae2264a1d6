"""What a user may get wrong ends in one sentence, or in a row with its reason while the others are done."""

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result
from scipy import ndimage

from crosscontrast.cli.radiomics import radiomics

SHAPE = (8, 12, 14)
QUICK = """
extraction: {classes: [statistics]}
preservation: {resamples: 100, shuffles: 0}
outcome: {trees: 10, folds: 2, repeats: 1, inner_folds: 2, models: [logistic]}
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(radiomics, list(map(str, arguments)))


def textured(seed: int) -> sitk.Image:
    values = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 1) * 100 + 500
    return sitk.GetImageFromArray(values.astype(np.float32))


def box(value: int = 1) -> sitk.Image:
    values = np.zeros(SHAPE, np.uint8)
    values[2:6, 3:9, 4:11] = value
    return sitk.GetImageFromArray(values)


def table(path: Path, rows: list[tuple[str, ...]], columns: str = "subject role image mask disease") -> Path:
    path.write_text("\n".join("\t".join(row) for row in [tuple(columns.split()), *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Images and masks, good and bad, in a folder whose name is not plain."""
    place = tmp_path_factory.mktemp("Bösartige Fälle 1")
    images = {"image ä": textured(0), "image": textured(1), "constant": textured(1) * 0 + 7}
    spoiled = textured(1)
    spoiled[5, 5, 4] = np.nan
    images |= {"nan": spoiled, "good mask": box(), "empty": box(0), "label 2": box(2)}
    single = box(0)
    single[5, 5, 4] = 1
    shifted = box()
    shifted.SetOrigin((5, 0, 0))
    images |= {"single": single, "shifted": shifted, "turned": sitk.DICOMOrient(box(), "SAR")}
    images["other size"] = box()[:, :, :5]
    for name, image in images.items():
        sitk.WriteImage(image, str(place / f"{name}.nii.gz"))
    for number in range(8):
        for role in ("mri", "syn"):
            sitk.WriteImage(textured(2 * number + (role == "syn")), str(place / f"{role}{number}.nii.gz"))
    (place / "text.nii.gz").write_text("hello")
    (place / "quick.yaml").write_text(QUICK)
    return place


def cohort(folder: Path, name: str, subjects: int = 8, mask: str = "good mask", disease: str | None = None) -> Path:
    rows = [
        (f"s{k}", role, f"{role}{k}.nii.gz", f"{mask}.nii.gz", ["well", "ill"][k % 2] if disease is None else disease)
        for k in range(subjects)
        for role in ("mri", "syn")
    ]
    return table(folder / f"{name}.tsv", rows)


def test_a_case_that_cannot_be_used_is_a_row_with_its_reason_and_the_others_are_done(folder, tmp_path):
    cases = {
        ("image ä", "good mask"): "",
        ("image", "turned"): "",
        ("image", "label 2"): "",
        ("image", "empty"): "image.nii.gz with empty.nii.gz: The mask is empty.",
        ("image", "single"): "The mask is a single voxel",
        ("image", "shifted"): "not lie on the image's grid: position, spacing or direction differ. (resample it",
        ("image", "other size"): "not lie on the image's grid: it has 14 x 12 x 5 voxels, the image 14 x 12 x 8.",
        ("nan", "good mask"): "1 of the 168 voxels in the mask are NaN or infinite.",
        ("constant", "good mask"): "constant in the mask: every voxel has the value 7.",
        ("text", "good mask"): "text.nii.gz is not a readable NIfTI",
    }
    rows = [(f"s{k}", "mri", f"{i}.nii.gz", f"{m}.nii.gz", "") for k, (i, m) in enumerate(cases)]
    rows.append(("s99", "mri", "image.nii.gz", "", ""))
    out = tmp_path / "Ergebnisse ü"
    done = run("extract", "--cohort", table(folder / "cases.tsv", rows), "--out", out)
    assert done.exit_code == 2
    assert f"error: 8 of 11 images failed; {out / 'features.tsv'} says why." in done.stderr
    with (out / "features.tsv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream, delimiter="\t"))
    for row, reason in zip(found, [*cases.values(), "image.nii.gz has no mask in the table."], strict=True):
        assert row["status"] == ("failed" if reason else "done"), row
        assert reason in row["reason"]
    # The mask whose axes run otherwise is the same mask: another label's has the same voxels.
    for name in ("glcm-averaged_contrast", "glszm_sze", "local-intensity_peak_glob"):
        assert found[1][f"original_{name}"] == found[2][f"original_{name}"]


def compare(folder: Path, *arguments: object) -> list[object]:
    return ["compare", "--reference", "mri", "--test", "syn", *arguments]


def outcome(folder: Path, name: str, *arguments: object, **choices: object) -> list[object]:
    return [
        "outcome",
        "--cohort",
        cohort(folder, name, **choices),
        "--outcome",
        "disease",
        *arguments,
        "--positive",
        "ill",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (lambda f: ["extract", "--cohort", f / "absent.tsv"], "absent.tsv cannot be read: No such file"),
        (lambda f: ["extract", "--cohort", f / "image.nii.gz"], "is not a tab-separated UTF-8 table"),
        (
            lambda f: ["extract", "--cohort", table(f / "t.tsv", [("a", "b")], "patient picture")],
            "lacks the column(s) subject, role, image",
        ),
        (lambda f: ["extract", "--cohort", cohort(f, "r"), "--role", " , "], "--role names nothing."),
        (lambda f: compare(f, "--cohort", cohort(f, "e", mask="empty")), "None of the 16 images of"),
        (
            lambda f: compare(
                f, "--features", table(f / "f.tsv", [("s1", "mri", "1"), ("s2", "syn", "2")], "subject role x")
            ),
            "no subject has features of role 'mri' and of syn.",
        ),
        (lambda f: compare(f), "Give a cohort or a table of features, one of them."),
        (lambda f: outcome(f, "o", "--arms", "mri", mask="empty"), "has features: mri0.nii.gz with empty.nii.gz"),
        (lambda f: outcome(f, "o", "--arms", "mri+"), "The arm 'mri+' has an empty place beside its +."),
        (lambda f: outcome(f, "o", "--arms", "mri", disease="ill"), "has only 'ill'; two classes are needed."),
        (lambda f: outcome(f, "o", "--arms", "mri", disease=""), "has no values; two classes are needed."),
        (lambda f: outcome(f, "o", "--arms", "mri", subjects=3), "are too few for 2 folds: 1."),
        (
            lambda f: outcome(
                f, "o", "--arms", "mri", "--features",
                table(f / "z.tsv", [(f"s{k}", "mri", "5.0") for k in range(8)], "subject role x"),
            ),
            "No feature of the arm 'mri' varies over the 8 images.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence_and_leaves_no_folder(folder, tmp_path, words, sentence):
    done = run(*words(folder), "--out", tmp_path / "out", "--settings", folder / "quick.yaml")
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "out").rglob("*.html"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            "backend: pyradiomics, options: {nonsense: 3}",
            "PyRadiomics does not take these settings: Key 'nonsense' was not defined.",
        ),
        (
            "backend: pyradiomics, options: {binWidth: -4}",
            "PyRadiomics does not take these settings: Type 'scalar' has size of '-4'",
        ),
        ("backend: pyradiomics, filters: {LoG: {sigma: wide}}", "is not a list. Value path: '/imageType/LoG/sigma'."),
        ("filters: {LoG: {sigma: wide}}", "The filter LoG needs widths in mm above 0, as in {LoG: {sigma: [1, 3]}}."),
        ("filters: {Wavelet: {wavelet: round}}", "There is no discrete wavelet 'round'."),
        ("filters: {Square: {by: 3}}", "The filter Square takes no by here."),
        ("filters: {LBP2D: {}}", "the filter LBP2D is for the back-end pyradiomics"),
        ("options: {binWidth: 4}", "options are for the back-end pyradiomics"),
        ("classes: [firstorder]", "with backend: pyradiomics there are the classes given"),
        ("resegment: [400, -500]", "resegment needs a lower limit below the upper one"),
        ("backend: pyradiomics, aggregation: 2D", "does not average over them (2D)"),
        ("filters: {LoG: {}}", "the filter LoG needs its widths in mm"),
        ("label: 1, threshold: 0.5", "does not fit: give a label or a threshold, not both."),
    ],
)
def test_settings_that_a_back_end_would_pass_over_are_said_before_the_work(folder, tmp_path, settings, sentence):
    (tmp_path / "s.yaml").write_text(f"extraction: {{{settings}}}\n")
    done = run("extract", "--cohort", cohort(folder, "s"), "--out", tmp_path / "out", "--settings", tmp_path / "s.yaml")
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_three_subjects_are_compared_without_intervals_and_that_is_said(folder, tmp_path):
    words = compare(folder, "--cohort", cohort(folder, "three", subjects=3), "--settings", folder / "quick.yaml")
    done = run(*words, "--out", tmp_path)
    assert done.exit_code == 0
    assert "3 subjects of role syn: the intervals are wide" in done.stderr
    with (tmp_path / "preservation.tsv").open(newline="") as stream:
        reasons = {row["reason"] for row in csv.DictReader(stream, delimiter="\t")}
    assert reasons == {"3 subjects are too few for an interval (at least 6)"}


def test_a_feature_that_varies_in_one_fold_only_tells_nobody_apart_there(folder, tmp_path):
    rows = [(f"s{k}", "mri", "5.0" if k else "6.0") for k in range(8)]
    features = table(folder / "once.tsv", rows, "subject role x")
    words = outcome(folder, "v", "--arms", "mri", "--features", features, "--settings", folder / "quick.yaml")
    done = run(*words, "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    with (tmp_path / "predictions.tsv").open(newline="") as stream:
        scores = {row["subject"]: float(row["score"]) for row in csv.DictReader(stream, delimiter="\t")}
    assert all(0 <= score <= 1 for score in scores.values())
