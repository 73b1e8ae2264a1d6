"""Colour legends of the page, drawn by the browser: sharp at any size, and out of the way of the anatomy."""

from collections.abc import Sequence

from trame.widgets import html

from crosscontrast.app.pages.measuring import Measuring
from crosscontrast.app.pages.showing import Showing
from crosscontrast.scene.colours import SOFT_PALETTES, Colour
from crosscontrast.scene.difference import LABELS

_PLACE = (
    "position:absolute;top:8px;right:10px;z-index:2;pointer-events:none;color:#fff;font-size:12px;line-height:1.2;"
    "text-shadow:0 0 3px #000,0 0 3px #000"
)
_BAR = "width:12px;height:110px;border:1px solid #fff8;margin-right:5px"


def map_legend(showing: Showing) -> None:
    """The colours of the map that is shown: share of cord, or standard deviation."""
    name = showing.typed.name
    for palette, title, ticks, when in (
        ("fire", "cord share", ("1.0", "0.5", "0.0"), f"!{name.why_not} && !{name.uncertainty}"),
        ("ice", "doubt (SD)", ("0.50", "0.25", "0.00"), f"!{name.why_not} && {name.uncertainty}"),
    ):
        with html.Div(v_if=(when,), style=_PLACE, classes="legend"):
            html.Div(title, classes="mb-1 text-right")
            with html.Div(classes="d-flex justify-end"):
                html.Div(style=f"{_BAR};background:{_gradient(SOFT_PALETTES[palette])}")
                with html.Div(classes="d-flex flex-column justify-space-between"):
                    for tick in ticks:
                        html.Span(tick)


def difference_legend(measuring: Measuring) -> None:
    """What the colours of the correction mean."""
    with html.Div(v_if=(measuring.typed.name.difference,), classes="text-caption difference-legend"):
        for text, colour in LABELS:
            with html.Div(classes="d-flex align-center"):
                html.Span(style=f"width:12px;height:12px;margin-right:6px;background:{_css(colour)}")
                html.Span(text)


def _gradient(stops: Sequence[Colour]) -> str:
    return f"linear-gradient(to top, {', '.join(_css(stop) for stop in stops)})"


def _css(colour: Colour) -> str:
    return f"rgb({', '.join(str(round(255 * part)) for part in colour)})"
