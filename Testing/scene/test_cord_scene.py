# ruff: noqa: E402 - the imports need slicer, which may be absent
"""Patients, results and areas of the cord on a real scene."""

import numpy as np
import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")

from crosscontrast.cord.csa.contrasts import CsaCurve, compare_contrasts
from crosscontrast.cord.csa.live import LiveCsa
from crosscontrast.errors import BadInputError
from crosscontrast.scene.cord.csa_nodes import COLUMNS, show_curves, table_of
from crosscontrast.scene.cord.inputs import is_input, write_inputs
from crosscontrast.scene.images import add_volume, image_of, put_on
from crosscontrast.scene.results import (
    case_of,
    load_image,
    load_soft_map,
    model_of,
    remove_soft_map,
    set_case,
    soft_maps,
    source_of,
    uncertainty_of,
)
from crosscontrast.scene.soft_map import SOFT_MAP


@pytest.fixture
def scene():
    made = slicer.vtkMRMLScene()
    logic = slicer.vtkSlicerSequencesLogic()
    logic.SetMRMLScene(made)
    yield made
    logic.SetMRMLScene(None)


@pytest.fixture
def sequence(scene, awkward_image):
    """Three volumes over time, the n-th n brighter, played in a proxy volume."""
    node = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "dynamic")
    for number in range(3):
        volume = slicer.vtkMRMLScalarVolumeNode()
        volume.SetName("dynamic")
        from crosscontrast.scene.images import set_image

        set_image(volume, awkward_image + number)
        node.SetDataNodeAtValue(volume, str(2 * number))
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(node.GetID())
    proxy = add_volume(scene, awkward_image, "dynamic proxy")
    browser.AddProxyNode(proxy, node, False)
    return node, proxy


def test_volumes_of_the_same_name_and_every_item_of_a_sequence_get_a_file_of_their_own(
    scene, sequence, awkward_image, tmp_path
):
    node, proxy = sequence
    same = [add_volume(scene, awkward_image, "T2w") for _ in range(2)]
    for volume in same:
        volume.SetName("T2w")
    inputs = write_inputs([*same, node], tmp_path)
    assert [given.name for given in inputs] == ["T2w", "T2w", *(f"dynamic time {n}" for n in (0, 2, 4))]
    assert len({given.path for given in inputs}) == 5
    assert [given.node_id for given in inputs] == [*(v.GetID() for v in same), *[proxy.GetID()] * 3]
    for number, given in enumerate(inputs[2:]):
        on_grid = put_on(sitk.ReadImage(str(given.path)), awkward_image)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(on_grid), sitk.GetArrayFromImage(awkward_image + number))


def test_a_sequence_that_is_not_played_is_shown_by_no_volume(scene, sequence, tmp_path):
    node, _ = sequence
    scene.RemoveNode(scene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode"))
    assert [given.node_id for given in write_inputs([node], tmp_path)] == [""] * 3


def test_a_sequence_of_something_else_is_refused(scene, tmp_path):
    node = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "transforms")
    node.SetDataNodeAtValue(slicer.vtkMRMLLinearTransformNode(), "0")
    assert not is_input(node)
    with pytest.raises(BadInputError, match="transforms holds no volumes"):
        write_inputs([node], tmp_path)
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    assert not is_input(labels)


def test_a_soft_map_remembers_its_source_its_making_and_its_uncertainty(scene, awkward_image, tmp_path):
    from crosscontrast.ground.provenance import ModelRecord

    source = add_volume(scene, awkward_image, "T2w")
    soft = sitk.Cast(awkward_image > 400, sitk.sitkFloat32)
    for name in ("soft.nii.gz", "spread.nii.gz"):
        sitk.WriteImage(soft, str(tmp_path / name))
    model = ModelRecord(name="softcord", version=3, sha256="ab" * 32)
    node = load_soft_map(
        scene,
        tmp_path / "soft.nii.gz",
        "T2w soft cord",
        source,
        model=model,
        spread=tmp_path / "spread.nii.gz",
    )
    assert soft_maps(scene) == [node]
    assert source_of(node) is source
    assert model_of(node) == model
    assert uncertainty_of(node).GetAttribute(SOFT_MAP) is None
    np.testing.assert_array_equal(
        sitk.GetArrayFromImage(put_on(image_of(node), awkward_image)), sitk.GetArrayFromImage(soft)
    )
    scene.RemoveNode(source)
    assert source_of(node) is None
    bare = load_soft_map(scene, tmp_path / "soft.nii.gz", "alone", None)
    assert (model_of(bare), uncertainty_of(bare), source_of(bare), case_of(bare)) == (None, None, None, ("", 0))


def test_a_case_goes_with_all_that_was_made_of_it_and_leaves_the_rest(scene, awkward_image, tmp_path):
    from crosscontrast.scene.correction import Correction
    from crosscontrast.scene.difference import show_difference

    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)
    sitk.WriteImage(awkward_image, str(tmp_path / "sub-01_T2w.nii.gz"))
    sitk.WriteImage(sitk.Cast(awkward_image > 400, sitk.sitkFloat32), str(tmp_path / "soft.nii.gz"))
    add_volume(scene, awkward_image, "another image")
    classes = ("vtkMRMLVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTableNode", "vtkMRMLPlotSeriesNode")
    before = [scene.GetNumberOfNodesByClass(name) for name in classes]
    source = load_image(scene, tmp_path / "sub-01_T2w.nii.gz")
    assert source.GetName() == "sub-01_T2w"
    soft = load_soft_map(scene, tmp_path / "soft.nii.gz", "soft", source, spread=tmp_path / "soft.nii.gz")
    set_case(soft, "sub-01_T2w", 3)
    assert case_of(soft) == ("sub-01_T2w", 3)
    correction = Correction(scene, soft, 0.5, "cord")
    show_difference(scene, correction.predicted, soft)
    show_curves(scene, {soft.GetID(): LiveCsa(image_of(soft)).curve()})
    remove_soft_map(scene, soft, with_source=True)
    assert [scene.GetNumberOfNodesByClass(name) for name in classes] == before
    logic.SetMRMLScene(None)


def cord(height, radius, shift=0.0):
    """An upright cord in an image of 1 mm whose lowest slice lies at 0 + shift mm."""
    k, j, i = np.indices((height, 31, 31))
    values = np.clip(radius + 0.5 - np.hypot(i - 15, j - 15), 0, 1).astype(np.float32) + 0 * k
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetOrigin((0, 0, shift))
    return image


def test_areas_of_two_maps_become_tables_and_lines_of_one_plot(scene):
    nodes = [add_volume(scene, cord(30, radius), name) for radius, name in ((5, "T1w"), (6, "T2w"))]
    curves = {node.GetID(): LiveCsa(image_of(node)).curve() for node in nodes}
    chart = show_curves(scene, curves)
    assert [chart.GetNthPlotSeriesNode(n).GetName() for n in range(2)] == ["T1w", "T2w"]
    assert not chart.GetLegendVisibility()  # it would lie over the lines
    table = table_of(nodes[1])
    assert [table.GetColumnName(n) for n in range(4)] == list(COLUMNS)
    areas = slicer.util.arrayFromTableColumn(table, COLUMNS[3])
    assert len(areas) == 30
    assert areas.mean() == pytest.approx(np.pi * 36, rel=0.02)
    np.testing.assert_allclose(slicer.util.arrayFromTableColumn(table, COLUMNS[1]), np.arange(30), atol=1e-9)
    np.testing.assert_allclose(slicer.util.arrayFromTableColumn(table, COLUMNS[2]), np.arange(30)[::-1], atol=1e-9)
    # an edit changes the same nodes
    count = scene.GetNumberOfNodes()
    curves = {nodes[1].GetID(): LiveCsa(image_of(nodes[0])).curve()}
    assert show_curves(scene, curves) is chart
    assert scene.GetNumberOfNodes() == count
    assert chart.GetNumberOfPlotSeriesNodes() == 1
    assert not chart.GetLegendVisibility()
    assert slicer.util.arrayFromTableColumn(table, COLUMNS[3]).mean() == pytest.approx(np.pi * 25, rel=0.02)


def test_contrasts_are_compared_where_all_show_the_cord():
    curves = {
        name: LiveCsa(cord(height, radius, shift)).curve()
        for name, height, radius, shift in (("T1w", 30, 5, 0), ("T2w", 25, 6, 10), ("T2star", 12, 5.5, 15))
    }
    compared = compare_contrasts(curves)
    assert compared.span == pytest.approx((15, 26))
    assert list(compared.means) == list(curves)
    assert compared.sd == pytest.approx(np.std([np.pi * r**2 for r in (5, 6, 5.5)], ddof=1), rel=0.03)
    assert curves["T1w"].count(compared.span) == 12
    apart = compare_contrasts({"a": curves["T1w"], "b": LiveCsa(cord(10, 5, 100)).curve()})
    assert np.isnan(apart.sd)
    nothing = LiveCsa(sitk.Image([9, 9, 9], sitk.sitkFloat32)).curve()
    assert np.isnan(compare_contrasts({"a": curves["T1w"], "b": nothing}).sd)
    assert np.isnan(nothing.mean())
    assert nothing.count() == 0
    assert np.isnan(compare_contrasts({"a": curves["T1w"]}).sd)
    assert isinstance(nothing, CsaCurve)
