"""Translators that only regress: the 3D U-Net and the 3D autoencoder of Salmanpour et al. 2025."""

from torch import Tensor

from crosscontrast.models.spec import NetworkSpec
from crosscontrast.synthesis.objectives.base import Batch, Design, Objective, masked_mse


class _Regression(Objective):
    def losses(self, player: str, batch: Batch) -> dict[str, Tensor]:
        """Return the squared error of the generator."""
        answer = self.answer = self.generator.mapped(batch["source"])
        return {"mse": self.weight("mse", 10.0) * masked_mse(answer, batch)}


class UNetRegression(_Regression):
    """A U-Net with the mean squared error."""

    def __init__(self, design: Design) -> None:
        super().__init__(design, design.unet())


class AutoEncoderRegression(_Regression):
    """An encoder and a decoder without skip connections, with the mean squared error: what passes must be coded."""

    def __init__(self, design: Design) -> None:
        super().__init__(design, _autoencoder(design))


def _autoencoder(design: Design) -> NetworkSpec:
    arguments = {
        "spatial_dims": design.dims,
        "in_channels": design.channels,
        "out_channels": 1,
        "channels": [design.width, 2 * design.width, 4 * design.width],
        "strides": [1, 2, 2],
        "num_res_units": 1,
        "norm": "instance" if design.norm else None,
        "dropout": design.dropout or None,
    }
    return design.spec("MonaiAutoEncoder", arguments, "none" if design.residual else "tanh")
