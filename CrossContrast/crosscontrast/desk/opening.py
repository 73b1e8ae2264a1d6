"""Opening a correction dataset for somebody who looks at a page: it, or why not, and what is wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING

from crosscontrast.errors import CrossContrastError

if TYPE_CHECKING:
    from crosscontrast.corrections.dataset import CorrectionDataset


def opened(folder: Path) -> "tuple[CorrectionDataset | CrossContrastError | None, list[str]]":
    """Open a dataset: it, or why it cannot be, or nothing where there is none; and what opening says is wrong with it.

    That is a person under two subjects, for example, with how to repair it.
    """
    from crosscontrast.corrections.dataset import CorrectionDataset
    from crosscontrast.corrections.layout import Layout
    from crosscontrast.ground.case import our_warnings

    if not Layout(folder).settings.exists():
        return None, []
    try:
        with our_warnings() as said:
            found = CorrectionDataset.open(folder)
    except CrossContrastError as error:
        return error, []
    return found, said
