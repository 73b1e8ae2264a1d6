"""Real masks and templates, where they are at hand (``CROSSCONTRAST_DATA``)."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.cord.csa.levels import read_discs
from crosscontrast.cord.csa.measure import measure_csa
from crosscontrast.cord.csa.table import CsaTable

#: Healthy volunteers of the spine-generic project, masked by hand on T2w and T2*w.
PEOPLE = (
    *("cardiff03", "juntendo750w01", "mpicbs06", "oxfordFmrib07"),
    *("oxfordFmrib11", "sapienza05", "strasbourg04", "tokyoSkyra06"),
)


def manual(data: Path, person: str, contrast: str) -> CsaTable:
    mask = sitk.ReadImage(str(data / "cord" / "labels" / f"sub-{person}_{contrast}_seg-manual.nii.gz"))
    # The masks number grey matter separately; the cord is all of it.
    return measure_csa(mask > 0)


@pytest.mark.parametrize("person", PEOPLE)
def test_healthy_cords_have_healthy_areas_and_the_two_methods_agree_on_them(real_data: Path, person: str) -> None:
    table = manual(real_data, person, "T2w")
    assert 58 < table.mean("area_true") < 80
    assert table.mean("area_sct") == pytest.approx(table.mean("area_true"), rel=0.005)


@pytest.mark.parametrize("person", PEOPLE)
def test_two_contrasts_of_one_person_agree(real_data: Path, person: str) -> None:
    areas = [manual(real_data, person, contrast).mean("area_true") for contrast in ("T2w", "T2star")]
    assert np.ptp(areas) < 1.5


def test_levels_from_discs_are_those_of_the_template(real_data: Path) -> None:
    template = real_data / "cord" / "template"
    cord = sitk.ReadImage(str(template / "PAM50_cord.nii.gz"))[:, :, 600:]
    by_discs = measure_csa(cord, discs=read_discs(template / "PAM50_label_disc.nii.gz"))
    by_map = measure_csa(cord, levels=sitk.ReadImage(str(template / "PAM50_levels.nii.gz")))
    known = by_discs.select(levels=range(1, 11))
    assert len(known.rows) > 300
    np.testing.assert_array_equal(known.values("slice"), by_map.select(levels=range(1, 11)).values("slice"))
    assert [row.level for row in known.rows] == [row.level for row in by_map.select(levels=range(1, 11)).rows]
    assert 60 < known.select(levels=(2, 3)).mean("area_true") < 70
