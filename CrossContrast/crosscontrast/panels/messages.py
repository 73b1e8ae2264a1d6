"""Message boxes."""

import slicer

from crosscontrast.errors import CrossContrastError


def show_error(error: CrossContrastError, title: str) -> None:
    """Show what the user can act on; ``title`` is the module's. A hint is one click away, where there is one."""
    # An empty text would still give the box a button for details, and a title of 150 characters.
    more = {"detailedText": error.hint} if error.hint else {}
    slicer.util.errorDisplay(error.message, windowTitle=title, **more)
