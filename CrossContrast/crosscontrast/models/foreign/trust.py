"""The one question that a model with code of its own raises."""

from crosscontrast.errors import ModelError


def require_trust(trust: bool, origin: str, reason: str) -> None:
    """Raise :class:`ModelError`, saying why and what to pass, unless the user trusts the model."""
    if not trust:
        raise ModelError(
            f"{origin} was not added: {reason}, which could do whatever you can do on this computer.",
            "if you trust its makers, add it with --trust",
        )
