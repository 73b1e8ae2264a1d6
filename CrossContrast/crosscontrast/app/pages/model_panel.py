"""The sections of the panel about all corrections together: retraining the model, and export."""

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from crosscontrast.app.pages.exporting import Exporting
from crosscontrast.app.pages.panels import said
from crosscontrast.app.pages.retraining import Retraining
from crosscontrast.app.pages.segmenting import Segmenting
from crosscontrast.app.pages.work import Work
from crosscontrast.app.server.widgets import button, reason, section
from crosscontrast.cord.retrain.steps import FEWEST_STEPS, MOST_STEPS
from crosscontrast.desk.cases import FORMS

_FIELD = {"density": "compact", "variant": "outlined", "hide_details": True}
_SMALL = "text-caption text-medium-emphasis"
_BREAK = "overflow-wrap:anywhere"


def retrain_panel(retraining: Retraining, segmenting: Segmenting, work: Work) -> None:
    """Retrain, look at what it changes, decide about it."""
    name, job = retraining.typed.name, work.typed.name
    with section("Retrain on the corrections", "mdi-school-outline"):
        html.Div(
            "A model learns from the corrected cases and is measured on the frozen test subjects, before and after.",
            classes="text-caption text-medium-emphasis mb-2",
        )
        chosen = segmenting.typed.name
        v3.VSelect(
            v_model=(chosen.model,),
            items=(chosen.models,),
            label="Model to begin with",
            disabled=(job.busy,),
            classes="mb-2 base-model",
            **_FIELD,
        )
        v3.VTextField(
            v_model=(name.steps,),
            label="Steps",
            type="number",
            disabled=(job.busy,),
            __properties=["min", "max", "step"],
            min=FEWEST_STEPS,
            max=MOST_STEPS,
            step=10,
            classes="mb-1 steps",
            **_FIELD,
        )
        html.Div("{{ " + name.expected + " }}", v_if=(f"{name.expected} && !{job.busy}",), classes=f"{_SMALL} expected")
        html.Div(
            "This was begun and goes on where it was stopped.",
            v_if=(f"{name.goes_on} && !{job.busy}",),
            classes=f"{_SMALL} goes-on",
        )
        html.Div("{{ " + name.doubts + " }}", v_if=(name.doubts,), classes=f"{_SMALL} dataset-doubts")
        button("Retrain", "mdi-play", retraining.run, name.why_not, id="retrain", color="primary")
        button("Cancel", "mdi-stop", work.cancel, job.why_not_cancel, id="cancel-retraining")
        reason(name.why_not)
        said(work, ("cord.retrain",), "retrain-message")
        _outcome(retraining)
    with v3.VDialog(v_model=(name.asking_lot,), max_width=460), v3.VCard(title="Fix the test subjects?"):
        v3.VCardText("{{ " + name.question + " }}")
        with v3.VCardActions():
            v3.VSpacer()
            v3.VBtn("Back", classes="text-none", click=f"{name.asking_lot} = false")
            fix = {"click": retraining.run_with_lot, "color": "warning", "id": "fix-test-subjects"}
            v3.VBtn("Fix and retrain", classes="text-none", **fix)


def _outcome(retraining: Retraining) -> None:
    """The figures of the last retraining, the gate's verdict on it, and what can be decided."""
    name = retraining.typed.name
    with v3.VTable(v_if=(f"{name.rows}.length",), density="compact", classes="mt-2 figures"):
        with html.Thead(), html.Tr():
            for title in ("On the test subjects", "before", "after"):
                html.Th(title)
        with html.Tbody(), html.Tr(v_for=(f"row in {name.rows}",), key="row.name", title=("row.difference",)):
            for field in ("name", "before", "after"):
                html.Td("{{ row." + field + " || row.difference }}" if field == "after" else "{{ row." + field + " }}")
    html.Div("{{ " + name.verdict + " }}", classes="text-body-2 mt-2 verdict")
    html.Div("{{ sentence }}", v_for=(f"sentence in {name.reasons}",), key="sentence", classes=f"{_SMALL} against")
    html.Div("{{ " + name.decided + " }}", v_if=(name.decided,), classes="text-body-2 my-1 decided", style=_BREAK)
    with html.Div(classes="mt-2"):
        button("Accept", "mdi-check", retraining.accept, name.why_not_accept, id="accept")
        button("Keep aside", "mdi-archive-outline", retraining.keep, name.why_not_keep, id="keep-aside")
        button("Report", "mdi-file-chart-outline", "window.open('/report', '_blank')", name.why_not_report, id="report")
        button("Roll back", "mdi-history", retraining.roll_back, name.why_not_roll_back, id="roll-back")
    reason(name.why_not_accept)
    html.Div(f"Rolling back makes {{{{ {name.before} }}}} current.", v_if=(name.before,), classes=f"{_SMALL} before")
    with v3.VDialog(v_model=(name.asking,), max_width=460), v3.VCard(title="Accept against the gate?"):
        with v3.VCardText():
            html.Div("{{ sentence }}", v_for=(f"sentence in {name.reasons}",), key="sentence", classes="mb-1")
        with v3.VCardActions():
            v3.VSpacer()
            v3.VBtn("Back", classes="text-none", click=f"{name.asking} = false")
            accept = {"click": retraining.accept_anyway, "color": "warning", "id": "accept-anyway"}
            v3.VBtn("Accept all the same", classes="text-none", **accept)


def export_panel(exporting: Exporting, work: Work) -> None:
    """Export the corrected cases and fetch them."""
    name = exporting.typed.name
    items = ", ".join(f"{{title: '{title}', value: '{form}'}}" for form, title in FORMS.items())
    with section("Export the corrected cases", "mdi-export"):
        v3.VSelect(
            v_model=(name.form,),
            items=(f"[{items}]",),
            aria_label="Form",
            classes="mb-2 export-form",
            **_FIELD,
        )
        button("Export", "mdi-export", exporting.run, name.why_not, id="export")
        button("Fetch", "mdi-download", "window.open('/export', '_blank')", name.why_not_fetch, id="fetch")
        reason(name.why_not)
        said(work, ("corrections.export",), "export-message")


def library_panel(segmenting: Segmenting) -> None:
    """List the models of the library: what each is for, and which is the current one of its name."""
    name = segmenting.typed.name
    line = {"v_for": (f"model in {name.library}",), "key": "model.name", "classes": "text-caption model-line mb-1"}
    with section("Models", "mdi-bookshelf"), html.Div(**line):
        html.Span("{{ model.name }}", classes="font-weight-bold mr-1")
        html.Span("{{ model.use }}", classes="mr-1")
        html.Span("({{ model.note }})", v_if=("model.note",), classes="text-medium-emphasis")
