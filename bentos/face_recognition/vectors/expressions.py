"""Milvus' filter expressions, made of validated ids alone: nothing that a caller sends becomes a part of one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bentos.common.errors import InvalidRequest

ID_LENGTH = 32
END = 16**ID_LENGTH
"""One more than the number of the greatest id."""

_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}", re.ASCII)


def require_id(value: str) -> str:
    """The value, which is the 32 lower-case hexadecimal digits of a UUID.

    Raises:
        InvalidRequest: It is anything else.
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise InvalidRequest("An id of the vector index is 32 lower-case hexadecimal digits.")
    return value


def among(ids: Iterable[str]) -> str:
    """One of these ids."""
    listed = ", ".join(f'"{require_id(one)}"' for one in ids)
    return f"id in [{listed}]"


def belongs(tenant: str | None = None, gallery: str | None = None) -> str:
    """To a tenant, to a gallery; the empty expression, which is true of all, where neither is given."""
    given = (("tenant", tenant), ("gallery", gallery))
    return both(*(f'{field} == "{require_id(value)}"' for field, value in given if value is not None))


def between(first: int, end: int) -> str:
    """Ids whose number is at least ``first`` and less than ``end``."""
    lower = f'id >= "{first:0{ID_LENGTH}x}"'
    return both(lower, f'id < "{end:0{ID_LENGTH}x}"') if end < END else lower


def both(*expressions: str) -> str:
    """All of the expressions that are not empty."""
    return " and ".join(expression for expression in expressions if expression)
