"""Cursors of listings: where the next page begins, signed, so that nobody but this service can say it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence

from sqlalchemy import select

from bentos.common.database import Database
from bentos.common.database.conflicts import insert_if_absent
from bentos.common.database.tables import Key
from bentos.common.errors import InvalidRequest

KEY_BYTES = 32
MAC_BYTES = hashlib.sha256().digest_size
LENGTH_BYTES = 8


class Cursors:
    """Signs positions (HMAC-SHA256, RFC 2104) and reads them back.

    A cursor holds its position in the open; its scope is part of the signature alone.

    Args:
        key: Secret bytes that all replicas share.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, scope: Sequence[str], position: Sequence[str | int]) -> str:
        """A cursor of a listing: url-safe text.

        Args:
            scope: Whose and which listing it is, such as tenant, operation and collection.
            position: What the last row of the page is known by.
        """
        text = json.dumps(list(position), separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(scope, text) + text).rstrip(b"=").decode()

    def read(self, scope: Sequence[str], cursor: str) -> tuple[str | int, ...]:
        """The position of a cursor.

        Raises:
            InvalidRequest: It was not signed here for this very scope.
        """
        signed = _decoded(cursor)
        mac, text = signed[:MAC_BYTES], signed[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(scope, text)):
            raise _invalid()
        return tuple(json.loads(text))

    def _mac(self, scope: Sequence[str], text: bytes) -> bytes:
        parts = [part.encode("utf-8", "surrogatepass") for part in scope]
        lengths = (number.to_bytes(LENGTH_BYTES) for number in (len(parts), *map(len, parts)))
        return hmac.digest(self._key, b"".join([*lengths, *parts, text]), "sha256")


def shared_key(database: Database, name: str) -> bytes:
    """The random key of this name, made by whoever asks first.

    Raises:
        DependencyUnavailable: The database does not answer.
    """
    with database.read() as session:
        known = session.scalar(select(Key.value).where(Key.name == name))
    if known is not None:
        return known
    with database.write() as session:
        insert_if_absent(session, Key, name=name, value=secrets.token_bytes(KEY_BYTES))
        return session.scalars(select(Key.value).where(Key.name == name)).one()


def _decoded(cursor: str) -> bytes:
    try:
        signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    if base64.urlsafe_b64encode(signed).rstrip(b"=").decode() != cursor:  # bits beyond the last byte
        raise _invalid()
    return signed


def _invalid() -> InvalidRequest:
    return InvalidRequest("The cursor is not one of this listing; begin without one.", {"field": "cursor"})
