"""What is left of an object that a person has removed: the faint rim that lay outside its binary mask."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from crosscontrast.ground.images import image_like

#: Soft values below this do not join an object's rim to another's.
_FAINT = 0.01


def without_ghosts(soft: sitk.Image, before: sitk.Image, after: sitk.Image) -> sitk.Image:
    """Return a merged soft mask without the rims of the objects of which a correction left nothing.

    ``before`` and ``after`` are the binary masks (above 0 inside) on the grid of ``soft``. An object is what hangs
    together in either of them or in the soft mask; where it held voxels of ``before`` and holds none of ``after``, it
    is set to 0. A person who removes a false object never sees its rim, and a network would learn a hollow ring from
    it. Everything else keeps its value.
    """
    values = sitk.GetArrayFromImage(soft)
    was, now = (sitk.GetArrayViewFromImage(mask) > 0 for mask in (before, after))
    objects, count = ndimage.label((values >= _FAINT) | was | now, np.ones((3, 3, 3)))
    held = np.zeros((2, count + 1), bool)
    held[0, objects[was]] = held[1, objects[now]] = True
    gone = held[0] & ~held[1]
    if not gone.any():
        return soft
    values[gone[objects]] = 0
    return image_like(values, soft)
