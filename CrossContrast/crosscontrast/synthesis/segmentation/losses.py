"""The twelve losses of Sugino et al. 2021 (Healthcare 9:938): cross-entropy or Dice, each with six weightings.

Class weights (inverse, median) come from the training labels' frequencies; voxel weights (focal, distances) from the
voxel itself. The distance weightings are our reading of the paper's names: DTM, the distance transform map, makes
errors cost more the farther they lie from the border of the labels; DPT, the distance penalty term, makes them cost
more the nearer they lie to it (1 + inverted distance).
"""

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from crosscontrast.synthesis.segmentation.losses_names import LossName, Weighting

#: The exponent of the focal weighting (Lin et al., ICCV 2017).
GAMMA = 2.0
_SMOOTH = 1e-5


def class_weights(frequencies: Tensor, weighting: Weighting) -> Tensor:
    """Return a weight per class (K), of mean 1, from the classes' shares of the voxels (K); absent ones weigh 0."""
    present = frequencies > 0
    weights = present.float()
    if weighting == "inverse":
        weights[present] = 1 / frequencies[present]
    elif weighting == "median":
        # The middle of an even number of classes is the mean of the two, as in MATLAB, which the paper used.
        middle = torch.quantile(frequencies[present], 0.5)
        weights[present] = middle / frequencies[present]
    return weights * present.sum() / weights.sum()


def voxel_weights(probability: Tensor, target: Tensor, weighting: Weighting) -> Tensor:
    """Return a weight per voxel (B, ...) from probabilities and one-hot target (B, K, ...); no gradient flows."""
    if weighting == "focal":
        return (1 - (probability * target).sum(1)).detach().clamp(min=0) ** GAMMA
    if weighting in ("dtm", "dpt"):
        distances = torch.stack([_border_distance(labels) for labels in target.argmax(1)]).to(target.device)
        far = distances.amax(tuple(range(1, distances.ndim)), keepdim=True).clamp(min=1)
        return 1 + distances / far if weighting == "dtm" else 2 - distances / far
    return torch.ones_like(target[:, 0])


def _border_distance(labels: Tensor) -> Tensor:
    """Return each voxel's distance in voxels to the nearest voxel of another label; 0 beside a border."""
    values = labels.cpu().numpy()
    distance = np.zeros(values.shape, np.float32)
    for label in np.unique(values):
        inside = values == label
        if not inside.all():
            distance[inside] = ndimage.distance_transform_edt(inside)[inside] - 1
    return torch.from_numpy(distance)


def segmentation_loss(
    logits: Tensor, target: Tensor, loss: LossName, weighting: Weighting, weights: Tensor, known: Tensor | None = None
) -> Tensor:
    """Return a loss of logits (B, K, ...) and target (B, K, ...), one-hot or soft, summing to 1 over the classes.

    ``weights`` are those of :func:`class_weights`; ``known`` (B, 1, ...) in [0, 1] says how much a voxel's label can be
    trusted, 0 for not labelled at all.
    """
    probability = torch.softmax(logits.float(), 1)
    voxel = voxel_weights(probability, target, weighting)
    voxel = voxel if known is None else voxel * known[:, 0]
    shape = (1, -1, *[1] * (target.ndim - 2))
    if loss == "ce":
        entropy = -(target * functional.log_softmax(logits.float(), 1) * weights.view(shape)).sum(1)
        # Focal weights must not be divided out again: there the mean is over voxels.
        mass = known if known is not None else torch.ones_like(target[:, :1])
        importance = mass[:, 0] if weighting == "focal" else voxel * (target * weights.view(shape)).sum(1)
        return (voxel * entropy).sum() / importance.sum().clamp(min=_SMOOTH)
    axes = (0, *range(2, target.ndim))
    overlap = (voxel[:, None] * probability * target).sum(axes)
    total = (voxel[:, None] * (probability + target)).sum(axes)
    return ((1 - (2 * overlap + _SMOOTH) / (total + _SMOOTH)) * weights).sum() / weights.sum()
