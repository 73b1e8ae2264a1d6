"""The personal links: a random token per reader, kept beside the study and nowhere else."""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from crosscontrast.errors import BadInputError, OutputError
from crosscontrast.reading.plan import Plan

TOKEN_FILE = "links.json"


class Tokens:
    """Tells whether a token is a reader's, in the same time whether it is or not."""

    def __init__(self, tokens: dict[str, str]) -> None:
        self._hashes = {reader: _hash(token) for reader, token in tokens.items()}

    def valid(self, reader: str, token: str) -> bool:
        """Whether ``token`` is that of ``reader``."""
        return hmac.compare_digest(self._hashes.get(reader, _hash("nobody")), _hash(token)) and reader in self._hashes


def load_tokens(folder: Path, plan: Plan) -> dict[str, str]:
    """Return the token of every reader; made once, so that links stay valid when the server is started again.

    The file is readable by its owner only. Raises :class:`BadInputError` where it belongs to other readers.
    """
    path = folder / TOKEN_FILE
    if path.exists():
        try:
            tokens = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInputError(f"{path} cannot be read.") from error
        fits = isinstance(tokens, dict) and set(tokens) == set(plan.study.readers)
        if not fits or not all(isinstance(token, str) and len(token) >= 32 for token in tokens.values()):
            raise BadInputError(f"{path} does not hold the links of this study's readers.")
        return tokens
    tokens = {reader: secrets.token_urlsafe(32) for reader in plan.study.readers}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(tokens, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from error
    return tokens


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
