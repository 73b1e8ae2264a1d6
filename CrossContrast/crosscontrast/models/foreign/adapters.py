"""Choosing the adapter for a source, and what adapters have in common."""

import tempfile
from pathlib import Path
from typing import Protocol

from crosscontrast.errors import ModelError
from crosscontrast.models.foreign import contrast_agnostic, monai_bundle, nnunet, own_bundle, torchscript
from crosscontrast.models.foreign.archive import extract
from crosscontrast.models.foreign.trust import require_trust
from crosscontrast.models.manifest import MANIFEST, verify


class Adapter(Protocol):
    """A module of this package."""

    def recognises(self, source: Path) -> bool:
        """Tell from names and contents, without running anything, whether this adapter is for ``source``."""

    def why_trust(self, source: Path, /) -> str:
        """Say why the model could run code of its own, or nothing when it cannot."""

    def bring_in(self, source: Path, destination: Path, origin: str) -> None:
        """Check ``source`` and write what is needed of it into the new folder ``destination``, sealed.

        ``origin`` is what the manifest says about where it came from. Raises :class:`ModelError` when the source is
        incomplete or damaged. Only called when :meth:`why_trust` had no reason or the user trusts the model.
        """


ADAPTERS: tuple[Adapter, ...] = (own_bundle, monai_bundle, nnunet, torchscript, contrast_agnostic)

READABLE = (
    "a CrossContrast or MONAI bundle (folder or .zip), an nnU-Net v2 result folder with plans.json and dataset.json, "
    "a TorchScript file, or a contrast-agnostic .ckpt"
)


def bring_in(source: Path, destination: Path, *, trust: bool = False) -> None:
    """Write the model at ``source`` (folder, file or .zip) into the new folder ``destination`` and seal it.

    Raises :class:`ModelError` when nothing here can read the source, when it is damaged, or when it would run code of
    its own and ``trust`` is false, and :class:`~crosscontrast.errors.MissingPackageError` when its network is in a
    package that is not installed.
    """
    if not source.exists():
        raise ModelError(f"There is no model at {source}.")
    origin = source.name
    with tempfile.TemporaryDirectory(prefix="crosscontrast-model-") as temporary:
        if source.suffix.lower() == ".zip":
            source = extract(source, Path(temporary))
        if (source / MANIFEST).is_file():
            verify(source)
        for adapter in ADAPTERS:
            if adapter.recognises(source):
                if reason := adapter.why_trust(source):
                    require_trust(trust, origin, reason)
                adapter.bring_in(source, destination, origin)
                return
    raise ModelError(f"{origin} is no model that can be read here.", f"readable are {READABLE}")
