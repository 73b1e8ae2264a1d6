"""The sections of the panel about all corrections together: retraining the model, and export."""

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CrossContrastLib.browser.widgets import button, reason, section
from SoftCordSegLib.browser.exporting import FORMS, Exporting
from SoftCordSegLib.browser.retraining import Retraining
from SoftCordSegLib.browser.segmenting import Segmenting


def retrain_panel(retraining: Retraining) -> None:
    """Retrain, look at what it changes, accept."""
    name = retraining.typed.name
    with section("Retrain on the corrections", "mdi-school-outline"):
        html.Div(
            "The model of the first page learns from the corrected cases and is measured on the frozen test subjects.",
            classes="text-caption text-medium-emphasis mb-2",
        )
        v3.VSelect(
            v_model=(name.steps,),
            items=("[{title: '3000 steps, 10 to 20 minutes', value: 3000}, {title: '300 steps, to try', value: 300}]",),
            density="compact",
            variant="outlined",
            hide_details=True,
            aria_label="Steps",
            classes="mb-2",
        )
        button("Retrain", "mdi-play", retraining.run, name.why_not, id="retrain", color="primary")
        button("Report", "mdi-file-chart-outline", "window.open('/report', '_blank')", name.why_not_report, id="report")
        reason(name.why_not)
        with v3.VTable(v_if=(f"{name.rows}.length",), density="compact", classes="mt-2"):
            with html.Thead(), html.Tr():
                for title in ("", "before", "after"):
                    html.Th(title)
            with html.Tbody(), html.Tr(v_for=(f"row in {name.rows}",), key="row.name"):
                for field in ("name", "before", "after"):
                    html.Td("{{ row." + field + " }}")
        html.Div("{{ " + name.verdict + " }}", classes="text-body-2 my-2 verdict")
        button("Accept as next version", "mdi-check", retraining.accept, name.why_not_accept, id="accept")
        reason(name.why_not_accept)


def export_panel(exporting: Exporting) -> None:
    """Export the corrected cases and fetch them."""
    name = exporting.typed.name
    items = ", ".join(f"{{title: '{title}', value: '{form}'}}" for form, title in FORMS)
    with section("Export the corrected cases", "mdi-export"):
        v3.VSelect(
            v_model=(name.form,),
            items=(f"[{items}]",),
            density="compact",
            variant="outlined",
            hide_details=True,
            aria_label="Form",
            classes="mb-2 export-form",
        )
        button("Export", "mdi-export", exporting.run, name.why_not, id="export")
        button("Fetch", "mdi-download", "window.open('/export', '_blank')", name.why_not_fetch, id="fetch")
        reason(name.why_not)


def library_panel(segmenting: Segmenting) -> None:
    """List the models of the library: what each is for, and which is the current one of its name."""
    name = segmenting.typed.name
    line = {"v_for": (f"model in {name.library}",), "key": "model.name", "classes": "text-caption model-line mb-1"}
    with section("Models", "mdi-bookshelf"), html.Div(**line):
        html.Span("{{ model.name }}", classes="font-weight-bold")
        html.Span(" {{ model.use }} ")
        html.Span("{{ model.note }}", classes="text-medium-emphasis")
