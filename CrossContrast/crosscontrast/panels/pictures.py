"""Pictures in a panel."""

from pathlib import Path
from typing import Any

import qt

#: A label that was never shown says no width of use.
_LEAST = 240


def show_picture(label: Any, path: Path) -> None:
    """Show a picture as wide as its label is; a large one would else push the views off the window."""
    picture = qt.QPixmap(str(path))
    label.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)
    width = max(label.width, _LEAST)
    if picture.width() > width:
        picture = picture.scaledToWidth(width, qt.Qt.SmoothTransformation)
    label.setPixmap(picture)
