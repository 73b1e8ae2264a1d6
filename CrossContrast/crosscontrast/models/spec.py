"""What a model expects and returns: everything the inference engine must know, and nothing of how it was trained.

A bundle keeps these values in ``configs/inference.json``; the names there are the field names here.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _one_letter_per_axis(letters: str) -> str:
    if len(letters) != 3 or not all(set(letters) & set(axis) for axis in ("LR", "AP", "SI")):
        raise ValueError(f"{letters!r} is not an orientation such as RAS: one letter each of LR, AP and SI")
    return letters


Orientation = Annotated[str, AfterValidator(_one_letter_per_axis)]


class Strict(BaseModel):
    """A setting that refuses names it does not know, so that a typing error is found where it is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkSpec(Strict):
    """A network of our registry: its name there and the arguments of its constructor."""

    name: str
    arguments: dict[str, Any] = {}


class Preprocessing(Strict):
    """From an image on its own grid to the array that the network reads.

    ``orientation`` names the directions in which the indices i, j, k grow (``"RAS"``: to the right, front, top), as
    nibabel, MONAI and SimpleITK do. ``spacing`` is in mm along i, j, k; ``None`` keeps the image's own. ``axes`` gives
    the array's axis order behind the channel: ``"kji"`` is SimpleITK's and NumPy's usual one, ``"ijk"`` is nnU-Net's
    and nibabel's. ``normalisation``: ``"foreground"`` clips at the 99.5th percentile of the voxels above zero and
    makes their mean 0 and deviation 1; ``"robust"`` does so with the voxels above the darkest thousandth, and clips
    at their 0.5th percentile too, so that neither unit, offset nor fill of an image matters; ``"zscore"`` does so over
    all voxels without clipping; ``"minmax"`` maps the range to [0, 1]; ``"none"`` leaves the values.
    """

    orientation: Orientation = "RAS"
    spacing: tuple[float, float, float] | None = (1.0, 1.0, 1.0)
    axes: Literal["kji", "ijk"] = "kji"
    normalisation: Literal["foreground", "robust", "zscore", "minmax", "none"] = "foreground"


class Windowing(Strict):
    """How the network is moved over an image.

    ``size`` is the window in voxels along the array's axes (a 2D network has two numbers and slides over the slices of
    axis ``slice_axis``, seeing ``neighbours`` slices on either side as further channels, "2.5D").
    """

    size: Annotated[tuple[int, ...], Field(min_length=2, max_length=3)]
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.5
    batch: Annotated[int, Field(ge=1)] = 2
    divisible_by: Annotated[int, Field(ge=1)] = 16
    slice_axis: Literal[0, 1, 2] = 0
    neighbours: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _neighbours_need_slices(self) -> Self:
        if self.neighbours and len(self.size) == 3:
            raise ValueError("neighbours are for 2D windows; a 3D window sees its neighbours anyway")
        return self


class Finder(Strict):
    """A network of its own for the coarse pass, with the inputs and outputs of the fine one; ``models/finder.pt``."""

    network: NetworkSpec
    windowing: Windowing


#: Gaussian widths in slices, from long to short.
Reaches = Annotated[tuple[Annotated[float, Field(gt=0, le=32)], ...], Field(min_length=1)]


class Localisation(Strict):
    """A first, coarse pass that finds the structure, so that the fine pass runs only around it.

    The coarse pass uses windows that overlap by ``overlap``, and the network and windows of ``finder`` where there is
    one; voxels where ``output`` exceeds ``threshold`` are boxed with a margin of ``margin`` mm. Where nothing is found,
    the fine pass is skipped and the coarse result stands.

    With ``follow``, the fine pass does not slide over the box: its windows are centred on the structure all along that
    axis of the array, and windows are added at the ends for as long as they find more. All windows, those of the coarse
    pass too, are normalised each by itself. The coarse pass only proposes: pieces of what it finds above ``propose``,
    at most ``proposals`` of them, are followed each by itself, and what windows find there is judged
    (:class:`~crosscontrast.inference.evidence.Evidence`). The best is kept if it has the ``evidence``; else the
    structure is nowhere. Where nothing clear comes of a ``finder``'s proposals, the fine network itself looks
    everywhere. (``surety`` is of models that were packaged before; it is read and not used.)

    ``relative`` names two outputs, a structure and the space that it lies in. The fine network then has a second
    channel: the image relative to their intensities by the estimate so far
    (:func:`~crosscontrast.inference.relative.relative_contrast`), which are smoothed along it by ``reaches`` slices,
    one after the other. The windows go along the structure ``rounds`` times, each time by the estimate of the time
    before.
    """

    output: str
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.0
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.3
    margin: Annotated[float, Field(ge=0)] = 16.0
    finder: Finder | None = None
    follow: Literal[0, 1, 2] | None = None
    relative: tuple[str, str] | None = None
    reaches: Reaches = (6.0,)
    rounds: Annotated[int, Field(ge=1)] = 1
    propose: Annotated[float, Field(gt=0, lt=1)] = 0.1
    proposals: Annotated[int, Field(ge=1, le=64)] = 3
    evidence: Annotated[float, Field(ge=0, le=1)] = 0.65
    surety: Annotated[float, Field(ge=0, le=1)] = 0.0


class Helper(Strict):
    """The translator that makes a further input of a segmentation, and where it lay when that was trained.

    ``sha256`` is of its content (:func:`crosscontrast.models.find.content_sha256`), by which it is known again.
    """

    name: str
    sha256: str
    place: str


class ModelSpec(Strict):
    """All that is needed to run a network of the registry on an image of any grid.

    ``inputs`` and ``outputs`` name the channels. ``activation`` turns the network's numbers into values: ``"sigmoid"``
    and ``"softmax"`` into probabilities, ``"relu_max"`` is ReLU divided by the volume's maximum (Bédard et al. 2023),
    ``"none"`` is for translation. ``mirror_axes`` are the array axes along which the anatomy may be mirrored for
    test-time augmentation (left-right for a cord). ``translators`` make the last inputs of the first one.
    """

    task: Literal["segmentation", "translation"]
    network: NetworkSpec
    inputs: Annotated[tuple[str, ...], Field(min_length=1)] = ("image",)
    outputs: Annotated[tuple[str, ...], Field(min_length=1)]
    preprocessing: Preprocessing = Preprocessing()
    windowing: Windowing
    localisation: Localisation | None = None
    activation: Literal["sigmoid", "softmax", "relu_max", "none"] = "sigmoid"
    mirror_axes: tuple[Literal[0, 1, 2], ...] = ()
    translators: tuple[Helper, ...] = ()

    @model_validator(mode="after")
    def _localise_by_an_output(self) -> Self:
        localisation = self.localisation
        if localisation is None:
            return self
        if localisation.output not in self.outputs:
            raise ValueError(f"localisation uses the output {localisation.output!r}, which the model does not have")
        follows = localisation.follow is not None
        if follows and len(self.windowing.size) == 2:
            raise ValueError("only 3D windows can follow a structure")
        if follows and self.activation == "relu_max":
            raise ValueError("relu_max is relative to the whole volume, so windows cannot follow a structure by it")
        if localisation.relative and not (follows and set(localisation.relative) <= set(self.outputs)):
            raise ValueError("relative needs windows that follow a structure, and two of the model's outputs")
        return self
