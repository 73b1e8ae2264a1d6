"""Generated cases to try models with: an image to translate, and the true image in the contrast that comes out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.ground.files import make_folder

if TYPE_CHECKING:
    import SimpleITK as sitk

#: Draws the samples; no training's phantoms have it.
SEED = 20281


@dataclass(frozen=True)
class Sample:
    """Files of one case: ``image`` in the contrast that a model expects, ``target`` in the one that it produces, and a

    ``mask`` of the organ, all on one grid.
    """

    image: Path
    target: Path
    mask: Path


def sample_of(model: str) -> str:
    """Return the kind of sample that suits a model of the library; raises :class:`ModelError` where it names none."""
    from crosscontrast.models.about import about
    from crosscontrast.models.library import ModelLibrary

    entry = ModelLibrary().find(model)
    kind = about(entry).sample
    if kind not in SAMPLES:
        raise ModelError(f"{entry} has no sample.", f"there are samples of {', '.join(SAMPLES)}")
    return kind


def write_sample(kind: str, folder: Path) -> Sample:
    """Draw the case of ``kind`` (:data:`SAMPLES`) into ``folder``, in a second or two; the same every time.

    Raises :class:`BadInputError` for a kind that there is not, and :class:`OutputError`.
    """
    from crosscontrast.ground.images import write_image

    if kind not in SAMPLES:
        raise BadInputError(f"There is no sample {kind!r}.", f"there are {', '.join(SAMPLES)}")
    images = SAMPLES[kind]()
    paths = [make_folder(folder) / f"sample-{kind}_{name}.nii.gz" for name in images]
    for path, image in zip(paths, images.values(), strict=True):
        write_image(image, path)
    return Sample(*paths)


def _cord() -> "dict[str, sitk.Image]":
    from crosscontrast.cord.phantom import CordPhantom

    phantom = CordPhantom()
    return {"T1w": phantom.image("T1w"), "T2w": phantom.image("T2w"), "cord": phantom.soft_truth()}


def _prostate() -> "dict[str, sitk.Image]":
    from crosscontrast.synthesis.phantom.grid import Grid
    from crosscontrast.synthesis.phantom.prostate_pair import draw_pair

    pair = draw_pair(Grid(64, 80 / 64), SEED, cancer=True)
    return {"us": pair.us, "t2w": pair.t2w, "prostate": pair.t2w_mask}


def _head() -> "dict[str, sitk.Image]":
    from crosscontrast.synthesis.phantom.grid import Grid
    from crosscontrast.synthesis.phantom.head import draw_head

    pair = draw_head(Grid(64, 190 / 64), SEED)
    return {"heavyT2": pair.heavy_t2, "mra": pair.mra, "head": pair.mask}


#: The samples: images by name, to be translated first, then the target, then the mask.
SAMPLES = {"cord": _cord, "prostate": _prostate, "head": _head}
