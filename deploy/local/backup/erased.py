"""Who was erased since a backup was made, by every name that a kept answer could know them by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bentos.common.tombstones import Tombstones
from bentos.face_recognition.gallery.records import chunks
from bentos.face_recognition.tables import Face, Subject

_QUOTED = re.compile("`([^`]*)`")


@dataclass(frozen=True, slots=True)
class Erased:
    """What an answer may not say.

    Attributes:
        words: Ids of erased faces, and the names of those whom the backup still knows.
        unknown: Somebody was erased whose names are not known any more: no answer can be trusted.
    """

    words: frozenset[str]
    unknown: bool

    def is_named_in(self, body: bytes) -> bool:
        """Whether an answer, as JSON, may speak of somebody erased; what cannot be read may."""
        if self.unknown:
            return True
        try:
            return any(word in self.words for text in _texts(json.loads(body)) for word in _words(text))
        except (ValueError, RecursionError):
            return True


def erased_of(session: Session, tombstones: Tombstones, unknown: bool) -> Erased:
    """Hold a database that was restored a moment ago against the list, before its faces are erased again.

    Args:
        session: Of that database.
        tombstones: All that were ever erased.
        unknown: The database does not know everybody any more whom an answer may name.
    """
    ids = sorted(tombstones.ids())
    words = set(ids)
    for some in chunks(ids):
        query = select(Face.face_id, Subject.subject_id).join(Subject, Subject.id == Face.subject_key)
        for row in session.execute(query.where(Face.id.in_(some))):
            words |= {row.face_id, row.subject_id}
    return Erased(frozenset(words), unknown)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _words(text: str) -> Iterator[str]:
    """The text itself, and names that a message of ours quotes."""
    yield text
    yield from _QUOTED.findall(text)
