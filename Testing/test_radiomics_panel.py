"""The page of radiomic features in the panel, used without Slicer (see qt_harness)."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

pytest.importorskip("PySide6", reason="needs PySide6")
pytest.importorskip("slicer", reason="needs the slicer-core wheel")
from qt_harness.application import open_panel, pump, start
from qt_harness.fixtures import _in_place  # noqa: F401 - a fixture

from crosscontrast.radiomics.gate.profile import build_profile

slicer = start()


@pytest.fixture
def panel(model_home):
    """The module with two textured volumes, the test one smoother, and a ball of labels."""
    slicer.mrmlScene.Clear(0)
    matrix = np.diag([-1.0, -1.0, 1.5, 1.0])
    rng = np.random.default_rng(3)
    field = ndimage.gaussian_filter(rng.standard_normal((12, 14, 16)), 0.7)
    real = (100 + 30 * field / field.std()).astype(np.float32)
    smooth = ndimage.gaussian_filter(real, 0.8)
    ball = (((np.indices(real.shape).T - [5.5, 6.5, 7.5]).T ** 2).sum(0) < 20).astype(np.uint8)
    nodes = [slicer.util.addVolumeFromArray(v, ijkToRAS=matrix, name=n) for v, n in ((real, "mri"), (smooth, "fake"))]
    labels = slicer.util.addVolumeFromArray(
        ball, ijkToRAS=matrix, name="ball", nodeClassName="vtkMRMLLabelMapVolumeNode"
    )
    opened = open_panel("RadiomicsCompare")
    opened.ui.referenceSelector.setCurrentNode(nodes[0])
    opened.ui.testSelector.setCurrentNode(nodes[1])
    opened.ui.maskSelector.setCurrentNode(labels)
    yield opened
    opened.close()
    slicer.mrmlScene.Clear(0)


def run(page, button="runButton"):
    assert getattr(page, button).enabled, page.runButton.toolTip
    getattr(page, button).click()
    assert pump(lambda: not page.controls.busy, 120)


def rows_of(table):
    return [[table.item(r, c).text() for c in range(table.columnCount)] for r in range(table.rowCount)]


def test_two_volumes_are_compared_feature_by_feature_and_one_becomes_a_map(panel, tmp_path):
    page = panel.widget.featurePage
    run(page)
    rows = rows_of(page.table)
    assert len(rows) == 186, page.statusLabel.text
    differences = [abs(float(row[3])) for row in rows if row[3] != "–"]
    assert differences == sorted(differences, reverse=True)
    by_name = {row[0]: row for row in rows}
    assert float(by_name["statistics_var"][1]) > float(by_name["statistics_var"][2])
    assert not page.mapButton.enabled
    page.table.setCurrentCell(list(by_name).index("statistics_mean"), 0)
    page.refresh()
    panel.grab(tmp_path / "features.png")
    run(page, "mapButton")
    mapped = slicer.util.arrayFromVolume(slicer.util.getNode("original_statistics_mean map"))
    fake = slicer.util.arrayFromVolume(slicer.util.getNode("fake"))
    inside = mapped != 0
    assert inside.sum() == slicer.util.arrayFromVolume(slicer.util.getNode("ball")).sum()
    assert np.corrcoef(mapped[inside], fake[inside])[0, 1] > 0.7


@pytest.mark.usefixtures("in_place")
def test_a_local_peak_has_no_map_and_the_panel_says_so(panel, caplog):
    page = panel.widget.featurePage
    run(page)
    names = [row[0] for row in rows_of(page.table)]
    page.table.setCurrentCell(names.index("local-intensity_peak_loc"), 0)
    page.refresh()
    run(page, "mapButton")
    assert "has no map" in page.statusLabel.text


def test_what_is_missing_is_said_before_anything_runs(panel):
    page = panel.widget.featurePage
    panel.ui.maskSelector.setCurrentNode(None)
    assert "Choose a mask above" in page.runButton.toolTip
    page.modeBox.currentIndex = 1
    assert "Choose a cohort table" in page.runButton.toolTip
    page.modeBox.currentIndex = 2
    assert "Choose the profile" in page.runButton.toolTip
    assert not page.runButton.enabled


@pytest.mark.usefixtures("in_place")
def test_a_cohort_is_compared_and_a_click_shows_the_scatter_of_a_feature(panel, tmp_path):
    rng = np.random.default_rng(4)
    grid = np.indices((10, 10, 10)) - 4.5
    sitk.WriteImage(sitk.GetImageFromArray(((grid**2).sum(0) < 12).astype(np.uint8)), str(tmp_path / "mask.nii.gz"))
    lines = ["subject\trole\timage\tmask"]
    for number in range(7):
        real = rng.normal(100 + 20 * number, 5 + number, (10, 10, 10))
        for role, values in (("mri", real), ("synthetic", real + rng.normal(0, 1, real.shape))):
            name = f"{number}_{role}.nii.gz"
            sitk.WriteImage(sitk.GetImageFromArray(values.astype(np.float32)), str(tmp_path / name))
            lines.append(f"s{number}\t{role}\t{name}\tmask.nii.gz")
    (tmp_path / "cohort.tsv").write_text("\n".join(lines) + "\n")
    (tmp_path / "s.yaml").write_text(
        "extraction: {classes: [statistics]}\npreservation: {resamples: 200, shuffles: 0}\n"
    )
    page = panel.widget.featurePage
    page.modeBox.currentIndex = 1
    page.cohortPath.currentPath = str(tmp_path / "cohort.tsv")
    page.outPath.currentPath = str(tmp_path / "out")
    page.settingsPath.currentPath = str(tmp_path / "s.yaml")
    run(page)
    rows = rows_of(page.table)
    assert len(rows) == 18, page.statusLabel.text
    assert (tmp_path / "out" / "report.html").exists()
    place = [row[0] for row in rows].index("statistics_mean")
    assert rows[place][2] == "yes"
    page.table.cellClicked.emit(place, 0)
    chart = slicer.util.getNode("Radiomic feature")
    assert chart.GetTitle() == "original_statistics_mean (synthetic)"
    points = slicer.util.getNode("Radiomic feature points").GetTable()
    assert points.GetNumberOfRows() == 7
    shown = [points.GetValue(k, 0).ToDouble() for k in range(7)]
    assert np.corrcoef(shown, np.arange(7))[0, 1] > 0.99
    page.table.cellClicked.emit(0, 0)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 1
    panel.grab(tmp_path / "cohort.png")


@pytest.mark.usefixtures("in_place")
def test_the_gate_stops_a_volume_unlike_training(panel, tmp_path):
    rng = np.random.default_rng(5)
    for number in range(9):
        image = sitk.GetImageFromArray(rng.normal(1000, 5, (12, 14, 16)).astype(np.float32))
        image.SetSpacing((6.0, 6.0, 6.0))
        sitk.WriteImage(image, str(tmp_path / f"{number}.nii.gz"))
    build_profile(sorted(tmp_path.glob("*.nii.gz"))).write(tmp_path / "profile.json")
    page = panel.widget.featurePage
    page.modeBox.currentIndex = 2
    page.profilePath.currentPath = str(tmp_path / "profile.json")
    run(page)
    rows = {row[0]: row for row in rows_of(page.table)}
    assert rows["voxel size"][1] == "stop", page.statusLabel.text
    assert page.table.horizontalHeaderItem(1).text() == "stop"
