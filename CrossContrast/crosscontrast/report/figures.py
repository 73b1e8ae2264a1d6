"""Figures: how each is begun and saved, and the colours of the house.

They are drawn without a display and without pyplot, which would keep every figure until it is closed.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from crosscontrast.ground.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colours that people with a colour vision deficiency can tell apart (Okabe and Ito).
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
#: Dots per inch of a figure in a report.
DPI = 110


def new_figure(width: float, height: float, *, by_hand: bool = False) -> "Figure":
    """Return an empty white figure of a size in inches.

    Matplotlib finds places for its axes, unless they are put ``by_hand``: finding takes .3 s where there are ten.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=None if by_hand else "constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def open_frame(axes: "Axes") -> None:
    """Leave only the left and the lower line of the frame around a plot."""
    axes.spines[["top", "right"]].set_visible(False)


def figure_png(figure: "Figure") -> bytes:
    """Return the figure as the content of a PNG file."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return stream.getvalue()


def save_figure(figure: "Figure", path: Path, *, dpi: int = DPI) -> None:
    """Write the figure as PNG, whole or not at all; raises :class:`crosscontrast.errors.OutputError`."""
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=dpi, format="png")
