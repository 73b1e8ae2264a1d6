"""What the quality gate says about a translated volume: kept with the volume, and shown in the panel."""

from html import escape
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from crosscontrast.radiomics.gate.verdict import GateVerdict

#: Attributes of a volume node, which are saved with the scene.
_DECISION, _LINES = "CrossContrast.gate", "CrossContrast.gate.lines"
#: Ends the name of a volume that the gate stopped, which Slicer writes into the corner of every view that shows it.
NOT_USABLE = " - STOP, not usable"
_COLOURS = {"go": "#d8f0dc", "caution": "#fff2cc", "stop": "#e05a4e", "": "#e8e8e8"}


def mark(node: Any, verdict: "GateVerdict | None") -> None:
    """Keep a verdict with a volume node (``None``: it was not judged); a stop shows in the node's name."""
    decision = verdict.decision if verdict else ""
    node.SetAttribute(_DECISION, decision)
    node.SetAttribute(_LINES, "\n".join(verdict.lines()) if verdict else "")
    name = node.GetName().removesuffix(NOT_USABLE)
    node.SetName(name + NOT_USABLE if decision == "stop" else name)


class GateView:
    """A coloured label with the decision and its reasons, as the last row of the page ``tab`` (a form)."""

    def __init__(self, tab: Any) -> None:
        self.label = qt.QLabel()
        self.label.wordWrap = True
        self.label.setTextFormat(qt.Qt.RichText)
        tab.layout().addRow(_("Quality gate:"), self.label)
        self.show(None)

    def show(self, node: Any) -> None:
        """Show what was said about a volume node; ``None``: nothing is translated yet."""
        decision = node.GetAttribute(_DECISION) if node else None
        words = {
            "go": _("Go"),
            "caution": _("Caution: look at the reasons before you rely on this image"),
            "stop": _("STOP: do not use this image"),
            "": _("Not judged"),
        }
        colour = "transparent" if decision is None else _COLOURS[decision]
        self.label.setStyleSheet(f"background: {colour}; color: black; padding: 4px;")
        if decision is None:
            self.label.text = _("says whether a translation can be relied on")
            return
        lines = "".join(f"<br>{escape(line)}" for line in (node.GetAttribute(_LINES) or "").splitlines())
        self.label.text = f"<b>{escape(words[decision])}</b>{lines}"
