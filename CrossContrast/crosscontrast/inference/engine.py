"""The engine: one way for every network of ours from images to soft maps or translated images on the input's grid."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain, combinations

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor, nn

from crosscontrast.errors import BadInputError, ModelError, OutOfMemoryError, is_out_of_memory
from crosscontrast.ground.geometry import Point, check_points, resample_onto
from crosscontrast.inference.compiled import CompiledNetwork, run_plainly
from crosscontrast.inference.following import FollowingPass
from crosscontrast.inference.localise import structure_box
from crosscontrast.inference.maps import Maps
from crosscontrast.inference.preprocess import Prepared, normalise_channels, prepare
from crosscontrast.inference.relative import relative_channel
from crosscontrast.inference.windows import slide
from crosscontrast.models.spec import ModelSpec, Windowing
from crosscontrast.progress import Progress, part, silent
from crosscontrast.timing import timed

#: How much windows overlap that look for a structure all over an image: one lies off their middle by 12 mm at most.
_SCAN_OVERLAP = 0.25
#: They pass over air, where nothing is brighter than this share of the image's bright end; what they say of it.
_DARK, _BRIGHT, _SURELY_NOT = 0.1, 0.995, 20.0


class GridPredictor:
    """Runs a network as its :class:`ModelSpec` says, on one device.

    ``finder`` is the localisation's own network, where the specification has one. ``mirror`` averages over mirror
    images along the axes that the model allows. On CUDA, convolutions run in half
    precision; everything else stays float32.
    """

    def __init__(
        self,
        spec: ModelSpec,
        network: nn.Module,
        device: torch.device,
        *,
        finder: nn.Module | None = None,
        mirror: bool = False,
    ) -> None:
        self.spec = spec
        self.outputs = spec.outputs
        self.device = device
        self._network = network.to(device).eval()
        self._finder = self._network if finder is None else finder.to(device).eval()
        self._mirrors: list[tuple[int, ...]] = list(_subsets(spec.mirror_axes)) if mirror else [()]

    @property
    def engine(self) -> str:
        """What runs the networks, with its version; empty for PyTorch."""
        compiled = [net for net in (self._network, self._finder) if isinstance(net, CompiledNetwork)]
        return next((network.engine for network in compiled if network.engine), "")

    def predict(
        self,
        images: Sequence[sitk.Image],
        progress: Progress = silent,
        *,
        at: Sequence[Point] = (),
        ends: Sequence[Point] = (),
    ) -> Maps:
        """Return one float32 image per output, on the grid of ``images[0]``.

        ``images`` are float images, one per input of the model in its order. Segmentations lie in [0, 1] and are 0
        outside the field of view. A structure that is followed is searched for, or followed from the points ``at`` (in
        mm, RAS) and nowhere else, whatever speaks for it there, and then not beyond ``ends``. Raises
        :class:`BadInputError` for a wrong number of images and for points outside of the image, :class:`ModelError` for
        points where the model follows nothing, and :class:`OutOfMemoryError` where the device is too small.
        """
        if len(images) != len(self.spec.inputs):
            raise BadInputError(
                f"The model needs {len(self.spec.inputs)} image(s) ({', '.join(self.spec.inputs)}), got {len(images)}."
            )
        if at and (self.spec.localisation is None or self.spec.localisation.follow is None):
            raise ModelError("This model follows nothing, so it cannot start at a point.")
        check_points(at, images[0], "the image")
        maps = Maps()
        progress(0, 1, "preparing the image")
        with timed("resampling to the model's grid"):
            prepared = prepare(images, self.spec.preprocessing)
        with _memory_errors(self.device), torch.inference_mode(), self._precision():
            values = self._two_passes(prepared, maps, at, ends, part(progress, 0.05, 0.95))
        progress(0.95, 1, "bringing the result onto the image's grid")
        with timed("resampling to the image's grid"):
            for name, channel in zip(self.outputs, values, strict=True):
                maps[name] = resample_onto(prepared.to_image(channel), images[0])
        progress(1, 1, "done")
        return maps

    def _two_passes(
        self, prepared: Prepared, maps: Maps, at: Sequence[Point], ends: Sequence[Point], progress: Progress
    ) -> np.ndarray:
        """Values of all outputs (outputs, three axes): coarse everywhere and fine around the structure, if so set."""
        localisation, windowing = self.spec.localisation, self.spec.windowing
        run = partial(self._run, self._network)
        whole = localisation is None or localisation.follow is None
        # Windows that follow are normalised each by itself, and so are those that propose where to: as in training.
        x = torch.from_numpy(self._normalised(prepared.values) if whole else prepared.values)
        if localisation is None:
            return self._values(x, run, windowing, windowing.overlap, self._mirrors, progress)
        coarse = localisation.finder.windowing if localisation.finder else windowing
        find = partial(self._run if whole else self._run_by_itself, self._finder)
        with timed("coarse pass"):
            values = self._values(x, find, coarse, localisation.overlap, [()], part(progress, 0, 0.5))
        fine = part(progress, 0.5, 1)
        if localisation.follow is not None:
            scan = partial(self._scan, prepared) if localisation.finder else None
            following = FollowingPass(self.spec, prepared, self._predict_windows, scan)
            return following.run(values, at, maps, fine, ends)
        box = structure_box(
            values[self.outputs.index(localisation.output)],
            localisation.threshold,
            tuple(localisation.margin / side for side in prepared.spacing),
            windowing.divisible_by,
            windowing.size if len(windowing.size) == 3 else (1, 1, 1),
        )
        if box is not None:
            inside = (slice(None), *box)
            values[inside] = self._values(x[inside], run, windowing, windowing.overlap, self._mirrors, fine)
        return values

    def _predict_windows(self, windows: Tensor, estimates: Tensor) -> Tensor:
        """The fine network on windows along the structure (B, C, three axes), by the estimates so far."""
        inputs = following_inputs(self.spec, windows, estimates)
        activate = ACTIVATIONS[self.spec.activation]
        answers = []
        for axes in self._mirrors:
            dims = [axis + 2 for axis in axes]
            raw = self._run(self._network, inputs.flip(dims))
            answers.append(torch.stack([activate(window) for window in raw]).flip(dims))
        return torch.stack(answers).mean(0)

    def _scan(self, prepared: Prepared, progress: Progress) -> np.ndarray:
        """The fine network on windows all over the image, without any estimate."""

        x = torch.from_numpy(prepared.values)
        lowest, bright = x.min(), float(np.quantile(prepared.values, _BRIGHT))
        dark = lowest + _DARK * (bright - lowest)

        def run(batch: Tensor) -> Tensor:
            unknown = torch.zeros(len(batch), len(self.outputs), *batch.shape[2:])
            if batch.max() < dark:
                return unknown - _SURELY_NOT
            return self._run(self._network, following_inputs(self.spec, batch, unknown))

        return self._values(x, run, self.spec.windowing, _SCAN_OVERLAP, [()], progress)

    def _values(
        self,
        x: Tensor,
        run: Callable[[Tensor], Tensor],
        windowing: Windowing,
        overlap: float,
        mirrors: list[tuple[int, ...]],
        progress: Progress,
    ) -> np.ndarray:
        """One pass over ``x`` (C, three axes), averaged over mirror images."""
        total: Tensor | None = None
        for number, axes in enumerate(mirrors):
            dims = [axis + 1 for axis in axes]
            report = part(progress, number / len(mirrors), (number + 1) / len(mirrors))
            raw = slide(run, x.flip(dims), windowing, overlap, report)
            values = ACTIVATIONS[self.spec.activation](raw).flip(dims)
            total = values if total is None else total + values
        assert total is not None
        return (total / len(mirrors)).numpy()

    def _normalised(self, values: np.ndarray) -> np.ndarray:
        return normalise_channels(values, self.spec.preprocessing.normalisation)

    def _run_by_itself(self, network: nn.Module, batch: Tensor) -> Tensor:
        """A network on a batch of windows that are not normalised yet, each of which is by itself."""
        return self._run(network, torch.stack([torch.from_numpy(self._normalised(w.numpy())) for w in batch]))

    def _run(self, network: nn.Module, batch: Tensor) -> Tensor:
        """A network on a batch (B, C, ...), result on the CPU in float32."""
        batch = batch.to(self.device)
        if self.device.type == "cpu" and not isinstance(network, CompiledNetwork):
            return run_plainly(network, batch).float()
        return network(batch).float().cpu()

    def _precision(self) -> "torch.autocast | nullcontext[None]":
        return torch.autocast("cuda", torch.float16) if self.device.type == "cuda" else nullcontext()


#: From the network's numbers (outputs, three axes) to values.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "softmax": lambda raw: torch.softmax(raw, dim=0),
    "relu_max": lambda raw: raw.relu() / raw.relu().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-6),
    "none": lambda raw: raw,
}


def following_inputs(spec: ModelSpec, windows: Tensor, estimates: Tensor) -> Tensor:
    """Return what a network that follows a structure sees of windows (B, C, three axes), not normalised.

    Each is normalised by itself; with ``relative``, the ``estimates`` so far (B, outputs, three axes) give one channel
    more.
    """
    method, localisation = spec.preprocessing.normalisation, spec.localisation
    normalised = torch.stack([torch.from_numpy(normalise_channels(w.numpy(), method)) for w in windows])
    if localisation is None or localisation.follow is None or not localisation.relative:
        return normalised
    inner, outer = (estimates[:, spec.outputs.index(name)] for name in localisation.relative)
    relative = relative_channel(normalised[:, 0], inner, outer, localisation.follow, localisation.reaches)
    return torch.cat([normalised, relative], 1)


def _subsets(axes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(axes, count) for count in range(len(axes) + 1))


@contextmanager
def _memory_errors(device: torch.device) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        hint = "close other programs" if device.type == "cpu" else "use --device cpu"
        raise OutOfMemoryError(f"{device} has too little memory for this image.", hint) from error
