"""Keys that no two things share, whatever their names hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def digest_of(parts: Iterable[str | bytes]) -> str:
    """SHA-256 of some parts, each with its length before it, so that no two lists give the same; 64 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        # a token can name half of a surrogate pair, which plain UTF-8 refuses
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.hexdigest()
