"""Stand-in for ``slicer.i18n``: every text is its own translation."""


def tr(text: str) -> str:
    """Return the text."""
    return text


def translate(context: str, text: str) -> str:
    """Return the text."""
    return text
