"""The profiles of a model's training images: in its own folder, or kept beside the library, one per version."""

from dataclasses import dataclass
from pathlib import Path

from crosscontrast.errors import BadInputError
from crosscontrast.models.bundle import GATE_INPUT, GATE_OUTPUT
from crosscontrast.models.find import find_model
from crosscontrast.models.library import ModelEntry, library_root


@dataclass(frozen=True)
class Profiles:
    """The files of the profiles of a training's input images and of its targets; ``None`` where there is none."""

    inputs: Path | None = None
    targets: Path | None = None


def profile_path(model: str) -> Path:
    """Return the file for a profile made later, of a model as :func:`~crosscontrast.models.find.find_model` takes it.

    It lies beside the library, as a model's own folder is sealed; raises :class:`ModelError` for an unknown model.
    """
    return _later(find_model(model))


def _later(entry: ModelEntry) -> Path:
    # Bundles in no library share their names (model-002000 of every training), so their content tells them apart.
    name = str(entry) if entry.version else f"{entry.name}-{entry.record().sha256[:16]}"
    return library_root().parent / "gates" / f"{name}.json"


def known_profiles(model: str) -> Profiles:
    """Return the profiles of a model: one of the library, a bundle's folder, or a training's.

    One that was made for the model later wins over that of its training. Raises :class:`ModelError` where there is no
    such model.
    """
    entry = find_model(model)
    places = (_later(entry), entry.folder / GATE_INPUT)
    inputs = next((path for path in places if path.is_file()), None)
    targets = entry.folder / GATE_OUTPUT
    return Profiles(inputs, targets if targets.is_file() else None)


def find_profiles(model: str) -> Profiles:
    """Return the profiles of a model; raises :class:`BadInputError` where it has none of its input images."""
    found = known_profiles(model)
    if found.inputs is None:
        entry = find_model(model)
        raise BadInputError(
            f"The model {entry} has no profile of its training images.",
            f"crosscontrast radiomics gate-profile --cohort cohort.tsv --role ROLE --model {entry.request}",
        )
    return found
