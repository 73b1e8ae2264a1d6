"""A small correction dataset with images of several people and contrasts."""

from pathlib import Path

import pytest
from small_corrections import small_image

from crosscontrast.corrections.dataset import CorrectionDataset
from crosscontrast.ground.images import write_image


@pytest.fixture
def images(tmp_path) -> Path:
    """``sub-01`` and ``sub-02`` with two contrasts each."""
    folder = tmp_path / "images"
    folder.mkdir()
    for seed, name in enumerate(("sub-01_T1w", "sub-01_T2w", "sub-02_T1w", "sub-02_T2w")):
        write_image(small_image(seed), folder / f"{name}.nii.gz")
    return folder


@pytest.fixture
def dataset(tmp_path, images) -> CorrectionDataset:
    made = CorrectionDataset.create(tmp_path / "corrections", name="Cords")
    for path in sorted(images.iterdir()):
        made.add(path, author="A. Reader")
    return made
