"""What belongs to a model: the way back of a translator; the inputs of a segmentation, and its translators."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from crosscontrast.errors import BadInputError, CrossContrastError, ModelError
from crosscontrast.models.bundle import read_spec
from crosscontrast.models.find import BACK, THERE, content_sha256, find_model, open_bundle
from crosscontrast.models.library import ModelEntry, ModelLibrary
from crosscontrast.models.spec import Helper, ModelSpec

#: What the inputs of a segmentation are called that are translations.
SYNTHETIC = "synthetic"


def find_way_back(entry: ModelEntry) -> ModelEntry | None:
    """Return the model of the way back: ``<name>-back`` of the library, or the training's own; ``None`` without one."""
    beside = entry.folder.with_name(entry.folder.name.replace(THERE, BACK, 1))
    if entry.version == 0:
        return open_bundle(beside) if beside != entry.folder and beside.is_dir() else None
    versions = [e for e in ModelLibrary().versions(f"{entry.name}-back") if e.current]
    return versions[0] if versions else None


def helper_of(model: str) -> Helper:
    """Return how a segmentation names the translator ``model``."""
    entry = find_model(model, "translation")
    return Helper(name=str(entry), sha256=content_sha256(entry), place=entry.request)


def translators_needed(model: str) -> int:
    """Return how many translators must be named for a segmentation: none where it names them itself."""
    spec = _spec(find_model(model, "segmentation"))
    return 0 if spec is None or spec.translators else _synthetic(spec)


def real_inputs(entry: ModelEntry) -> tuple[str, ...]:
    """Return the names of the inputs that are images of the patient; none where the model is not one of our bundles."""
    spec = _spec(entry)
    return spec.inputs[: len(spec.inputs) - _synthetic(spec)] if spec else ()


def in_order(entry: ModelEntry, first: Path | None, named: Mapping[str, Path]) -> list[Path]:
    """Return a model's images in its order: ``first`` is its first input where that is not among the ``named`` ones.

    Raises :class:`BadInputError` for names that the model does not have, and for inputs that are missing.
    """
    wanted = real_inputs(entry)
    if not wanted:
        if named or first is None:
            raise BadInputError(f"{entry} does not say what its inputs are called.", "give its image without a name")
        return [first]
    given = ({wanted[0]: first} if first else {}) | dict(named)
    if first and wanted[0] in named:
        raise BadInputError(f"{entry} has one input {wanted[0]!r}, and two images are given for it.")
    unknown = [name for name in given if name not in wanted]
    if unknown:
        raise BadInputError(f"{entry} has no input {unknown[0]!r}; it has {', '.join(wanted)}.")
    missing = [name for name in wanted if name not in given]
    if missing:
        hint = " ".join(f"--input {name}=FILE" for name in missing)
        raise BadInputError(f"{entry} needs {', '.join(wanted)}, and got no {', '.join(missing)}.", f"give {hint}")
    return [given[name] for name in wanted]


def translators_of(entry: ModelEntry, given: Sequence[str]) -> tuple[list[ModelEntry], list[str]]:
    """Return the translators of a segmentation's further inputs: those ``given``, or else those that it names.

    The second are remarks where those given are others than it was trained with. Raises :class:`ModelError` where one
    that it names is not here, and :class:`BadInputError` where there are too few or too many.
    """
    spec = _spec(entry)
    named = spec.translators if spec else ()
    if not given:
        if spec and not named and _synthetic(spec):
            raise BadInputError(
                f"{entry} needs {_synthetic(spec)} translator(s) and does not say which.", "name them: --translator"
            )
        return [_known(helper, entry) for helper in named], []
    found = [find_model(model, "translation") for model in given]
    if spec and len(found) != _synthetic(spec):
        raise BadInputError(f"{entry} takes {_synthetic(spec)} translator(s), got {len(found)}.")
    remarks = [
        f"{entry} was trained with the translator {helper.name} (SHA-256 {helper.sha256[:12]}...), not with {other}"
        for helper, other in zip(named, found, strict=False)
        if content_sha256(other) != helper.sha256
    ]
    return found, remarks


def _known(helper: Helper, entry: ModelEntry) -> ModelEntry:
    """Find a translator by its content: where it lay in training, or anywhere in the library."""
    try:
        found = [find_model(helper.place, "translation")]
    except CrossContrastError:
        found = []
    found += [model for model in ModelLibrary().entries() if model.task == "translation" and not model.problem]
    for model in found:
        if content_sha256(model) == helper.sha256:
            return model
    raise ModelError(
        f"{entry} was trained with the translator {helper.name} (SHA-256 {helper.sha256}), which is neither in "
        f"{helper.place} nor in the library.",
        "add it to the library, or name another: --translator",
    )


def _spec(entry: ModelEntry) -> ModelSpec | None:
    return read_spec(entry.folder) if entry.format == "crosscontrast" else None


def _synthetic(spec: ModelSpec) -> int:
    return sum(name.startswith(f"{SYNTHETIC} ") for name in spec.inputs)
