import math

import numpy as np
import pytest
import SimpleITK as sitk

from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.ground.geometry import same_grid

slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")
import vtk  # noqa: E402

from crosscontrast.scene.soft_map import set_opacity, set_threshold, show_soft_map  # noqa: E402
from crosscontrast.scene.volumes import read_volume, write_mask, write_volume  # noqa: E402


@pytest.fixture
def left_handed():
    """Asymmetric, oblique, anisotropic, and with a direction of determinant -1."""
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(size=(5, 7, 9)).astype(np.float32))
    image.SetSpacing((0.7, 1.3, 3.0))
    image.SetOrigin((10, -20, 30))
    c, s = math.cos(0.3), math.sin(0.3)
    image.SetDirection((-c, s, 0, s, c, 0, 0, 0, 1))
    return image


def on_grid_of(image, path):
    """What the file ``path`` says at the voxels of ``image``."""
    read = sitk.ReadImage(str(path))
    return sitk.GetArrayFromImage(sitk.Resample(read, image, sitk.Transform(), sitk.sitkNearestNeighbor))


@pytest.mark.parametrize("extension", ["nrrd", "nii.gz"])
def test_a_left_handed_image_keeps_left_and_right_through_the_scene(scene, left_handed, tmp_path, extension):
    sitk.WriteImage(left_handed, str(tmp_path / "in.nii.gz"))
    node = read_volume(scene, tmp_path / "in.nii.gz", "image")
    write_volume(node, tmp_path / f"out.{extension}")
    np.testing.assert_array_equal(
        on_grid_of(left_handed, tmp_path / f"out.{extension}"), sitk.GetArrayFromImage(left_handed)
    )
    assert node.GetStorageNode() is None


def test_a_transform_stays_out_of_the_file_unless_world_space_is_asked_for(scene, left_handed, tmp_path):
    sitk.WriteImage(left_handed, str(tmp_path / "in.nii.gz"))
    node = read_volume(scene, tmp_path / "in.nii.gz", "image")
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(2, 3, 12.5)
    transform.SetMatrixTransformToParent(matrix)
    node.SetAndObserveTransformNodeID(transform.GetID())
    nodes = scene.GetNumberOfNodes()
    write_volume(node, tmp_path / "local.nrrd")
    write_volume(node, tmp_path / "world.nrrd", world=True)
    local, world = (sitk.ReadImage(str(tmp_path / f"{name}.nrrd")) for name in ("local", "world"))
    np.testing.assert_allclose(np.subtract(world.GetOrigin(), local.GetOrigin()), (0, 0, 12.5), atol=1e-4)
    assert scene.GetNumberOfNodes() == nodes
    assert node.GetTransformNodeID() == transform.GetID()


def test_a_hidden_segment_is_part_of_the_mask(scene, left_handed, tmp_path):
    sitk.WriteImage(left_handed, str(tmp_path / "in.nii.gz"))
    volume = read_volume(scene, tmp_path / "in.nii.gz", "image")
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    drawn = np.zeros((5, 7, 9), np.uint8)
    drawn[1:3, 2:5, 3] = 1
    drawn[4, 0, 0:4] = 2
    label_image = sitk.GetImageFromArray(drawn)
    label_image.CopyInformation(left_handed)
    sitk.WriteImage(label_image, str(tmp_path / "labels.nii.gz"))
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(tmp_path / "labels.nii.gz"))
    assert storage.ReadData(labels)
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, segmentation)
    hidden = segmentation.GetSegmentation().GetNthSegmentID(1)
    segmentation.GetDisplayNode().SetSegmentVisibility(hidden, False)
    nodes = scene.GetNumberOfNodes()
    write_mask(segmentation, volume, tmp_path / "mask.nrrd")
    assert scene.GetNumberOfNodes() == nodes
    write_volume(volume, tmp_path / "volume.nrrd", world=True)
    mask, reference = (sitk.ReadImage(str(tmp_path / name)) for name in ("mask.nrrd", "volume.nrrd"))
    assert same_grid(mask, reference)
    np.testing.assert_array_equal(on_grid_of(left_handed, tmp_path / "mask.nrrd") > 0, drawn > 0)


def test_what_cannot_be_read_or_written_is_said_and_leaves_no_node(scene, left_handed, tmp_path):
    nodes = scene.GetNumberOfNodes()
    with pytest.raises(BadInputError, match="cannot be read as a volume"):
        read_volume(scene, tmp_path / "absent.nii.gz", "image")
    assert scene.GetNumberOfNodes() == nodes
    sitk.WriteImage(left_handed, str(tmp_path / "in.nii.gz"))
    node = read_volume(scene, tmp_path / "in.nii.gz", "image")
    with pytest.raises(OutputError, match="cannot be written"):
        write_volume(node, tmp_path / "in.nii.gz" / "no_folder.nrrd")
    empty = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    with pytest.raises(BadInputError, match="has no segments"):
        write_mask(empty, node, tmp_path / "mask.nrrd")


def test_a_soft_map_is_the_foreground_of_every_slice_view(scene, left_handed, tmp_path):
    sitk.WriteImage(left_handed, str(tmp_path / "in.nii.gz"))
    background, soft = (read_volume(scene, tmp_path / "in.nii.gz", name) for name in ("image", "soft"))
    views = [scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode") for _ in range(3)]
    for _ in range(2):
        show_soft_map(scene, soft, background, 0.4, 0.7)
    for view in views:
        assert (view.GetBackgroundVolumeID(), view.GetForegroundVolumeID()) == (background.GetID(), soft.GetID())
        assert view.GetForegroundOpacity() == pytest.approx(0.7)
    assert soft.GetDisplayNode().GetLowerThreshold() == pytest.approx(0.4)
    assert soft.GetDisplayNode().GetApplyThreshold()
    tables = scene.GetNodesByClass("vtkMRMLColorTableNode")
    names = [tables.GetItemAsObject(index).GetName() for index in range(tables.GetNumberOfItems())]
    assert [name for name in names if name.startswith("CrossContrast")] == ["CrossContrast soft fire"]
    colour = [0.0] * 4
    soft.GetDisplayNode().GetColorNode().GetColor(255, colour)
    assert colour[:3] == pytest.approx((0.99, 1.0, 0.64), abs=0.01)
    views[0].SetForegroundVolumeID(background.GetID())
    set_threshold(soft, 0)
    set_opacity(scene, soft, 0.2)
    assert 0 < soft.GetDisplayNode().GetLowerThreshold() < 0.01
    assert [round(view.GetForegroundOpacity(), 3) for view in views] == [0.7, 0.2, 0.2]


def test_the_pixels_show_the_soft_map_where_it_reaches_the_threshold(scene, slice_view, tmp_path):
    ramp = np.broadcast_to(np.linspace(0, 1, 100, dtype=np.float32), (5, 100, 100))
    for name, values in {"image": np.random.default_rng(1).uniform(0, 1, ramp.shape), "soft": ramp}.items():
        sitk.WriteImage(sitk.GetImageFromArray(values.astype(np.float32)), str(tmp_path / f"{name}.nrrd"))
    image, soft = (read_volume(scene, tmp_path / f"{name}.nrrd", name) for name in ("image", "soft"))
    image.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")

    def coloured():
        pixels = slice_view()
        return (np.ptp(pixels, axis=2) > 20).sum() / (pixels.max(axis=2) > 0).sum()

    show_soft_map(scene, soft, image, 0.5, 0.8)
    assert coloured() == pytest.approx(0.5, abs=0.03)
    set_threshold(soft, 0.75)
    assert coloured() == pytest.approx(0.25, abs=0.03)
    set_opacity(scene, soft, 0.0)
    assert coloured() == 0


def test_classes_become_segments_of_their_names_at_the_place_of_the_labels(scene, awkward_image):
    """They were called Label_1; the transform of the labels counted twice."""
    from crosscontrast.scene.comparison import import_label_map
    from crosscontrast.scene.images import add_volume, ijk_to_ras, voxels

    volume = add_volume(scene, awkward_image, "classes")
    values = np.zeros(voxels(volume).shape, dtype=voxels(volume).dtype)
    values[1:3, 2:4, 1:3], values[3:5, 2:4, 1:3] = 1, 2
    voxels(volume)[:] = values
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    motion = vtk.vtkTransform()
    motion.Translate(20, 5, -7)
    transform.SetMatrixTransformToParent(motion.GetMatrix())
    volume.SetAndObserveTransformNodeID(transform.GetID())
    grid = ijk_to_ras(volume)
    made = import_label_map(scene, volume, "prostate", ("central gland", "peripheral zone"))
    names = [made.GetSegmentation().GetNthSegment(n).GetName() for n in range(2)]
    assert names == ["central gland", "peripheral zone"]
    box = [0.0] * 6
    made.GetRASBounds(box)
    corners = [
        (grid @ [i, j, k, 1])[:3] + np.array((20, 5, -7)) for i in (0.5, 2.5) for j in (1.5, 3.5) for k in (0.5, 4.5)
    ]
    assert np.abs((np.array(box[::2]) + box[1::2]) / 2 - np.mean(corners, axis=0)).max() < 0.5
