"""The keys of the page, what they do, and what the help says of them."""

from collections.abc import Callable, Mapping
from typing import Any

from crosscontrast.app.pages.cases import Cases
from crosscontrast.app.pages.comparing import Comparing
from crosscontrast.app.pages.correcting import Correcting
from crosscontrast.app.pages.measuring import Measuring
from crosscontrast.app.pages.saving import Saving
from crosscontrast.app.pages.showing import Showing

#: Key, what it does, name of the trigger. "Ctrl" is also the command key of a Mac.
KEYS = (
    ("M", "make the segment", "make_segment"),
    ("P", "paint", "paint"),
    ("E", "erase", "erase"),
    ("C", "cut away with scissors", "scissors"),
    ("T", "mark a range of intensities", "threshold"),
    ("R", "raise soft values (Shift held: lower)", "raise"),
    ("L", "lower soft values (Shift held: raise)", "lower"),
    ("Escape", "put the tool down", "no_tool"),
    ("[", "smaller brush", "smaller"),
    ("]", "larger brush", "larger"),
    ("Ctrl+Z", "undo", "undo"),
    ("Ctrl+Y", "redo", "redo"),
    ("D", "show what was corrected", "difference"),
    ("V", "hide the map while you look, and show it again", "glance"),
    ("F", "fit the image into all views", "fit"),
    ("B", "swap the image with the one it is compared with", "flip"),
    ("Ctrl+S", "save", "save"),
    ("N", "next image", "next_case"),
)

#: What mouse and fingers do in the views.
MOUSE = (
    ("Wheel", "next slice"),
    ("Right button", "drag to zoom; two fingers do it too"),
    ("Shift", "drag to move the image; two fingers do it too"),
)


def bind_keys(
    server: Any,
    *,
    cases: Cases,
    showing: Showing,
    comparing: Comparing,
    correcting: Correcting,
    measuring: Measuring,
    saving: Saving,
) -> Mapping[str, str]:
    """Make the triggers and return them by key, for the page's script."""
    actions: dict[str, Callable[[], None]] = {
        "make_segment": correcting.make_segment,
        "no_tool": lambda: correcting.choose(""),
        "smaller": lambda: correcting.grow_brush(1 / 1.25),
        "larger": lambda: correcting.grow_brush(1.25),
        "undo": correcting.undo,
        "redo": correcting.redo,
        "difference": measuring.toggle_difference,
        "glance": showing.glance,
        "fit": showing.fit,
        "flip": comparing.flip,
        "save": saving.save,
        "next_case": cases.open_next,
    }
    for tool in ("paint", "erase", "scissors", "threshold", "raise", "lower"):
        actions[tool] = lambda tool=tool: correcting.choose(tool)  # type: ignore[misc]
    for name, action in actions.items():
        server.trigger(f"key_{name}")(action)
    return {key: f"key_{name}" for key, _, name in KEYS}
