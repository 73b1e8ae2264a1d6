"""How well a translator does on the subjects that it does not learn from, while it trains."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from crosscontrast.inference.windows import slide
from crosscontrast.models.networks.translator import Translator
from crosscontrast.models.spec import ModelSpec
from crosscontrast.progress import silent
from crosscontrast.synthesis.training.cases import Case
from crosscontrast.synthesis.training.log import save_picture

#: Cases of a picture.
_SHOWN = 3


def translate_case(translator: Translator, spec: ModelSpec, case: Case) -> Tensor:
    """Return the translated volume (1, k, j, i) of a mapped case, mapped to [-1, 1]; by the library's own windows."""
    device = next(translator.parameters()).device

    def network(batch: Tensor) -> Tensor:
        # Windows of one fall into PyTorch's slow convolution on a CPU.
        doubled = torch.cat([batch, batch]) if len(batch) == 1 else batch
        return translator.mapped(doubled.to(device))[: len(batch)].float().cpu()

    with torch.inference_mode():
        return slide(network, case.source, spec.windowing, spec.windowing.overlap, silent)


def validate(
    network: object, spec: ModelSpec, held_out: Sequence[Case], seen: Sequence[Case], folder: Path, step: int
) -> dict[str, float]:
    """Measure the mean absolute error in the mask (of a range of 2) on held-out cases and draw some of them.

    Without held-out cases the picture shows training cases and nothing is measured.
    """
    translator = cast(Translator, network).eval()
    errors: list[float] = []
    rows: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
    for case in held_out or seen[:1]:
        answer = translate_case(translator, spec, case)
        errors.append(float((answer - case.target).abs()[case.mask > 0].mean()))
        if len(rows) < _SHOWN:
            source, translated, target = (_middle(case, image) for image in (case.source, answer, case.target))
            rows.append((case.name, source, translated, target))
    save_picture(rows, folder / f"pictures_{step:06d}.png")
    return {"mae": float(np.mean(errors))} if held_out else {}


def _middle(case: Case, image: Tensor) -> np.ndarray:
    """Return the slice across k through the middle of the mask."""
    place = int(torch.nonzero(case.mask[0] > 0)[:, 0].float().mean().round())
    return image[0, place].numpy()
