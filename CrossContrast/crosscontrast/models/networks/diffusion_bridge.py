"""A diffusion bridge with few steps: from the source image to the target image, both ends of one process."""

import torch
from torch import Tensor, nn


class DiffusionBridge(nn.Module):
    """Walks from the source to the target in ``steps`` steps of one denoising network.

    The idea is that of SelfRDB (Arslan et al. 2024, arXiv 2405.06789): at time t of T the state is
    (1 - t/T) target + (t/T) source + sigma sqrt(t/T) noise, so that the noise grows monotonically towards the source.
    The network (MONAI's ``DiffusionModelUNet``) sees the state, the source and t and estimates the target; the next
    state is put together from that estimate. By default the walk is free of noise; with ``sample`` set, every step
    draws its noise anew, and repeated runs spread as widely as the bridge is unsure.
    Input (B, ``in_channels``, ...), output (B, 1, ...); the sides divisible by ``2 ** (len(channels) - 1)``.
    """

    #: What compiles networks must leave this one alone.
    draws_noise = True

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int = 1,
        channels: tuple[int, ...] = (16, 32, 64),
        steps: int = 4,
        sigma: float = 0.3,
    ) -> None:
        from monai.networks.nets import DiffusionModelUNet

        super().__init__()
        self.steps, self.sigma, self.sample = steps, sigma, False
        self.denoiser = DiffusionModelUNet(
            spatial_dims=spatial_dims,
            in_channels=1 + in_channels,
            out_channels=1,
            num_res_blocks=1,
            channels=tuple(channels),
            attention_levels=(False,) * len(channels),
            norm_num_groups=min(8, *channels),
        )

    def state(self, target: Tensor, source: Tensor, step: Tensor, noise: Tensor) -> Tensor:
        """Return the state (B, 1, ...) at ``step`` (B), 0 to ``steps``."""
        share = (step / self.steps).view(-1, *[1] * (target.ndim - 1))
        return (1 - share) * target + share * source + self.sigma * share.sqrt() * noise

    def estimate(self, state: Tensor, source: Tensor, step: Tensor) -> Tensor:
        """Estimate the target (B, 1, ...) from the state at ``step`` (B); ``source`` is (B, in_channels, ...)."""
        return self.denoiser(torch.cat([state, source], 1), step)

    def forward(self, source: Tensor) -> Tensor:
        """Walk all the way."""
        middle = source.shape[1] // 2
        start = source[:, middle : middle + 1]
        noise = torch.randn_like(start) if self.sample else torch.zeros_like(start)
        state = start + self.sigma * noise
        target = start
        for number in range(self.steps, 0, -1):
            step = torch.full((len(source),), number, device=source.device)
            target = self.estimate(state, source, step)
            noise = torch.randn_like(start) if self.sample else noise
            state = self.state(target, start, step - 1, noise)
        return target
