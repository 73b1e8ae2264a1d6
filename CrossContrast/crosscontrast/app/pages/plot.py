"""The plot of the area along the cord, below the views."""

from trame.widgets import html

from crosscontrast.app.pages.measuring import Measuring
from crosscontrast.app.pages.placing import TRIGGER

HEIGHT = 92
#: How far to the right an event lies in the element that listens to it.
_SHARE = "($event.clientX - $event.currentTarget.getBoundingClientRect().left) / $event.currentTarget.clientWidth"


def area_plot(measuring: Measuring) -> None:
    """Draw the areas as they are now, and dashed as they were predicted; feet are on the left.

    A line marks the axial slice that is shown.
    """
    name = measuring.typed.name
    with html.Div(
        v_if=(name.now,),
        classes="area-plot px-3 py-1",
        style=f"height:{HEIGHT}px;position:relative;background:#15171a;flex:none",
    ):
        with html.Div(classes="d-flex justify-space-between text-caption", style="line-height:1.1"):
            html.Span("Area along the cord, up to {{ " + name.top + " }}")
            html.Span("{{ " + name.summary + " }}", classes="area-summary")
        svg = (
            '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" style="width:100%;height:52px;display:block">'
            '<line x1="0" x2="1000" y1="100" y2="100" stroke="#666" vector-effect="non-scaling-stroke"/>'
            f'<path :d="{name.before}" fill="none" stroke="#9aa4b2" stroke-dasharray="4 3" stroke-width="1.5" '
            'vector-effect="non-scaling-stroke"/>'
            f'<path :d="{name.now}" fill="none" stroke="#ffb454" stroke-width="2" vector-effect="non-scaling-stroke" '
            'class="area-now"/>'
            f'<line v-if="{name.at}" :x1="{name.at}" :x2="{name.at}" y1="0" y2="100" stroke="#6cb6ff" '
            'vector-effect="non-scaling-stroke" class="area-at"/></svg>'
        )
        go = f"trigger('{TRIGGER}', [{_SHARE}])"
        html.Div(
            svg,
            classes="area-picture",
            __events=["pointerdown", "pointermove"],
            style="cursor:pointer;touch-action:none",
            title="Click or drag to go to a place along the cord",
            pointerdown=go,
            pointermove=f"$event.buttons === 1 && {go}",
        )
        with html.Div(classes="d-flex justify-space-between text-caption", style="line-height:1.1"):
            html.Span("{{ " + name.left + " }}")
            html.Span("{{ " + name.right + " }}")
