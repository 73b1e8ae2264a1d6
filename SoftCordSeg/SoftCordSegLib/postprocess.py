"""From the network's map to the one cord that a person has."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from CrossContrastLib.ground.images import image_like

#: Where pieces of the cord are told apart; lower than 0.5, because thin stretches are faint.
_PIECE_THRESHOLD = 0.3
#: How far in mm the soft border around the kept piece reaches.
_BORDER = 3.0


def keep_main_piece(soft: sitk.Image) -> tuple[sitk.Image, int]:
    """Keep the connected piece with the largest mass and its soft border; return the map and the pieces dropped.

    ``soft`` is float32 in [0, 1]. Where nothing reaches 0.3 the result is all zero.
    """
    values = np.clip(sitk.GetArrayFromImage(soft), 0, 1)
    pieces, count = ndimage.label(values > _PIECE_THRESHOLD, structure=np.ones((3, 3, 3)))
    if not count:
        return image_like(np.zeros_like(values), soft), 0
    masses = ndimage.sum(values, pieces, range(1, count + 1))
    main = pieces == 1 + int(np.argmax(masses))
    reach = ndimage.distance_transform_edt(~main, sampling=soft.GetSpacing()[::-1]) <= _BORDER
    return image_like(np.where(reach, values, 0).astype(np.float32), soft), count - 1
