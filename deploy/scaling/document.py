"""Tables in a document, between markers: ``<!-- table NAME -->`` and ``<!-- end -->``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from models.errors import FaceSocialError

MARKED = re.compile(r"(<!-- table ([a-z]+) -->\n)(?:(?!<!-- ).)*(<!-- end -->)", re.DOTALL)


class UnknownTable(FaceSocialError):
    """The document names a table that there is not, or lacks one that there is."""


def filled(document: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """The document with each table as it is now.

    Raises:
        UnknownTable: See there.
    """
    named = {name for _, name, _ in MARKED.findall(document)}
    if named != set(tables):
        raise UnknownTable(f"Tables that do not agree: {', '.join(sorted(named ^ set(tables)))}.")
    return MARKED.sub(lambda found: f"{found[1]}{tables[found[2]]()}\n{found[3]}", document)
