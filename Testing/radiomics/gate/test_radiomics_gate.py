"""``radiomics gate``: images like those of training pass, others are stopped with their reason."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result
from scipy import ndimage

from crosscontrast.cli.radiomics import radiomics
from crosscontrast.errors import BadInputError
from crosscontrast.radiomics.extraction.table import FeatureRow, FeatureTable, write_features
from crosscontrast.radiomics.gate.checks import GateLimits, agreement_check, spread_check
from crosscontrast.radiomics.gate.descriptor import describe
from crosscontrast.radiomics.gate.features import feature_check, trusted_features
from crosscontrast.radiomics.gate.verdict import Check, GateVerdict, Limit


def run(*arguments: object) -> Result:
    return CliRunner().invoke(radiomics, list(map(str, arguments)))


def body(seed: int, *, size: int = 24, spacing: float = 2.0, coarse: float = 1.5, scale: float = 1.0) -> sitk.Image:
    """A bright ball with a texture in a dark surround."""
    rng = np.random.default_rng(seed)
    grid = np.sqrt(((np.indices((size,) * 3) - size / 2 + rng.normal(0, 1, (3, 1, 1, 1))) ** 2).sum(0))
    texture = ndimage.gaussian_filter(rng.standard_normal((size,) * 3), coarse)
    values = 100 / (1 + np.exp(grid - size / 3 + rng.normal())) + 8 * texture / texture.std() + rng.normal(0, 2)
    image = sitk.GetImageFromArray((scale * values).astype(np.float32))
    image.SetSpacing([spacing] * 3)
    return image


@pytest.fixture(scope="module")
def profile(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    lines = ["subject\trole\timage\tsplit"]
    for number in range(24):
        sitk.WriteImage(body(number), str(folder / f"{number}.nii.gz"))
        lines.append(f"s{number}\tus\t{number}.nii.gz\t{'train' if number < 20 else 'test'}")
    (folder / "cohort.tsv").write_text("\n".join(lines) + "\n")
    done = run("gate-profile", "--cohort", folder / "cohort.tsv", "--role", "us", "--out", folder / "profile.json")
    assert done.exit_code == 0, done.output
    assert "20 training images" in done.stdout
    return folder / "profile.json"


def verdict_of(image: sitk.Image, profile: Path, folder: Path) -> dict:
    sitk.WriteImage(image, str(folder / "image.nii.gz"))
    return json.loads(run("gate", folder / "image.nii.gz", "--profile", profile, "--json").stdout)


def test_new_images_of_the_same_kind_are_mostly_a_go_and_never_stopped(profile, tmp_path):
    decisions = [verdict_of(body(seed), profile, tmp_path)["decision"] for seed in range(100, 112)]
    assert "stop" not in decisions
    assert decisions.count("go") >= 9


@pytest.mark.parametrize(
    ("image", "check", "decision"),
    [
        (lambda: body(200, spacing=5.0), "voxel size", "stop"),
        (lambda: body(201, spacing=2.8), "voxel size", "caution"),
        (lambda: body(202, scale=40.0), "intensity range", "stop"),
        (lambda: body(203, scale=-1.0), "distance from training", "stop"),
        (lambda: sitk.AdditiveGaussianNoise(body(204), 60.0, 0.0, 1), "distance from training", "stop"),
    ],
    ids=["thick", "somewhat thick", "other unit", "inverted", "noisy"],
)
def test_images_unlike_training_are_told_with_the_reason(profile, tmp_path, image, check, decision):
    verdict = verdict_of(image(), profile, tmp_path)
    found = next(c for c in verdict["checks"] if c["name"] == check)
    assert found["decision"] == decision, found
    assert "training" in found["reason"]
    assert "caution above" in found["reason"]
    assert verdict["decision"] == "stop" or decision == "caution"


def test_a_stop_has_an_exit_code_of_its_own_and_checks_without_material_are_named(profile, tmp_path):
    sitk.WriteImage(body(300, spacing=5.0), str(tmp_path / "thick.nii.gz"))
    done = run("gate", tmp_path / "thick.nii.gz", "--profile", profile, "--out", tmp_path / "new" / "gate.json")
    assert done.exit_code == 3
    assert done.stdout.splitlines()[0] == "stop"
    assert "ensemble spread: it needs" in done.stdout
    kept = json.loads((tmp_path / "new" / "gate.json").read_text())
    assert kept["measures"]["decision"] == "stop"
    assert kept["warnings"][0].startswith("a voxel size of 5 mm")


def test_the_same_image_in_another_unit_or_on_a_finer_grid_has_nearly_the_same_descriptor():
    image = body(5)
    plain = describe(image, "a")
    assert describe(image * 7 + 300, "b") == pytest.approx(plain, abs=1e-4)
    finer = sitk.Resample(image, [48] * 3, sitk.Transform(), sitk.sitkLinear, (-0.5,) * 3, (1.0,) * 3)
    assert np.abs(describe(finer, "c") - plain).max() < 0.25
    with pytest.raises(BadInputError, match="constant"):
        describe(image * 0, "flat.nii.gz")


def test_an_ensemble_that_disagrees_in_the_region_is_stopped():
    image = body(6)
    region = sitk.BinaryThreshold(image, 60, 1e9)
    inside = sitk.Cast(region, sitk.sitkFloat32)
    close, apart = ([image + inside * shift for shift in (-s, 0, s)] for s in (1.0, 40.0))
    assert spread_check(close, region, GateLimits()).decision == "go"
    found = spread_check(apart, region, GateLimits())
    assert found.decision == "stop"
    assert found.value > 5 * spread_check(apart, None, GateLimits()).value / 2
    with pytest.raises(BadInputError, match="two or more images"):
        spread_check([image], None, GateLimits())


def test_anatomy_that_moved_is_stopped_and_nothing_segmented_too():
    soft = sitk.Cast(sitk.BinaryThreshold(body(7), 60, 1e9), sitk.sitkFloat32)
    moved = sitk.GetImageFromArray(np.roll(sitk.GetArrayFromImage(soft), 6, axis=0))
    moved.CopyInformation(soft)
    assert agreement_check(soft, soft, GateLimits()).decision == "go"
    assert agreement_check(soft, moved, GateLimits()).decision == "stop"
    nothing = agreement_check(soft * 0, soft * 0, GateLimits())
    assert (nothing.decision, np.isnan(nothing.value)) == ("stop", True)


def test_trusted_features_outside_the_real_images_range_are_counted(tmp_path):
    (tmp_path / "p.tsv").write_text(
        "role\tfeature\tpreserved\nfake\ta\ttrue\nfake\tb\ttrue\nfake\tc\tfalse\nother\ta\tfalse\n"
    )
    rows = [FeatureRow(f"s{k}", "", "real", {"a": float(k), "b": 10.0 + k, "c": 0.0}) for k in range(11)]
    write_features(FeatureTable(tuple(rows)), tmp_path / "f.tsv")
    with pytest.raises(BadInputError, match=r"roles fake, other.*name one"):
        trusted_features(tmp_path / "p.tsv", None)
    trusted = trusted_features(tmp_path / "p.tsv", "fake")
    assert trusted == ["a", "b"]
    good, half = (
        feature_check({"a": 5.0, "b": b, "c": 99.0}, trusted, tmp_path / "f.tsv", "real", GateLimits().features)
        for b in (20.5, 40.0)
    )
    assert (good.value, good.decision) == (1.0, "go")
    assert (half.value, half.decision) == (0.5, "stop")
    none = feature_check({"a": 1.0}, [], tmp_path / "f.tsv", "real", GateLimits().features)
    assert none.decision == "stop"
    assert "may be trusted" in none.reason


def test_the_worst_check_decides_and_nothing_checked_is_a_caution():
    limit = Limit(caution=1, stop=2)
    go, caution = (Check.of("x", value, limit, "it") for value in (0.5, 1.5))
    assert GateVerdict.of([go, go]).decision == "go"
    assert GateVerdict.of([go, caution]).decision == "caution"
    assert GateVerdict.of([go, caution]).reasons == ["it (caution above 1, stop above 2)"]
    assert GateVerdict.of([]).decision == "caution"
    assert limit.decide(float("nan")) == "stop"


def test_too_few_training_images_and_unknown_models_are_told(profile, tmp_path, model_home):
    table = tmp_path / "few.tsv"
    image = profile.parent / "0.nii.gz"
    table.write_text(f"subject\trole\timage\ns1\tus\t{image}\n")
    few = run("gate-profile", "--cohort", table, "--role", "us", "--out", tmp_path / "p.json")
    assert "1 training images are too few" in few.stderr
    assert "no model called 'nobody'" in run("gate", image, "--model", "nobody").stderr
    assert "softcord@10 has no profile" in run("gate", image, "--model", "softcord").stderr
    assert "not both" in run("gate", image, "--model", "softcord", "--profile", profile).stderr


def test_a_model_keeps_the_profile_of_its_version(profile, model_home):
    cohort = profile.with_name("cohort.tsv")
    done = run("gate-profile", "--cohort", cohort, "--role", "us", "--model", "softcord")
    assert done.exit_code == 0, done.output
    assert (model_home / "gates" / "softcord@10.json").exists()
    checked = run("gate", profile.with_name("22.nii.gz"), "--model", "softcord@10", "--json")
    assert json.loads(checked.stdout)["decision"] in ("go", "caution")
