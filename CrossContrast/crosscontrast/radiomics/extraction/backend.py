"""What computes features: a small interface, and the back-ends by name."""

import importlib
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Protocol

from crosscontrast.errors import MissingPackageError
from crosscontrast.radiomics.extraction.settings import BackendName, ExtractionSettings

if TYPE_CHECKING:
    import SimpleITK as sitk

_BACKENDS: dict[BackendName, str] = {
    "ibsi": "crosscontrast.radiomics.extraction.ibsi_backend:Ibsi",
    "pyradiomics": "crosscontrast.radiomics.extraction.pyradiomics_backend:PyRadiomics",
    "mirp": "crosscontrast.radiomics.extraction.mirp_backend:Mirp",
}


class Backend(Protocol):
    """A library that computes features.

    Names of features are ``<image>_<class>_<feature>``, where ``<image>`` is ``original`` or a filter.
    """

    #: Name and version of the library, which belong to what a value depends on.
    version: str

    def check(self, settings: ExtractionSettings) -> None:
        """Raise :class:`crosscontrast.errors.BadInputError` for settings that the library does not know."""
        ...

    def extract(self, image: "sitk.Image", region: "sitk.Image", settings: ExtractionSettings) -> dict[str, float]:
        """Compute the features of the voxels where ``region`` is 1; both images lie on one grid.

        Raises :class:`crosscontrast.errors.BadInputError` where the library refuses the region.
        """
        ...


@dataclass(frozen=True)
class FeatureName:
    """The parts of a feature's name."""

    image: str
    family: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "FeatureName":
        """Take a name apart; raises :class:`ValueError` where it is not one."""
        found = re.fullmatch(r"(.+?)_([a-z0-9-]+)_(.+)", text, flags=re.IGNORECASE)
        if not found:
            raise ValueError(f"{text!r} is not the name of a feature")
        return cls(*found.groups())


def find_backend(name: BackendName) -> Backend:
    """Load a back-end; raises :class:`MissingPackageError` where its library is not installed."""
    module, _, attribute = _BACKENDS[name].partition(":")
    try:
        backend: Backend = getattr(importlib.import_module(module), attribute)()
    except ImportError as error:
        raise MissingPackageError(f"The feature extraction {name} is not installed: {error}.", _hint(name)) from error
    return backend


def backend_version(name: BackendName) -> str:
    """Return name and version of a back-end without loading it, which takes a second that a cached run need not pay.

    Raises :class:`MissingPackageError` where it is not installed.
    """
    if name == "ibsi":  # our own, which loads at once
        return find_backend(name).version
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        # Built into Slicer by an extension, it has no metadata for pip.
        return find_backend(name).version


def _hint(name: BackendName) -> str:
    if name == "mirp":
        return "pip install mirp"
    return "in Slicer install the extension SlicerRadiomics; elsewhere see the extra 'pyradiomics', or use ibsi"
