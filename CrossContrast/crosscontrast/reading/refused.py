"""What a reader, or somebody who pretends to be one, may not do."""

from crosscontrast.errors import CrossContrastError


class RefusedError(CrossContrastError):
    """A request that breaks the rules of the study; ``reason`` is a word for the audit log."""

    kind = "refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
