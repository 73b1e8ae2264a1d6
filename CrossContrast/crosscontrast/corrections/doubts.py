"""What makes a corrected mask implausible, to be asked before it is saved."""

import numpy as np
from scipy import ndimage

#: A mask of more than this share of the image is inverted, or another structure.
_MOST = 0.5
#: Least Dice with the mask that the person began with.
_LEAST_DICE = 0.1
#: A cord is one piece, or a few where slices were left out; a mask cut from noise has hundreds.
_MOST_PIECES = 20


def doubts(mask: np.ndarray, start: np.ndarray) -> list[str]:
    """Say, in half sentences, what is implausible about a binary mask (k, j, i), an edit of ``start``.

    Empty where nothing is. What ``start`` has already, such as many pieces of lesions, is no doubt.
    """
    found = []
    count, before = int(np.count_nonzero(mask)), int(np.count_nonzero(start))
    if count > _MOST * mask.size >= before:
        found.append(f"it covers {count / mask.size:.0%} of the image")
    shared = int(np.count_nonzero(mask & start))
    if before and 2 * shared < _LEAST_DICE * (count + before):
        found.append(
            "it shares nearly no voxel with what you began with"
            if count
            else "it is empty, and what you began with is not"
        )
    if count and (many := pieces(mask)) > max(_MOST_PIECES, pieces(start)):
        found.append(f"it has {many} separate pieces")
    return found


def question(found: list[str]) -> str:
    """Return the question to ask before a mask with these doubts is saved; empty where there are none."""
    return f"The mask looks wrong: {'; '.join(found)}. Save it all the same?" if found else ""


def pieces(mask: np.ndarray) -> int:
    """Count the pieces of a mask; voxels that touch at a corner hang together."""
    return int(ndimage.label(mask, np.ones((3, 3, 3)))[1])
