"""The one place where the version of the extension stands."""

__version__ = "0.1.0"
