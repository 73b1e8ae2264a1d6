"""Pictures of what a network has learnt."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from crosscontrast.cord.generator.appearance import Sample


def save_pictures(network: nn.Module, samples: Sequence[Sample], path: Path) -> None:
    """Draw the middle of each sample's cord, axial and sagittal, with truth (red) and prediction (cyan) at one half."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.2 * len(samples), 4.4))
    axes = figure.subplots(2, len(samples), squeeze=False)
    with torch.inference_mode():
        for column, sample in enumerate(samples):
            outputs = network(torch.stack([sample.image, sample.image]))
            logits = outputs if isinstance(outputs, Tensor) else outputs[0]
            predicted = torch.sigmoid(logits[0, 0].float()).cpu()
            image, cord = sample.image[0].cpu(), sample.target[0].cpu()
            found = torch.nonzero(cord > 0.5).float()
            z, _, x = (found.mean(0) if len(found) else torch.tensor(image.shape) / 2).long().tolist()
            for row, cut in enumerate(((z, slice(None), slice(None)), (slice(None), slice(None), x))):
                panel = axes[row, column]
                panel.imshow(image[cut].numpy(), cmap="gray", origin="lower")
                for values, colour in ((cord[cut], "red"), (predicted[cut], "cyan")):
                    if values.max() > 0.5 > values.min():
                        panel.contour(values.numpy(), [0.5], colors=colour, linewidths=0.7)
                panel.set_axis_off()
    figure.tight_layout()
    figure.savefig(path, dpi=70)
