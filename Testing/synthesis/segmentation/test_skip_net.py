"""Every skip connection can be switched, and does what it is called."""

from itertools import product

import pytest
import torch

from crosscontrast.errors import ModelError
from crosscontrast.models.networks import build_network

SMALL = {"in_channels": 2, "out_channels": 3, "channels": [4, 6, 8]}


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(("horizontal", "vertical"), list(product([True, False], repeat=2)))
def test_unet_frrn_hybrid_and_neither_keep_the_size(dims, horizontal, vertical):
    network = build_network("SkipNet", spatial_dims=dims, horizontal=horizontal, vertical=vertical, **SMALL)
    assert network(torch.rand(2, 2, *[16] * dims)).shape == (2, 3, *[16] * dims)


def test_single_switches_change_the_number_of_weights():
    counts = {
        switches: sum(
            p.numel()
            for p in build_network("SkipNet", spatial_dims=2, vertical=False, horizontal=switches, **SMALL).parameters()
        )
        for switches in product([True, False], repeat=2)
    }
    # A skip of c channels adds 9 c weights for each of the c outputs of the block that takes it.
    assert counts[True, False] - counts[False, False] == 9 * 4 * 4
    assert counts[False, True] - counts[False, False] == 9 * 6 * 6
    assert counts[True, True] - counts[False, False] == 9 * 4 * 4 + 9 * 6 * 6


def test_the_stream_carries_detail_past_the_bottom():
    """With the horizontal skips off, a single voxel changes far output only by the stream's own resolution."""
    torch.manual_seed(0)
    network = build_network("SkipNet", spatial_dims=2, horizontal=False, vertical=True, **SMALL).eval()
    flat = build_network("SkipNet", spatial_dims=2, horizontal=False, vertical=False, **SMALL).eval()
    changes = []
    for net in (network, flat):
        x = torch.zeros(1, 2, 16, 16, requires_grad=True)
        net(x)[0, 0, 8, 8].backward()
        share = x.grad.abs()[0, :, 6:11, 6:11].sum() / x.grad.abs().sum()
        changes.append(float(share))
    assert changes[0] > changes[1]


def test_a_wrong_number_of_switches_is_refused():
    with pytest.raises(ModelError, match="horizontal needs 2 switches, got 1"):
        build_network("SkipNet", spatial_dims=2, horizontal=[True], **SMALL)
