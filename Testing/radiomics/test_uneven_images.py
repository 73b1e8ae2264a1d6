"""Images and regions that do not fit to the others are named before features are compared."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner, Result
from scipy import ndimage

from crosscontrast.cli.radiomics import radiomics
from crosscontrast.errors import BadInputError
from crosscontrast.progress import silent
from crosscontrast.radiomics.extraction.jobs import check_rows, cohort_rows
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.settings_file import SettingsFile

SHAPE = (8, 10, 12)
QUICK = "preservation: {resamples: 100, shuffles: 0}\nextraction: {classes: [statistics]}\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(radiomics, list(map(str, arguments)))


def region(voxels: int | None = None) -> np.ndarray:
    values = np.zeros(SHAPE, np.uint8)
    values[2:6, 2:8, 3:9] = 1
    if voxels is not None:
        values.ravel()[np.flatnonzero(values)[voxels:]] = 0
    return values


@pytest.fixture
def cohort(tmp_path):
    """Makes seven subjects with the roles mri and syn: ``images`` and ``masks`` replace some by subject and role."""

    def make(images=None, masks=None, skip=()) -> Path:
        lines = ["subject\trole\timage\tmask"]
        for number in range(7):
            field = ndimage.gaussian_filter(np.random.default_rng(number).normal(size=SHAPE), 1)
            for role in ("mri", "syn"):
                if (number, role) in skip:
                    continue
                image = sitk.GetImageFromArray((500 + 100 * field / field.std()).astype(np.float32))
                image = (images or {}).get((number, role), lambda made: made)(image)
                mask = sitk.GetImageFromArray((masks or {}).get(number, region()))
                mask.CopyInformation(image)
                name = f"s{number}_{role}"
                sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
                sitk.WriteImage(mask, str(tmp_path / f"{name}_mask.nii.gz"))
                lines.append(f"s{number}\t{role}\t{name}.nii.gz\t{name}_mask.nii.gz")
        (tmp_path / "cohort.tsv").write_text("\n".join(lines) + "\n")
        (tmp_path / "quick.yaml").write_text(QUICK)
        return tmp_path / "cohort.tsv"

    return make


def compare(table: Path, *more: object) -> Result:
    words = ["--reference", "mri", "--test", "syn", "--out", table.with_name("out")]
    return run("compare", "--cohort", table, *words, "--settings", table.with_name("quick.yaml"), *more)


def longer(image):
    image.SetSpacing((1, 1, 3))
    return image


def said(table: Path, *, force: bool = False, **settings: object) -> list[str]:
    """What is said of a cohort before its features are computed."""
    chosen = ExtractionSettings(classes=("statistics",), **settings)
    return check_rows(cohort_rows(table), chosen, table, force=force, progress=silent)


@pytest.mark.parametrize(
    ("changes", "words", "cure"),
    [
        (
            {(3, "syn"): lambda image: image * 1000},
            r"s3_syn.nii.gz of s3 is about \d+ times brighter than the other images of role syn",
            {"normalise": "zscore"},
        ),
        (
            {(2, "mri"): longer, (2, "syn"): longer},
            "s2_mri.nii.gz of s2 has voxels of 1 x 1 x 3 mm, where 1 x 1 x 1 mm is usual for role mri; s2_syn.nii.gz",
            {"spacing": (1, 1, 1)},
        ),
    ],
)
def test_an_image_that_does_not_fit_is_refused_forced_or_made_alike_by_the_settings(cohort, changes, words, cure):
    table = cohort(changes)
    refused = compare(table)
    assert refused.exit_code == 2
    assert re.search(words, refused.stderr)
    assert not table.with_name("out").exists()
    assert re.search(words, "; ".join(said(table, force=True)).replace(".; cohort.tsv: ", "; "))
    assert said(table, **cure) == []


def test_who_lacks_an_image_is_named_and_left_out_only_by_force(cohort):
    table = cohort({(3, "syn"): lambda image: image * 1000}, skip={(4, "syn")})
    refused = compare(table)
    assert refused.exit_code == 2
    assert "cohort.tsv: s4 has no image of role syn beside s4_mri.nii.gz." in refused.stderr
    forced = compare(table, "--force")
    assert forced.exit_code == 0, forced.output
    dropped = "1 of 7 do not count for role syn, without features of it or of role mri: s4."
    warnings = json.loads((table.parent / "out" / "preservation.json").read_text())["warnings"]
    report = (table.parent / "out" / "report.html").read_text()
    for told in (dropped, "s3_syn.nii.gz of s3 is about ", "s4 has no image of role syn"):
        assert told in forced.stderr
        assert told in report
        assert any(told in warning for warning in warnings)


def test_small_regions_and_wide_bins_are_said_once_with_names(cohort):
    table = cohort(masks={1: region(9), 5: region(4)})
    small, wide = said(table, bin_width=150)
    assert small == (
        "cohort.tsv: the region has fewer than 10 voxels in 4 of 14 images, too few for texture: "
        "s1_mri.nii.gz (9), s1_syn.nii.gz (9), s5_mri.nii.gz (4), s5_syn.nii.gz (4)."
    )
    assert wide.startswith("cohort.tsv: bins of 150 leave fewer than 8 grey levels in 14 of 14 images: s0_mri.nii.gz (")
    assert wide.endswith(" and 9 more.")
    assert len(said(table, bin_width=2)) == 1
    # Voxels of half the length: eight times as many.
    assert said(table, bin_width=2, spacing=(0.5, 0.5, 0.5)) == []
    for _ in range(2):  # the second time features come from the cache
        words = ["--cohort", table, "--out", table.with_name("f"), "--settings", table.with_name("quick.yaml")]
        assert small in run("extract", *words).stderr
    assert said(cohort()) == []


def test_pyradiomics_own_parameters_are_read(tmp_path):
    """The example of its documentation: bins of 25, two filters, chosen features, resampled."""
    path = tmp_path / "Params.yaml"
    path.write_text(
        "imageType:\n  Original: {}\n  LoG: {sigma: [1.0, 3.0]}\n  Wavelet:\n"
        "featureClass:\n  shape:\n  firstorder: [Mean, Entropy]\n  glcm: null\n"
        "setting:\n  binWidth: 25\n  label: 2\n  interpolator: sitkBSpline\n  resampledPixelSpacing: [1, 1, 2]\n"
        "  weightingNorm:\n"
    )
    found = SettingsFile(path).section("extraction", ExtractionSettings)
    assert found.backend == "pyradiomics"
    assert (found.bin_width, found.bin_count, found.label, found.spacing) == (25, None, 2, (1, 1, 2))
    assert found.original
    assert found.filters == {"LoG": {"sigma": [1.0, 3.0]}, "Wavelet": {}}
    assert found.classes == ("shape", "firstorder", "glcm")
    assert found.features == {"firstorder": ("Mean", "Entropy")}
    assert found.options == {"interpolator": "sitkBSpline"}
    path.write_text("setting: {label: 1}\n")  # its own default
    assert SettingsFile(path).section("extraction", ExtractionSettings).bin_width == 25
    path.write_text("setting: {binCount: 16, binWidth: 5}\n")
    assert SettingsFile(path).section("extraction", ExtractionSettings).bins == {"bin_count": 16}
    path.write_text("setting: [1]\n")
    with pytest.raises(BadInputError, match=r"Params.yaml: the section setting holds no names"):
        SettingsFile(path)


def test_features_by_pyradiomics_own_parameters_are_those_that_it_computes_itself(cohort):
    extractor = pytest.importorskip("radiomics.featureextractor")
    table = cohort()
    params = table.with_name("Params.yaml")
    params.write_text("featureClass: {firstorder: [Mean, Entropy], glcm: }\nsetting: {binWidth: 20}\n")
    done = run("extract", "--cohort", table, "--out", table.with_name("f"), "--settings", params)
    assert done.exit_code == 0, done.output
    rows = [line.split("\t") for line in (table.parent / "f" / "features.tsv").read_text().splitlines()]
    ours = dict(zip(rows[0], rows[1], strict=True))
    own = extractor.RadiomicsFeatureExtractor(str(params)).execute(
        str(table.with_name("s0_mri.nii.gz")), str(table.with_name("s0_mri_mask.nii.gz"))
    )
    theirs = {name: float(value) for name, value in own.items() if not name.startswith("diagnostics")}
    assert {name: float(ours[name]) for name in theirs} == pytest.approx(theirs, rel=1e-6)
    assert len(rows[0]) == 5 + len(theirs)
