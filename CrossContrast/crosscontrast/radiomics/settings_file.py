"""The YAML file that holds the settings of all radiomics commands, a section for each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from crosscontrast.errors import BadInputError, faults_of
from crosscontrast.radiomics.extraction import pyradiomics_settings

#: The sections; a command reads those it needs.
SECTIONS = ("extraction", "preservation", "outcome")
_Model = TypeVar("_Model", bound=BaseModel)


class SettingsFile:
    """What a settings file says (``None``: nothing, the defaults hold); PyRadiomics' own are read as its extraction."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._content = _read_yaml(path) if path else {}
        if path and self._content and all(name in pyradiomics_settings.SECTIONS for name in self._content):
            self._content = {"extraction": pyradiomics_settings.extraction_of(self._content, path)}
        unknown = [name for name in self._content if name not in SECTIONS]
        if unknown:
            raise BadInputError(f"{path} has a section {', '.join(unknown)}; there are {', '.join(SECTIONS)}.")

    def section(self, name: str, model: type[_Model], options: Mapping[str, Any] | None = None) -> _Model:
        """Return the section ``name``; those of ``options`` that are not ``None`` win.

        Raises :class:`BadInputError` naming every setting that does not fit.
        """
        content = self._content.get(name) or {}
        if not isinstance(content, dict):
            raise BadInputError(f"{self._path}: the section {name} holds no settings.")
        given = {key: value for key, value in (options or {}).items() if value is not None}
        try:
            return model.model_validate(content | given)
        except ValidationError as error:
            origin = f"{self._path}: section {name}" if self._path else "The choice of settings"
            raise BadInputError(f"{origin} does not fit: {faults_of(error)}.") from error


def settings_text(sections: Mapping[str, BaseModel]) -> str:
    """Write settings as YAML."""
    import yaml

    content = {name: section.model_dump(mode="json") for name, section in sections.items()}
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return text


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file of settings; raises :class:`BadInputError` naming the file."""
    import json

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadInputError(f"{path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise BadInputError(f"{path} holds no settings: names and values in braces are expected.")
    return content


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInputError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadInputError(f"{path} holds no settings: sections with names and values are expected.")
    return content
