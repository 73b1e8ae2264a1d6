"""Where the profile of a model's training images is kept: beside the models of the library, one per version."""

from pathlib import Path

from CrossContrastLib.errors import BadInputError
from CrossContrastLib.models.library import ModelLibrary, library_root


def profile_path(model: str) -> Path:
    """Return the file for a model's profile; raises what :meth:`ModelLibrary.find` raises for an unknown model."""
    entry = ModelLibrary().find(model)
    return library_root().parent / "gates" / f"{entry.name}@{entry.version}.json"


def find_profile(model: str) -> Path:
    """Return the profile of a model; raises :class:`BadInputError` where it has none."""
    path = profile_path(model)
    if not path.exists():
        raise BadInputError(
            f"The model {path.stem} has no profile of its training images.",
            f"crosscontrast radiomics gate-profile --cohort cohort.tsv --role ROLE --model {path.stem}",
        )
    return path
