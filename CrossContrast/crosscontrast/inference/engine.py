"""The engine: one way for every network of ours from images to soft maps or translated images on the input's grid."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain, combinations

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor, nn

from crosscontrast.errors import BadInputError, OutOfMemoryError, is_out_of_memory
from crosscontrast.ground.geometry import resample_onto
from crosscontrast.inference.follow import Follower
from crosscontrast.inference.localise import structure_box, sure_share
from crosscontrast.inference.preprocess import Prepared, normalise_channels, prepare
from crosscontrast.inference.relative import relative_channel
from crosscontrast.inference.windows import slide
from crosscontrast.models.spec import ModelSpec, Windowing
from crosscontrast.progress import Progress, part, silent


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

    def predict(self, images: Sequence[sitk.Image], progress: Progress = silent) -> dict[str, sitk.Image]:
        """Return one float32 image per output, on the grid of ``images[0]``.

        ``images`` are float images, one per input of the model in its order. Segmentations lie in [0, 1] and are 0
        outside the field of view. Raises :class:`BadInputError` for a wrong number of images and
        :class:`OutOfMemoryError` where the device is too small.
        """
        if len(images) != len(self.spec.inputs):
            raise BadInputError(
                f"The model needs {len(self.spec.inputs)} image(s) ({', '.join(self.spec.inputs)}), got {len(images)}."
            )
        progress(0, 1, "preparing the image")
        prepared = prepare(images, self.spec.preprocessing)
        with _memory_errors(self.device), torch.inference_mode(), self._precision():
            values = self._two_passes(prepared, part(progress, 0.05, 0.95))
        progress(0.95, 1, "bringing the result onto the image's grid")
        maps = {
            name: resample_onto(prepared.to_image(channel), images[0])
            for name, channel in zip(self.outputs, values, strict=True)
        }
        progress(1, 1, "done")
        return maps

    def _two_passes(self, prepared: Prepared, progress: Progress) -> np.ndarray:
        """Values of all outputs (outputs, three axes): coarse everywhere and fine around the structure, if so set."""
        localisation, windowing = self.spec.localisation, self.spec.windowing
        x = torch.from_numpy(normalise_channels(prepared.values, self.spec.preprocessing.normalisation))
        if localisation is None:
            return self._values(x, self._network, windowing, windowing.overlap, self._mirrors, progress)
        coarse = localisation.finder.windowing if localisation.finder else windowing
        values = self._values(x, self._finder, coarse, localisation.overlap, [()], part(progress, 0, 0.5))
        spacing = prepared.grid.GetSpacing()
        margin = [localisation.margin / s for s in (spacing[::-1] if prepared.axes == "kji" else spacing)]
        output, fine = self.outputs.index(localisation.output), part(progress, 0.5, 1)
        if localisation.follow is not None:
            if sure_share(values[output], localisation.threshold) >= localisation.surety:
                for number in range(localisation.rounds):
                    report = part(fine, number / localisation.rounds, (number + 1) / localisation.rounds)
                    self._follow(prepared, values, output, round(margin[localisation.follow]), report)
            return values
        box = structure_box(
            values[output],
            localisation.threshold,
            tuple(margin),
            windowing.divisible_by,
            windowing.size if len(windowing.size) == 3 else (1, 1, 1),
        )
        if box is not None:
            inside = (slice(None), *box)
            values[inside] = self._values(x[inside], self._network, windowing, windowing.overlap, self._mirrors, fine)
        return values

    def _follow(self, prepared: Prepared, values: np.ndarray, output: int, margin: int, progress: Progress) -> None:
        """Refine ``values`` in place by windows along the structure."""
        localisation, windowing = self.spec.localisation, self.spec.windowing
        assert localisation is not None
        assert localisation.follow is not None
        depth, height, width = windowing.size
        follower = Follower(
            values,
            output,
            localisation.threshold,
            (depth, height, width),
            windowing.overlap,
            localisation.follow,
            margin,
        )
        activate = ACTIVATIONS[self.spec.activation]

        def predict(windows: Tensor, estimates: Tensor) -> Tensor:
            inputs = following_inputs(self.spec, windows, estimates)
            answers = []
            for axes in self._mirrors:
                dims = [axis + 2 for axis in axes]
                raw = self._run(self._network, inputs.flip(dims))
                answers.append(torch.stack([activate(window) for window in raw]).flip(dims))
            return torch.stack(answers).mean(0)

        for done, total in follower.run(torch.from_numpy(prepared.values), predict, windowing.batch):
            progress(done, total, f"window {done} of {total} along the {localisation.output}")

    def _values(
        self,
        x: Tensor,
        network: nn.Module,
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
            raw = slide(partial(self._run, network), x.flip(dims), windowing, overlap, report)
            values = ACTIVATIONS[self.spec.activation](raw).flip(dims)
            total = values if total is None else total + values
        assert total is not None
        return (total / len(mirrors)).numpy()

    def _run(self, network: nn.Module, batch: Tensor) -> Tensor:
        """A network on a batch (B, C, ...), result on the CPU in float32."""
        batch = batch.to(self.device)
        if len(batch) == 1 and self.device.type == "cpu":
            # A batch of one falls into PyTorch's slow convolution: 0.82 s against 0.25 s per window of two.
            return network(torch.cat([batch, batch]))[:1].float()
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
