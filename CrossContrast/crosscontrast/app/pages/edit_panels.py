"""The sections of the panel that correct and save."""

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.legends import difference_legend
from crosscontrast.app.pages.measuring import Measuring
from crosscontrast.app.pages.panels import said
from crosscontrast.app.pages.saving import Saving
from crosscontrast.app.pages.work import Work
from crosscontrast.app.server.widgets import button, reason, section, slider

_TOOLS = (
    ("paint", "Paint", "mdi-brush"),
    ("erase", "Erase", "mdi-eraser"),
    ("scissors", "Scissors", "mdi-content-cut"),
    ("threshold", "Range", "mdi-tune-vertical"),
    ("raise", "Raise", "mdi-arrow-up-bold-circle-outline"),
    ("lower", "Lower", "mdi-arrow-down-bold-circle-outline"),
)


def correct_panel(correcting: Correcting, measuring: Measuring) -> None:
    """Make the segment, take up a tool, undo."""
    name, data = correcting.typed.name, measuring.typed.name
    with section("Correct", "mdi-pencil-outline"):
        slider("Cut at", name.cut, 0.05, 0.95, 0.05, classes="cut", disabled=(f"!!{name.why_not_segment}",))
        button("Make segment", "mdi-vector-polygon", correcting.make_segment, name.why_not_segment, id="make-segment")
        with html.Div(classes="d-flex flex-wrap"):
            for tool, text, icon in _TOOLS:
                button(
                    text,
                    icon,
                    (correcting.choose, f"['{tool}']"),
                    name.why_not_tool,
                    id=f"tool-{tool}",
                    active=(f"{name.tool} == '{tool}'",),
                    color=(f"{name.tool} == '{tool}' ? 'primary' : undefined",),
                )
        _tool_settings(correcting)
        button("Smooth", "mdi-blur", correcting.smooth, name.why_not_tool, id="smooth")
        button("Largest part", "mdi-circle-slice-8", correcting.keep_largest, name.why_not_tool, id="islands")
        v3.VSwitch(
            v_model=(data.difference,),
            label="Show what was corrected",
            density="compact",
            hide_details=True,
            color="primary",
            disabled=(f"!!{data.why_not_difference}",),
            classes="difference",
        )
        difference_legend(measuring)
        reason(name.why_not_tool)
        html.Div(
            "{{ " + name.changed + " }} voxels differ from the prediction",
            v_if=(f"!{name.why_not_tool}",),
            classes="text-caption changed",
        )


def _tool_settings(correcting: Correcting) -> None:
    """What can be set of the tool in hand, and nothing else."""
    name = correcting.typed.name
    with html.Div(v_if=(f"['paint', 'erase', 'raise', 'lower'].includes({name.tool})",)):
        slider("Brush, mm", name.diameter, 1, 40, 0.5, classes="diameter")
    with html.Div(v_if=(f"['paint', 'erase'].includes({name.tool})",)):
        v3.VCheckbox(v_model=(name.sphere,), label="Also above and below", density="compact", hide_details=True)
    with html.Div(v_if=(f"['raise', 'lower'].includes({name.tool})",)):
        slider("Strength", name.strength, 0.05, 1, 0.05, classes="strength")
    with html.Div(v_if=(f"{name.tool} == 'scissors'",)):
        v3.VCheckbox(v_model=(name.all_slices,), label="Through all slices", density="compact", hide_details=True)
    with html.Div(v_if=(f"{name.tool} == 'threshold'",)):
        bounds = {"min": (name.lowest,), "max": (name.highest,)}
        for text, model in (("From", name.low), ("To", name.high)):
            v3.VTextField(
                model_value=(model,),
                change=f"{model} = Math.min(Math.max(Number($event.target.value), {name.lowest}), {name.highest})",
                label=f"{text} (intensity)",
                type="number",
                density="compact",
                hide_details=True,
                classes="mb-1",
                __properties=["min", "max"],
                **bounds,
            )
        button("Remove what is outside", "mdi-tune-vertical", correcting.cut_to_range, name.why_not_tool, id="range")


def save_panel(saving: Saving, work: Work) -> None:
    """Save into the dataset, or take files away."""
    name = saving.typed.name
    with section("Save", "mdi-content-save-outline"):
        for text, model in (("Your name", name.author), ("A word on it", name.note)):
            v3.VTextField(
                v_model=(model,),
                label=text,
                density="compact",
                variant="outlined",
                hide_details=True,
                classes=f"mb-1 {model.split('__')[-1]}",
            )
        button("Save correction", "mdi-content-save", saving.save, name.why_not, id="save", color="primary")
        button(
            "Download",
            "mdi-download",
            "window.open('/download', '_blank')",
            name.why_not_download,
            id="download",
        )
        reason(name.why_not)
        said(work, ("corrections.save",), "save-message")
        html.Div("not saved yet", v_if=(name.unsaved,), classes="text-caption unsaved")
    with v3.VDialog(v_model=(name.asking,), max_width=460), v3.VCard(title="Save this mask?"):
        v3.VCardText("{{ " + name.question + " }}")
        with v3.VCardActions():
            v3.VSpacer()
            v3.VBtn("Back", classes="text-none", click=f"{name.asking} = false")
            anyway = {"click": saving.save_anyway, "color": "warning", "id": "save-anyway"}
            v3.VBtn("Save all the same", classes="text-none", **anyway)
