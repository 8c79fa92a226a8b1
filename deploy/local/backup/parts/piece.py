"""A part while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.local.backup.manifest import PartName
from deploy.local.backup.sealing import Source


@dataclass(slots=True)
class Piece:
    """A store's content, once over.

    Attributes:
        kind: How the content is made up.
        counts: Of what it holds; complete when the source is at its end.
    """

    name: PartName
    kind: str
    source: Source
    counts: dict[str, int] = field(default_factory=dict)
