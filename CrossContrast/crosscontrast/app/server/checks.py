"""What is asked of files that came from a browser."""

import re


def clean_name(text: str) -> str:
    """Make a file name of harmless characters of a text; it may be empty."""
    return re.sub(r"[^\w.+-]+", "_", text).lstrip(".-")[-100:]
