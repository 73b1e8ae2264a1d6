"""A bundle of ours in other words: the same networks and settings, another card and other metadata."""

from pathlib import Path

from pydantic import ValidationError

from crosscontrast.errors import BadInputError, faults_of
from crosscontrast.models.bundle import FINDER, OPTIONAL, WEIGHTS, BundleMetadata, read_json, read_spec, write_bundle
from crosscontrast.models.manifest import read_manifest, verify
from crosscontrast.models.weights import read_state_dict


def describe(source: Path, folder: Path, words: Path, card: Path) -> Path:
    """Write the bundle ``source`` as the new folder ``folder``, with the metadata of a JSON file and a card.

    Raises :class:`BadInputError` for words that are not those of :class:`BundleMetadata` and for a card that cannot be
    read, and what :func:`write_bundle` raises.
    """
    try:
        metadata = BundleMetadata.model_validate(read_json(words))
        text = card.read_text(encoding="utf-8")
    except ValidationError as error:
        raise BadInputError(f"The metadata {words} cannot be used: {faults_of(error)}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"The model card {card} cannot be read.") from error
    verify(source)
    weights = {name: read_state_dict(source / name) for name in (WEIGHTS, FINDER) if (source / name).is_file()}
    write_bundle(
        folder,
        read_spec(source),
        weights[WEIGHTS],
        metadata,
        text,
        finder=weights.get(FINDER),
        more={name: (source / name).read_bytes() for name in OPTIONAL if (source / name).is_file()},
        source=read_manifest(source).source,
    )
    return folder
