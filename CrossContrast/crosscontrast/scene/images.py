"""Volumes of a scene as images and back, in memory.

MRML makes left-handed grids right-handed when it reads a file and reverses an axis of the voxels, so an array never
goes from one to the other alone: it carries its full geometry, and what belongs on the grid of a file is put there by
position.
"""

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import vtk
from vtk.util.numpy_support import get_vtk_array_type, vtk_to_numpy

from crosscontrast.errors import BadInputError
from crosscontrast.ground.geometry import resample_onto
from crosscontrast.ground.images import image_like

#: RAS to LPS and back.
_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Axes may be off their right angles by this much (cosine), and corners of the same grid apart by this many mm.
_ORTHOGONAL, _SAME = 1e-3, 1e-2


def voxels(node: Any) -> np.ndarray:
    """Return the voxels of a scalar volume node as an array (k, j, i) that shares the node's memory.

    Raises :class:`BadInputError` for a node without voxels or with several values per voxel.
    """
    data = node.GetImageData()
    scalars = data.GetPointData().GetScalars() if data else None
    if scalars is None or scalars.GetNumberOfComponents() != 1:
        raise BadInputError(f"The volume {node.GetName()} does not have one value per voxel.")
    return vtk_to_numpy(scalars).reshape(data.GetDimensions()[::-1])


def ijk_to_ras(node: Any) -> np.ndarray:
    """Return the 4 x 4 matrix from voxel indices (i, j, k) to RAS in mm, without the node's transform."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def image_of(node: Any) -> sitk.Image:
    """Copy a scalar volume node into an image on the node's own grid, without its transform.

    Raises :class:`BadInputError` where the axes are not at right angles.
    """
    image = sitk.GetImageFromArray(voxels(node))
    _place(image, ijk_to_ras(node), node.GetName())
    return image


def grid_of(node: Any) -> sitk.Image:
    """Return an empty uint8 image on the grid of the file that ``node`` was read from, else on the node's own.

    The file's grid is taken if the file still is there and covers the same voxels as the node.
    """
    path = file_of(node)
    return (_file_grid(path) if path else None) or _own_grid(node)


def file_of(node: Any) -> Path | None:
    """Return the file that a volume node was read from, if it still is there and covers the same voxels as the node."""
    storage = node.GetStorageNode()
    name = storage.GetFileName() if storage else None
    if not name:
        return None
    grid = _file_grid(Path(name))
    return Path(name) if grid is not None and _same_voxels(grid, _own_grid(node)) else None


def put_on(image: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """Put an image onto a grid of the same voxels in another order; every value is copied, none interpolated."""
    return resample_onto(image, grid, linear=False)


def set_image(node: Any, image: sitk.Image) -> None:
    """Give a volume node the voxels and the place of ``image``."""
    direction = np.array(image.GetDirection()).reshape(3, 3)
    place = np.eye(4)
    place[:3, :3] = direction * image.GetSpacing()
    place[:3, 3] = image.GetOrigin()
    data = make_image_data(sitk.GetArrayViewFromImage(image))
    matrix = as_vtk(_FLIP @ place)
    node.SetIJKToRASMatrix(matrix)
    node.SetAndObserveImageData(data)


def add_volume(scene: Any, image: sitk.Image, name: str, class_name: str = "vtkMRMLScalarVolumeNode") -> Any:
    """Add a volume node with a display node to ``scene`` and return it."""
    node = scene.AddNewNodeByClass(class_name, scene.GenerateUniqueName(name))
    set_image(node, image)
    node.CreateDefaultDisplayNodes()
    return node


def make_image_data(values: np.ndarray) -> Any:
    """Copy an array (k, j, i) into a ``vtkImageData`` of unit spacing, as MRML wants it."""
    data = vtk.vtkImageData()
    data.SetDimensions(values.shape[::-1])
    data.AllocateScalars(get_vtk_array_type(values.dtype), 1)
    vtk_to_numpy(data.GetPointData().GetScalars())[:] = values.ravel()
    return data


def as_vtk(matrix: np.ndarray) -> Any:
    """Copy a 4 x 4 matrix into a ``vtkMatrix4x4``."""
    made = vtk.vtkMatrix4x4()
    made.DeepCopy(matrix.ravel().tolist())
    return made


def soft_on(values: np.ndarray, node: Any) -> sitk.Image:
    """Make an image of an array (k, j, i) that lies on the grid of ``node``."""
    return image_like(values, _own_grid(node))


def _own_grid(node: Any) -> sitk.Image:
    grid = sitk.Image(node.GetImageData().GetDimensions(), sitk.sitkUInt8)
    _place(grid, ijk_to_ras(node), node.GetName())
    return grid


def _place(image: sitk.Image, ras: np.ndarray, name: str) -> None:
    lps = _FLIP @ ras
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    direction = lps[:3, :3] / spacing
    if np.abs(direction.T @ direction - np.eye(3)).max() > _ORTHOGONAL:
        raise BadInputError(f"The axes of the volume {name} are not at right angles.")
    image.SetSpacing(spacing.tolist())
    image.SetDirection(direction.ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())


def _file_grid(path: Path) -> sitk.Image | None:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return None
    if reader.GetDimension() != 3:
        return None
    grid = sitk.Image(reader.GetSize(), sitk.sitkUInt8)
    grid.SetSpacing(reader.GetSpacing())
    grid.SetOrigin(reader.GetOrigin())
    grid.SetDirection(reader.GetDirection())
    return grid


def _same_voxels(a: sitk.Image, b: sitk.Image) -> bool:
    """Whether every corner of one grid is a corner of the other, in whatever order."""
    ours, theirs = _corners(a), _corners(b)
    distances = np.linalg.norm(ours[:, None] - theirs[None], axis=2)
    return bool(distances.min(axis=1).max() <= _SAME)


def _corners(image: sitk.Image) -> np.ndarray:
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in image.GetSize()])).reshape(3, -1).T
    return np.array([image.TransformIndexToPhysicalPoint(corner) for corner in corners.tolist()])


def overlap(one: Any, other: Any) -> bool:
    """Whether the boxes (RAS) around two volume nodes have a part in common."""
    bounds = np.zeros((2, 6))
    for row, node in zip(bounds, (one, other), strict=True):
        node.GetRASBounds(row)
    return bool((bounds[:, ::2].max(axis=0) < bounds[:, 1::2].min(axis=0)).all())
