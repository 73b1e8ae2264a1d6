"""The sections of the panel that translate an image and look at images side by side."""

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from crosscontrast.app.pages.comparing import Comparing
from crosscontrast.app.pages.panels import said
from crosscontrast.app.pages.translating import Translating
from crosscontrast.app.pages.work import Work
from crosscontrast.app.server.widgets import button, reason, section

_SELECT = {"density": "compact", "variant": "outlined", "hide_details": True}
#: How the gate's decisions look, and what they mean.
_VERDICTS = {
    "go": ("success", "Go: nothing speaks against the synthetic image."),
    "caution": ("warning", "Caution: look closely before you rely on it."),
    "stop": ("error", "Stop: do not rely on the synthetic image."),
    "none": ("grey", "No verdict."),
}


def compare_panel(comparing: Comparing) -> None:
    """Choose what lies beside the image, how the row is turned, and blinking."""
    name = comparing.typed.name
    with section("Side by side", "mdi-view-column-outline"):
        v3.VSelect(
            v_model=(name.chosen,),
            items=(name.items,),
            label="Compare with (up to 3)",
            multiple=True,
            chips=True,
            closable_chips=True,
            disabled=(f"!!{name.why_not}",),
            classes="mb-2 beside",
            **_SELECT,
        )
        button("This patient", "mdi-account-outline", comparing.same_patient, name.why_not_patient, id="same-patient")
        v3.VSelect(
            v_model=(name.orientation,),
            items=(name.orientations,),
            label="Plane of the row",
            disabled=(f"!!{name.why_not}",),
            classes="my-2 row-plane",
            **_SELECT,
        )
        button("Swap", "mdi-swap-horizontal", comparing.flip, name.why_not_blink, id="flip")
        v3.VSwitch(
            v_model=(name.blink,),
            label="Blink the image with the first of them",
            density="compact",
            hide_details=True,
            color="primary",
            disabled=(f"!!{name.why_not_blink}",),
            classes="blink",
        )
        html.Div(
            "shown in its place: {{ " + name.in_place + " }}", v_if=(name.in_place,), classes="text-caption in-place"
        )
        reason(f"{name.why_not} || {name.why_not_blink}")


def translate_panel(translating: Translating, work: Work) -> None:
    """Choose a translation model, run it, read the gate's verdict."""
    name, job = translating.typed.name, work.typed.name
    with section("Translate", "mdi-image-sync-outline"):
        v3.VSelect(
            v_model=(name.model,),
            items=(name.models,),
            item_props=True,
            label="Translation model",
            disabled=(f"!{name.models}.length",),
            classes="mb-1 translators",
            **_SELECT,
        )
        html.Div("{{ " + name.about + " }}", v_if=(name.about,), classes="text-caption about-model")
        with html.Div(v_if=(f"{name.doubts}.length",), classes="doubts"):
            html.Div(
                "{{ doubt }}",
                v_for=(f"doubt in {name.doubts}",),
                key="doubt",
                classes="text-caption text-warning doubt",
            )
        v3.VSelect(
            v_model=(name.output,),
            items=(name.outputs,),
            label="Make",
            v_if=(f"{name.outputs}.length",),
            classes="my-1 translate-output",
            **_SELECT,
        )
        v3.VCheckbox(
            v_model=(name.uncertainty,),
            label="How sure? (nine times as long)",
            density="compact",
            hide_details=True,
            classes="translate-uncertainty",
        )
        button("Translate", "mdi-play", translating.run, name.why_not, id="translate", color="primary")
        button("Cancel", "mdi-stop", work.cancel, job.why_not_cancel, id="cancel-translation")
        button("Sample", "mdi-flask-outline", translating.sample, name.why_not_sample, id="load-sample")
        reason(name.why_not)
        said(work, ("image.translate", "synth.error-map"), "translate-message")
        _verdict(translating)
        v3.VSelect(
            v_model=(name.target,),
            items=(name.targets,),
            label="Real image that it stands for",
            clearable=True,
            disabled=(f"!{name.targets}.length",),
            classes="my-2 real-target",
            **_SELECT,
        )
        button("Error map", "mdi-delta", translating.map_error, name.why_not_error, id="error-map")
        reason(name.why_not_error)
        html.Div("{{ " + name.error + " }}", v_if=(name.error,), classes="text-caption error-figures")


def _verdict(translating: Translating) -> None:
    name = translating.typed.name
    with html.Div(v_if=(name.verdict,), classes="mt-2 gate"):
        for verdict, (colour, sentence) in _VERDICTS.items():
            v3.VAlert(
                sentence,
                v_if=(f"{name.verdict} == '{verdict}'",),
                color=colour,
                density="compact",
                variant="tonal",
                classes=f"text-body-2 gate-{verdict}",
            )
        for field, before in ((name.reasons, ""), (name.passed, "fine: "), (name.unchecked, "not looked at: ")):
            html.Div(
                f"{before}{{{{ sentence }}}}", v_for=(f"sentence in {field}",), key="sentence", classes="text-caption"
            )
