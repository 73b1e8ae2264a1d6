"""The JSON files of a correction dataset, read and written whole."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from crosscontrast.errors import BadInputError
from crosscontrast.ground.files import atomic_write

_Document = TypeVar("_Document", bound=BaseModel)


def read_document(kind: type[_Document], path: Path) -> _Document:
    """Read a file as this kind of document; raises :class:`BadInputError` naming it where that fails."""
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"{path} cannot be read: it is damaged, or a later version of this program wrote it."
        ) from error


def write_document(path: Path, document: BaseModel) -> None:
    """Write a document under its name only when it is whole."""
    write_text(path, document.model_dump_json(indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file under its name only when it is whole."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
