"""From an entry of the library to a network that the inference engine can run."""

from dataclasses import dataclass

from torch import nn

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import FINDER, WEIGHTS, load_networks, read_spec
from crosscontrast.models.foreign.torchscript import read_program
from crosscontrast.models.foreign.trust import require_trust
from crosscontrast.models.library import ModelEntry
from crosscontrast.models.manifest import verify
from crosscontrast.models.spec import ModelSpec


@dataclass(frozen=True)
class LoadedModel:
    """A network with its weights, on the CPU and in evaluation mode, and how to use it.

    ``finder`` is the localisation's own network, if it has one.
    """

    spec: ModelSpec
    network: nn.Module
    finder: nn.Module | None = None


def load_model(entry: ModelEntry) -> LoadedModel:
    """Verify and load a model of format ``crosscontrast`` or ``torchscript``.

    The formats ``nnunet`` and ``monai-bundle`` bring their own preprocessing and are run by the predictors in
    :mod:`crosscontrast.inference`. Raises :class:`ModelError` for those, for a damaged folder, and for a program
    whose manifest does not record the user's trust.
    """
    if entry.format == "crosscontrast":
        spec = read_spec(entry.folder)
        networks = load_networks(entry.folder, spec)
        return LoadedModel(spec, networks[WEIGHTS], networks.get(FINDER))
    manifest = verify(entry.folder)
    if entry.format != "torchscript":
        raise ModelError(f"{entry} is of the format {entry.format}, which is not run by our own engine.")
    require_trust(manifest.trusted, str(entry), "a TorchScript file is a program")
    return LoadedModel(*read_program(entry.folder))
