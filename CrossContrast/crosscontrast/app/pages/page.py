"""The page: views in the middle, a panel of sections beside them, the plot below."""

from collections.abc import Mapping
from typing import Any

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import client, html
from trame.widgets import vuetify3 as v3
from trame_slicer.core import LayoutManager

from crosscontrast.app.pages.brightness import Brightness
from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.compare_panel import compare_panel, translate_panel
from crosscontrast.app.pages.comparing import Comparing
from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.edit_panels import correct_panel, save_panel
from crosscontrast.app.pages.exporting import Exporting
from crosscontrast.app.pages.keys import KEYS, MOUSE
from crosscontrast.app.pages.legends import map_legend
from crosscontrast.app.pages.measuring import Measuring
from crosscontrast.app.pages.model_panel import export_panel, library_panel, retrain_panel
from crosscontrast.app.pages.panels import image_panel, segment_panel, show_panel
from crosscontrast.app.pages.plot import area_plot
from crosscontrast.app.pages.retraining import Retraining
from crosscontrast.app.pages.saving import Saving
from crosscontrast.app.pages.segmenting import Segmenting
from crosscontrast.app.pages.showing import Showing
from crosscontrast.app.pages.translating import Translating
from crosscontrast.app.pages.work import Work
from crosscontrast.app.server.page import page_script
from crosscontrast.app.server.widgets import drop_hint, key_table, notices

TITLE = "CrossContrast"
_WIDTH = 300
_STYLE = """
html { overflow: hidden; }
.panel { overflow-y: auto; height: 100%; }
.v-btn.v-tab.panel-tab { min-width: 0; padding: 0 4px; letter-spacing: 0; font-size: 13px; }
.v-slider.v-input--horizontal { margin-inline: 4px; }
kbd { white-space: nowrap; background: #444; border-radius: 3px; padding: 1px 6px; }
.reason { color: #ffcc80; }
.empty { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; color: #fff;
  pointer-events: none; z-index: 2; }
.stage { height: 100%; display: flex; flex-direction: column; }
.views { touch-action: none; flex: 1; min-height: 0; position: relative; display: flex; }
"""


class CordPage:
    """Draws the page of one session."""

    def __init__(
        self,
        server: Any,
        layouts: LayoutManager,
        keys: Mapping[str, str],
        *,
        cases: Cases,
        work: Work,
        segmenting: Segmenting,
        showing: Showing,
        brightness: Brightness,
        comparing: Comparing,
        translating: Translating,
        correcting: Correcting,
        measuring: Measuring,
        saving: Saving,
        retraining: Retraining,
        exporting: Exporting,
    ) -> None:
        server.state.update({"trame__title": TITLE, "panel_open": True, "panel_tab": "segment", "keys_open": False})
        with VAppLayout(server, theme="dark") as self.layout:
            client.Style(_STYLE)
            client.Script(page_script(keys))
            self._bar(cases, work, showing, correcting)
            with v3.VNavigationDrawer(v_model=("panel_open",), width=_WIDTH, permanent=True):
                with v3.VTabs(v_model=("panel_tab",), density="compact", grow=True, color="primary"):
                    for text in ("Segment", "Correct", "Compare", "Model"):
                        v3.VTab(text, value=text.lower(), classes="text-none panel-tab")
                with html.Div(classes="panel pa-1", style="height:calc(100% - 40px)"):
                    with html.Div(v_show=("panel_tab == 'segment'",)):
                        image_panel(cases, brightness, work)
                        segment_panel(segmenting, work)
                        show_panel(showing, correcting)
                    with html.Div(v_show=("panel_tab == 'correct'",)):
                        correct_panel(correcting, measuring)
                        save_panel(saving, work)
                    with html.Div(v_show=("panel_tab == 'compare'",)):
                        translate_panel(translating, work)
                        compare_panel(comparing)
                    with html.Div(v_show=("panel_tab == 'model'",)):
                        retrain_panel(retraining, segmenting, work)
                        export_panel(exporting, work)
                        library_panel(segmenting)
            with v3.VMain(style="height:100vh"), html.Div(classes="stage"):
                with html.Div(classes="views"):
                    layouts.initialize_layout_grid(self.layout)
                    map_legend(showing)
                    with html.Div(v_if=(f"!{cases.typed.name.title}",), classes="empty"):
                        html.Span(
                            "Drop an image or a DICOM folder here, or choose one in the panel.",
                            classes="text-body-1 px-4 py-2 rounded",
                            style="background:#333",
                        )
                area_plot(measuring)
            notices(cases.typed.name.notice)
            notices("upload_error")
            key_table([*MOUSE, *((key, meaning) for key, meaning, _ in KEYS)], "keys_open")
            drop_hint()

    def _bar(self, cases: Cases, work: Work, showing: Showing, correcting: Correcting) -> None:
        job, edit, show = work.typed.name, correcting.typed.name, showing.typed.name
        with v3.VAppBar(density="compact", flat=True, color="surface"):
            v3.VAppBarNavIcon(click="panel_open = !panel_open", aria_label="Panel")
            v3.VAppBarTitle("{{ " + cases.typed.name.title + f" || '{TITLE}'" + " }}", classes="text-subtitle-1")
            html.Span(
                "{{ " + job.message + " }}",
                classes="text-caption ml-3 mr-1 run-message text-truncate",
                style="max-width:30vw",
                title=(job.message,),
            )
            v3.VBtn(
                v_if=(job.busy,),
                icon="mdi-stop-circle-outline",
                size="small",
                click=work.cancel,
                title="Stop what is under way",
                aria_label="Stop",
                id="stop",
            )
            for icon, label, action, why_not in (
                ("mdi-undo", "Undo", correcting.undo, edit.why_not_undo),
                ("mdi-redo", "Redo", correcting.redo, edit.why_not_redo),
            ):
                with html.Span(title=(f"{why_not} || '{label}'",)):
                    v3.VBtn(
                        icon=icon,
                        size="small",
                        click=action,
                        disabled=(f"!!{why_not}",),
                        aria_label=label,
                        id=label.lower(),
                    )
            v3.VBtn(
                icon="mdi-fit-to-page-outline",
                size="small",
                click=showing.fit,
                title="Fit the image into all views (F)",
                aria_label="Fit",
                id="fit",
            )
            v3.VSelect(
                v_model=(show.layout,),
                items=(show.layouts,),
                density="compact",
                variant="outlined",
                hide_details=True,
                style="max-width:190px",
                aria_label="Layout",
                classes="mx-2 layouts",
            )
            v3.VBtn(
                "Keys", size="small", variant="tonal", classes="text-none mr-2", click="keys_open = true", id="keys"
            )
            v3.VProgressLinear(
                active=(job.busy,), model_value=(job.percent,), absolute=True, location="bottom", color="primary"
            )
