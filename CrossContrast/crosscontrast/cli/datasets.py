"""Opening a correction dataset from a command, with a word on what is wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING

from crosscontrast.cli.console import Console

if TYPE_CHECKING:
    from crosscontrast.corrections.dataset import CorrectionDataset


def open_dataset(console: Console, folder: Path) -> "CorrectionDataset":
    """Open the dataset; what :meth:`CorrectionDataset.open` warns of is said as sentences."""
    from crosscontrast.corrections.dataset import CorrectionDataset
    from crosscontrast.ground.case import our_warnings

    with our_warnings() as said:
        opened = CorrectionDataset.open(folder)
    console.warn(said)
    return opened
