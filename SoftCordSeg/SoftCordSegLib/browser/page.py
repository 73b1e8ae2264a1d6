"""The page: views in the middle, a panel of sections beside them."""

from typing import Any

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import client, html
from trame.widgets import vuetify3 as v3
from trame_slicer.core import LayoutManager

from CrossContrastLib.browser.page import page_script
from CrossContrastLib.browser.widgets import drop_hint, notices
from SoftCordSegLib.browser.cases import Cases
from SoftCordSegLib.browser.panels import image_panel, segment_panel, show_panel
from SoftCordSegLib.browser.segmenting import Segmenting
from SoftCordSegLib.browser.showing import Showing

TITLE = "CrossContrast"
_WIDTH = 300
_STYLE = """
html { overflow: hidden; }
.panel { overflow-y: auto; height: 100%; }
.v-slider.v-input--horizontal { margin-inline: 4px; }
kbd { white-space: nowrap; }
"""


class CordPage:
    """Draws the page of one session."""

    def __init__(
        self, server: Any, layouts: LayoutManager, cases: Cases, segmenting: Segmenting, showing: Showing
    ) -> None:
        server.state.trame__title = TITLE
        server.state.panel_open = True
        case, run = cases.typed.name, segmenting.typed.name
        with VAppLayout(server, theme="dark") as self.layout:
            client.Style(_STYLE)
            client.Script(page_script({}))
            with v3.VAppBar(density="compact", flat=True, color="surface"):
                v3.VAppBarNavIcon(click="panel_open = !panel_open", aria_label="Panel")
                v3.VAppBarTitle("{{ " + case.title + " || '" + TITLE + "' }}", classes="text-subtitle-1")
                v3.VSelect(
                    v_model=(showing.typed.name.layout,),
                    items=(showing.typed.name.layouts,),
                    density="compact",
                    variant="outlined",
                    hide_details=True,
                    style="max-width:190px",
                    aria_label="Layout",
                    classes="mr-2 layouts",
                )
                v3.VProgressLinear(
                    active=(run.busy,), model_value=(run.percent,), absolute=True, location="bottom", color="primary"
                )
            with (
                v3.VNavigationDrawer(v_model=("panel_open",), width=_WIDTH, permanent=True),
                html.Div(classes="panel pa-1"),
            ):
                image_panel(cases)
                segment_panel(segmenting)
                show_panel(showing)
            with v3.VMain(), html.Div(style="position:absolute;inset:0;display:flex"):
                layouts.initialize_layout_grid(self.layout)
            notices(case.notice)
            notices("upload_error")
            drop_hint()
