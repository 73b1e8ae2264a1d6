"""The steps of the panel, of which one is seen at a time, and the line that says what to do next."""

from typing import Any

import qt
from slicer.i18n import tr as _

from crosscontrast.scene.results import case_of, source_of

PATIENT, SEGMENT, CORRECT, SAVE, NEXT = range(5)


class Steps:
    """Binds ``tabWidget`` and ``adviceLabel``."""

    def __init__(self, ui: Any) -> None:
        self._tabs, self._label = ui.tabWidget, ui.adviceLabel
        self._tabs.currentChanged.connect(self._fit)
        self._fit(self._tabs.currentIndex)

    @property
    def now(self) -> int:
        """The step that is seen."""
        return int(self._tabs.currentIndex)

    def go(self, step: int) -> None:
        """Show a step."""
        self._tabs.currentIndex = step

    def advise(self, text: str) -> None:
        """Say what to do next."""
        self._label.text = text

    def _fit(self, shown: int) -> None:
        """Let the panel be as high as the step that is seen, and not as the highest one."""
        for number in range(self._tabs.count):
            height = qt.QSizePolicy.Preferred if number == shown else qt.QSizePolicy.Ignored
            self._tabs.widget(number).setSizePolicy(qt.QSizePolicy.Preferred, height)


def advice(parameters: Any, corrector: Any, *, busy: bool, marked: bool, waiting: bool) -> str:
    """Return what to do next.

    ``busy`` says that work is under way, ``marked`` that the person showed where the cord is, and ``waiting`` that
    another case waits to be corrected.
    """
    image, soft = parameters.inputVolume, parameters.softMap
    if busy:
        return _("Working. You can go on looking meanwhile.")
    if image is None and soft is None:
        return _("Load an image (File, Add Data) and choose it as input volume.")
    if soft is None:
        return _("Press Segment.")
    if is_empty(soft) and marked:
        return _("Nothing like a cord goes through your marks. Clear them, press Cord is here and click in its middle.")
    if is_empty(soft):
        name = (source_of(soft) or soft).GetName()
        return _(
            "No cord was found in {image}. One click shows it: press Cord is here, then click on the cord."
        ).format(image=name)
    if corrector.correction is None:
        return _("Look through the slices. Press Begin correction to change the cord or to save it.")
    if not corrector.unsaved and case_of(soft)[1]:
        return _("Saved. Go on with Next case.") if waiting else _("Saved. No other case waits.")
    return _("Look at the doubtful slices (key D), correct what is wrong, then save under Save.")


def is_empty(soft: Any) -> bool:
    """Whether a soft map holds no cord."""
    data = soft.GetImageData()
    return data is None or data.GetScalarRange()[1] <= 0
