"""The profiles of a model's training images: in its own folder, or kept beside the library, one per version."""

from dataclasses import dataclass
from pathlib import Path

from crosscontrast.errors import BadInputError, ModelError
from crosscontrast.models.bundle import GATE_INPUT, GATE_OUTPUT
from crosscontrast.models.library import ModelLibrary, library_root
from crosscontrast.models.manifest import MANIFEST


@dataclass(frozen=True)
class Profiles:
    """The files of the profiles of a training's input images and of its targets; ``None`` where there is none."""

    inputs: Path | None = None
    targets: Path | None = None


def profile_path(model: str) -> Path:
    """Return the file for a profile made later; raises what :meth:`ModelLibrary.find` raises for an unknown model."""
    entry = ModelLibrary().find(model)
    return library_root().parent / "gates" / f"{entry.name}@{entry.version}.json"


def known_profiles(model: str) -> Profiles:
    """Return the profiles of a model of the library (by name), or of a bundle (by its folder).

    One that was made for the model later wins over that of its training. Raises :class:`ModelError` where there is no
    such model.
    """
    folder, later = Path(model), None
    if not folder.is_dir():
        folder, later = ModelLibrary().find(model).folder, profile_path(model)
    elif not (folder / MANIFEST).is_file():
        raise ModelError(f"{folder} is not the folder of a model: it has no {MANIFEST}.")
    places = (later, folder / GATE_INPUT)
    inputs = next((path for path in places if path and path.is_file()), None)
    targets = folder / GATE_OUTPUT
    return Profiles(inputs, targets if targets.is_file() else None)


def find_profiles(model: str) -> Profiles:
    """Return the profiles of a model; raises :class:`BadInputError` where it has none of its input images."""
    found = known_profiles(model)
    if found.inputs is None:
        name = Path(model).name if Path(model).is_dir() else profile_path(model).stem
        raise BadInputError(
            f"The model {name} has no profile of its training images.",
            f"crosscontrast radiomics gate-profile --cohort cohort.tsv --role ROLE --model {name}",
        )
    return found
