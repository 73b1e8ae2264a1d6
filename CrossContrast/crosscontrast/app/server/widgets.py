"""Small parts that pages are made of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3


@contextmanager
def section(title: str, icon: str) -> Iterator[None]:
    """A titled part of the side panel."""
    with v3.VCard(variant="flat", classes="mb-1 px-3 py-2", color="surface"):
        with html.Div(classes="d-flex align-center mb-1 text-subtitle-2"):
            v3.VIcon(icon, size="small", classes="mr-2")
            html.Span(title)
        yield


def button(text: str, icon: str, click: Any, why_not: str = "", **more: Any) -> Any:
    """A button that is disabled while the state expression ``why_not`` gives a reason, which its tool tip then says."""
    extra: dict[str, Any] = {"disabled": (f"!!({why_not})",)} if why_not else {}
    shown = {"size": "small", "variant": "tonal", "classes": "mr-1 mb-1 text-none", **more}
    hint = (why_not or "''",)
    with html.Span(title=hint):
        return v3.VBtn(text, prepend_icon=icon, click=click, **extra, **shown)


def reason(why_not: str) -> None:
    """A line that says why the buttons above it are disabled; tool tips do not show on a touch screen."""
    html.Div("{{ " + why_not + " }}", v_if=(why_not,), classes="text-caption text-medium-emphasis reason")


def slider(label: str, model: str, low: float, high: float, step: float, **more: Any) -> Any:
    """A slider with its label above and its value beside it; ``model`` is the name of the state."""
    shown = {"density": "compact", "hide_details": True, "aria_label": label, **more}
    with html.Div(classes="d-flex justify-space-between text-caption mt-1"):
        html.Span(label)
        html.Span("{{ Number(" + model + ").toFixed(" + ("0" if step >= 1 else "2") + ") }}")
    return v3.VSlider(v_model=(model,), min=low, max=high, step=step, **shown)


def drop_hint() -> None:
    """Cover the page while files are dragged over it."""
    with html.Div(
        v_if=("dropping",),
        style="position:fixed;inset:0;z-index:3000;background:#000a;pointer-events:none",
        classes="d-flex align-center justify-center text-h5",
    ):
        html.Span("Drop an image (NIfTI, NRRD, MHA) or a DICOM folder")


def notices(model: str) -> None:
    """Show one sentence at a time, until the user closes it or the next comes; ``model`` is the name of its state."""
    with v3.VSnackbar(
        model_value=(f"!!{model}",),
        timeout=-1,
        location="top",
        color="surface-variant",
        multi_line=True,
        classes="notice",
    ):
        html.Span("{{ " + model + " }}")
        with v3.Template(v_slot_actions=True):
            v3.VBtn("Close", variant="text", classes="text-none", click=f"{model} = ''")


def key_table(keys: Sequence[tuple[str, str]], model: str) -> None:
    """A dialog with the keys and what they do; ``model`` is the name of the state that opens it."""
    with v3.VDialog(v_model=(model,), max_width=760), v3.VCard(title="Keys and mouse"):
        with html.Div(style="columns:2 300px;column-gap:24px", classes="px-6 text-body-2 key-table"):
            for key, meaning in keys:
                with html.Div(classes="d-flex align-center py-1", style="break-inside:avoid"):
                    html.Kbd(key, classes="mr-2")
                    html.Span(meaning)
        with v3.VCardActions():
            v3.VSpacer()
            v3.VBtn("Close", classes="text-none", click=f"{model} = false")
