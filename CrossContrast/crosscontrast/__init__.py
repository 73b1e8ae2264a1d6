"""What all modules of CrossContrast share: images, models, inference, jobs and the command line."""

from crosscontrast.version import __version__

__all__ = ["__version__"]
