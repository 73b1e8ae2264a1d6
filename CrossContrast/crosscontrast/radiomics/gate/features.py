"""Whether the features that may be trusted lie where those of real images do."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crosscontrast.errors import BadInputError
from crosscontrast.radiomics.extraction.read_table import read_features
from crosscontrast.radiomics.gate.verdict import Check, Limit

#: A value may lie this share of the real images' range outside it.
_SLACK = 0.1


def trusted_features(preservation: Path, role: str | None) -> list[str]:
    """Return the features that a comparison called preserved, in its table ``preservation.tsv``.

    ``role`` is needed where the table holds several. Raises :class:`BadInputError` naming the file.
    """
    try:
        with preservation.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
        roles = {row["role"] for row in rows}
        if role is None and len(roles) > 1:
            raise BadInputError(f"{preservation} compares the roles {', '.join(sorted(roles))}.", "name one")
        chosen = [row for row in rows if role in (None, row["role"])]
        return [row["feature"] for row in chosen if row["preserved"] == "true"]
    except OSError as error:
        raise BadInputError(f"{preservation} cannot be read: {error.strerror}.") from error
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"{preservation} is not the table of a comparison.") from error


def feature_check(
    found: Mapping[str, float], trusted: list[str], reference: Path, reference_role: str, limit: Limit
) -> Check:
    """Say which share of the trusted features of an image lies in the range of the real images in ``reference``."""
    table = read_features(reference)
    rows = table.of_role(reference_role)
    if not rows:
        raise BadInputError(f"{reference} has no features of role {reference_role!r}.")
    names = [name for name in trusted if name in found]
    values = table.values(rows, names)
    inside = []
    for name, column in zip(names, values.T, strict=True):
        known = column[np.isfinite(column)]
        if len(known):
            low, high = known.min(), known.max()
            slack = _SLACK * (high - low)
            inside.append(low - slack <= found[name] <= high + slack)
    share = float(np.mean(inside)) if inside else float("nan")
    text = f"{sum(inside)} of the {len(inside)} trusted features lie where those of {len(rows)} real images do"
    if not inside:
        text = "no feature of this translation may be trusted"
    return Check.of("feature profile", share, limit, text)
