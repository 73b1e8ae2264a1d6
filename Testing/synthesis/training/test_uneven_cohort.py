"""Cohorts that do not fit together are named before anything is learned, and what was not measured is not learned."""

import csv
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from commands import crosscontrast

from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.synthesis.benchmark.baselines import linear_fit, moments_fit
from crosscontrast.synthesis.benchmark.run import read_subjects
from crosscontrast.synthesis.training.cases import read_training_cases
from crosscontrast.synthesis.training.checks import check_pairs
from crosscontrast.synthesis.training.config import TrainingConfig
from crosscontrast.synthesis.training.jobs import TrainTranslator

SPLITS = ("train", "validation")


@pytest.fixture
def cohort(prostates, tmp_path):
    """A copy of the phantoms to spoil: ``change(role, f)`` replaces images, of one subject where it is named."""
    folder = shutil.copytree(prostates.parent, tmp_path / "cohort")

    def change(role, function, subject="sub-*"):
        for path in sorted(folder.glob(f"{subject}_{role}.nii.gz")):
            for file in (path, path.with_name(path.name.replace(".nii.gz", "_mask.nii.gz"))):
                if file.exists():
                    image = sitk.ReadImage(str(file))
                    sitk.WriteImage(function(image, file == path), str(file))
        return folder / "cohort.tsv"

    return change


def config(table, **more) -> TrainingConfig:
    return TrainingConfig(network="unet3d", cohort=table, source="us", target="t2w", width=4, steps=1, **more)


def scaled(factor):
    return lambda image, is_image: sitk.Cast(image, sitk.sitkFloat32) * factor if is_image else image


def thick(image, is_image):
    image.SetSpacing((*image.GetSpacing()[:2], image.GetSpacing()[2] * 3))
    return image


def first_training_subject(table) -> str:
    with table.open() as stream:
        return next(row["subject"] for row in csv.DictReader(stream, delimiter="\t") if row["split"] == "train")


def as_ct(image, is_image):
    """Half the field of view of the source, and air is -1024."""
    if is_image:
        values = sitk.GetArrayFromImage(image).astype(np.float32)
        ct = sitk.GetImageFromArray(-1024 + 2500 * (values - values.min()) / np.ptp(values))
        ct.CopyInformation(image)
        image = ct
    return image[4:12]


def test_phantoms_are_a_cohort_that_fits(prostates):
    assert check_pairs(config(prostates), SPLITS) == []


@pytest.mark.parametrize(
    ("role", "function", "words"),
    [
        ("t2w", scaled(1000), "about 1000 times brighter than the other images of role t2w"),
        ("t2w", scaled(0.001), "times darker than the other images of role t2w"),
        ("us", thick, "where 5 x 5 x 5 mm is usual"),
    ],
)
def test_a_stranger_among_targets_is_refused_with_its_file_before_anything_is_learned(
    cohort, tmp_path, role, function, words
):
    table = cohort(role, lambda image, _: image)
    subject = first_training_subject(table)
    cohort(role, function, subject)
    out = tmp_path / "run"
    with pytest.raises(BadInputError) as refused:
        TrainTranslator(out=out, settings=config(table), device="cpu").run(silent)
    message = str(refused.value)
    assert f"{subject}_{role}.nii.gz of {subject}" in message
    assert words in message
    assert "--force" in message
    assert not out.exists()


def test_forced_it_is_named_and_trained_and_a_source_in_another_unit_does_no_harm(cohort, tmp_path):
    table = cohort("us", scaled(1 / 255), "sub-003")
    assert check_pairs(config(table), SPLITS) == []
    assert "sub-003_us" in check_pairs(config(table, source_normalisation="none"), SPLITS, force=True)[0]
    subject = first_training_subject(table)
    cohort("t2w", scaled(1000), subject)
    told = []
    small = {"patch": (16, 16, 16), "batch": 1, "validation_steps": 0}
    job = TrainTranslator(out=tmp_path / "run", settings=config(table, **small), force=True, device="cpu")
    result = job.run(lambda done, total, message: told.append(message))
    assert f"{subject}_t2w.nii.gz" in result.warnings[0]
    assert result.warnings[0] in told
    assert result.step == 1


def test_who_has_no_source_is_named(cohort):
    table = cohort("us", lambda image, _: image)
    subject = first_training_subject(table)
    lines = [line for line in table.read_text().splitlines() if not (line.startswith(subject) and "\tus\t" in line)]
    table.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInputError, match=f"{subject} has no image of role us beside {subject}_t2w.nii.gz"):
        check_pairs(config(table), SPLITS)


def test_a_target_that_ends_is_learned_only_where_it_was_measured(cohort):
    table = cohort("t2w", as_ct)
    settings = config(table, resample=True, whole_image=True)
    (said,) = check_pairs(settings, SPLITS)
    assert "do not cover the whole of their us" in said
    assert "what was not measured does not count" in said
    for case in read_training_cases(settings):
        seen = case.seen[0].numpy() > 0
        assert seen.mean() == pytest.approx(0.5)
        assert (case.mask[0].numpy() > 0).tolist() == seen.tolist()
        values = case.target[0].numpy()
        assert values[~seen].max() == values[~seen].min() == values[seen].min() < -900  # air, and not 0, which is water


def test_normalised_targets_have_their_scale_from_what_was_measured(cohort):
    table = cohort("t2w", as_ct)
    for case in read_training_cases(config(table, resample=True, whole_image=True, target_normalisation="zscore")):
        values = case.target[case.seen > 0]
        assert (float(values.mean()), float(values.std())) == (pytest.approx(0, abs=1e-4), pytest.approx(1, abs=1e-3))


def test_baselines_are_fitted_where_the_source_was_measured(cohort):
    """The source ends; the target is a line of it there and something else beyond."""
    lines = {}

    def remember(image, is_image):
        if is_image:
            image = sitk.Cast(image, sitk.sitkFloat32)
            lines[len(lines)] = image
        return image

    table = cohort("us", remember)
    number = iter(range(len(lines)))
    cohort("t2w", lambda image, is_image: 3 * lines[next(number)] + 7 if is_image else image)
    cohort("us", lambda image, is_image: image[4:12] if is_image else image)
    subjects = list(read_subjects(config(table, resample=True, whole_image=True), "train"))
    for subject in subjects:
        assert sitk.GetArrayFromImage(subject.mask).mean() == pytest.approx(0.5)
        outside = sitk.GetArrayFromImage(subject.measured) == 0
        values = sitk.GetArrayFromImage(subject.source)
        assert (values[outside] == values[~outside].min()).all()
    assert linear_fit(subjects) == (pytest.approx(3, rel=1e-4), pytest.approx(7, abs=0.05))
    assert moments_fit(subjects) == (pytest.approx(3, rel=1e-3), pytest.approx(7, abs=0.5))


def test_the_command_refuses_and_says_how_to_go_on(cohort, tmp_path):
    table = cohort("t2w", lambda image, _: image)
    subject = first_training_subject(table)
    cohort("t2w", scaled(1000), subject)
    words = ["synth", "train", "--cohort", table, "--source", "us", "--target", "t2w", "--network", "unet3d"]
    run = crosscontrast(*words, "--steps", "1", "--device", "cpu", "--out", tmp_path / "run")
    assert run.returncode == 2
    assert f"{subject}_t2w.nii.gz of {subject} is about 1000 times brighter" in run.stderr
    assert "--force" in run.stderr
