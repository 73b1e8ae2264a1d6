"""Bringing models of other makers into the library: one adapter per kind of source, chosen by looking at it."""

from crosscontrast.models.foreign.adapters import bring_in

__all__ = ["bring_in"]
