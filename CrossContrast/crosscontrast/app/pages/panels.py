"""The sections of the panel that open, segment and show an image."""

from collections.abc import Sequence

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from crosscontrast.app.pages.brightness import Brightness
from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.segmenting import Segmenting
from crosscontrast.app.pages.showing import Showing
from crosscontrast.app.pages.work import Work
from crosscontrast.app.server.widgets import button, reason, section, slider

_SELECT = {"density": "compact", "variant": "outlined", "hide_details": True}


def said(work: Work, kinds: Sequence[str], classes: str) -> None:
    """What was said last of a job of these kinds, where there was one."""
    job = work.typed.name
    html.Div(
        "{{ " + job.message + " }}", v_if=(f"{list(kinds)}.includes({job.kind})",), classes=f"text-caption {classes}"
    )


def image_panel(cases: Cases, brightness: Brightness, work: Work) -> None:
    """Choose an image of the list, send one, go to the next, and set how bright it is."""
    name = cases.typed.name
    with section("Image", "mdi-image-outline"):
        v3.VSelect(
            model_value=(name.active,),
            update_modelValue=(cases.open, "[$event]"),
            items=(name.items,),
            item_props=True,
            placeholder="none yet",
            aria_label="Image",
            classes="mb-2 cases",
            disabled=(work.typed.name.busy,),
            **_SELECT,
        )
        button("Next", "mdi-skip-next", cases.open_next, name.why_not_next, id="next-case")
        for text, icon, more in (
            ("Files", "mdi-file-upload-outline", ""),
            ("Folder", "mdi-folder-upload-outline", "webkitdirectory"),
        ):
            with html.Label(classes="v-btn v-btn--size-small v-btn--variant-tonal v-btn--density-default mr-1 mb-1"):
                v3.VIcon(icon, classes="mr-1")
                html.Span(text, classes="text-none")
                html.Input(
                    type="file",
                    classes="upload",
                    multiple=True,
                    style="display:none",
                    __properties=["webkitdirectory"],
                    **({more: True} if more else {}),
                )
        v3.VProgressLinear(v_if=("upload_percent >= 0",), model_value=("upload_percent",), classes="mb-1")
        html.Div("or drop an image or a DICOM folder on the page", classes="text-caption text-medium-emphasis")
        _brightness(brightness)


def _brightness(brightness: Brightness) -> None:
    name = brightness.typed.name
    with html.Div(classes="d-flex align-center text-caption mt-1"):
        html.Span("Black to white", classes="mr-2", style="white-space:nowrap")
        v3.VRangeSlider(
            v_model=(name.limits,),
            min=(name.lowest,),
            max=(name.highest,),
            step=(name.step,),
            strict=True,
            density="compact",
            hide_details=True,
            disabled=(f"!!{name.why_not}",),
            classes="brightness",
            aria_label="Black to white",
        )
        v3.VBtn(
            "Auto",
            size="x-small",
            variant="text",
            classes="text-none",
            click=brightness.auto,
            disabled=(f"!!{name.why_not}",),
            id="auto-brightness",
        )


def segment_panel(segmenting: Segmenting, work: Work) -> None:
    """Choose a model and run it."""
    name, job = segmenting.typed.name, work.typed.name
    with section("Segment", "mdi-auto-fix"):
        v3.VSelect(v_model=(name.model,), items=(name.models,), aria_label="Model", classes="mb-1 models", **_SELECT)
        v3.VCheckbox(
            v_model=(name.uncertainty,), label="How sure? (six times as long)", density="compact", hide_details=True
        )
        button("Run", "mdi-play", segmenting.run, name.why_not, id="run", color="primary")
        button("Cancel", "mdi-stop", work.cancel, job.why_not_cancel, id="cancel")
        reason(name.why_not)
        said(work, ("cord.segment", "cord.open-case"), "run-message")


def show_panel(showing: Showing, correcting: Correcting) -> None:
    """Set how the soft map and the segment are drawn."""
    name, edit = showing.typed.name, correcting.typed.name
    off = {"disabled": (f"!!{name.why_not}",)}
    with section("Soft map", "mdi-layers-outline"):
        slider("Opacity", name.opacity, 0, 1, 0.05, classes="opacity", **off)
        slider("Show from", name.threshold, 0, 1, 0.01, classes="threshold", **off)
        v3.VSwitch(
            v_model=(name.uncertainty,),
            label="Show the doubt instead",
            density="compact",
            hide_details=True,
            color="primary",
            disabled=(f"!!{name.why_not_uncertainty}",),
        )
        v3.VSwitch(
            v_model=(edit.surface,),
            label="Surface of the segment in 3D",
            density="compact",
            hide_details=True,
            color="primary",
            disabled=(f"!!{edit.why_not_tool}",),
        )
        reason(f"{name.why_not} || {name.why_not_uncertainty}")
