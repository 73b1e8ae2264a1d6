"""What a model says of itself in a few words, for lists and for the place where one is chosen."""

from dataclasses import dataclass
from pathlib import Path

from crosscontrast.errors import ModelError
from crosscontrast.models.bundle import METADATA, read_json
from crosscontrast.models.library import ModelEntry


@dataclass(frozen=True)
class About:
    """A model's own words, empty where it has none.

    ``expects`` and ``produces`` name the images that a translator takes and makes. A ``demonstration`` is for trying
    the software out, on ``sample`` (:mod:`crosscontrast.desk.samples`) and the like, and for no image of a person.
    """

    title: str = ""
    description: str = ""
    licence: str = ""
    expects: str = ""
    produces: str = ""
    demonstration: bool = False
    sample: str = ""

    @property
    def direction(self) -> str:
        """Return ``expects`` and ``produces`` in one line."""
        return f"{self.expects} -> {self.produces}" if self.expects and self.produces else ""


def about(model: ModelEntry | Path) -> About:
    """Return what a model, or a bundle in a folder, says of itself; nothing where it has no readable metadata."""
    folder = model if isinstance(model, Path) else model.folder
    try:
        said = read_json(folder / METADATA)
    except ModelError:
        return About()
    words = {key: said[key] for key in ("description", "licence", "expects", "produces", "sample") if key in said}
    return About(
        title=str(said.get("name", "")),
        demonstration=said.get("demonstration") is True,
        **{key: str(value) for key, value in words.items()},
    )
