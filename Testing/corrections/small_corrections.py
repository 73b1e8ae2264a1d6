"""Small images and masks for tests of correction datasets."""

import numpy as np
import SimpleITK as sitk

from crosscontrast.ground.images import image_like


def small_image(seed: int = 0) -> sitk.Image:
    image = sitk.GetImageFromArray(np.random.default_rng(seed).normal(100, 10, (6, 12, 10)).astype(np.float32))
    image.SetSpacing((0.9, 0.9, 3.0))
    image.SetOrigin((4.0, -7.0, 12.0 + seed))
    return image


def box_mask(image: sitk.Image, width: int = 4) -> sitk.Image:
    values = np.zeros(image.GetSize()[::-1], np.uint8)
    values[:, 4:8, 2 : 2 + width] = 1
    return image_like(values, image)


def box_soft(image: sitk.Image, width: int = 4) -> sitk.Image:
    return sitk.Cast(box_mask(image, width), sitk.sitkFloat32) * 0.75
