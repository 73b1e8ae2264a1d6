"""Small cohorts of phantoms and settings that train in seconds."""

import pytest

from crosscontrast.synthesis.phantom.write import write_phantoms
from crosscontrast.synthesis.training.config import TrainingConfig


@pytest.fixture(scope="session")
def prostates(tmp_path_factory):
    """The cohort table of twelve prostate phantoms of 16 voxels a side: all three splits."""
    return write_phantoms("prostate", tmp_path_factory.mktemp("prostates"), subjects=12, size=16)


@pytest.fixture
def settings(prostates):
    """Makes settings of a training of a few steps."""

    def make(network="unet3d", **more):
        given = {"cohort": prostates, "source": "us", "target": "t2w", "width": 4, "steps": 2, "log_steps": 1}
        return TrainingConfig(network=network, **given | more)

    return make
