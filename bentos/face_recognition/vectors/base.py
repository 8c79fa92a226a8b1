"""What the service knows of the vector index. The database is the truth, the index can be made again from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """An enrolled face. ``id``, ``tenant`` and ``gallery`` are the 32 hexadecimal digits of a UUID.

    A face stays in the gallery that it was enrolled in; its length (L2 norm) does not count.
    """

    id: str
    tenant: str
    gallery: str
    values: Floats
    """float32 [D]."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A face near to the one that was searched; ``similarity`` is the cosine of the angle between them."""

    id: str
    similarity: float


class VectorIndex(Protocol):
    """Searches many vectors; called from several threads.

    What returned is durable and seen by the next call. Every method connects by itself where ``open`` could not.

    Raises:
        DependencyUnavailable: The index does not answer; ``details["damaged"]`` is true where it never will:
            ``reset`` helps, and putting all vectors in again.
        ConfigurationError: A setting is wrong, or the index belongs to another model or another process.
        InvalidRequest: An id that is none, or a vector of another dimension.
    """

    @property
    def private(self) -> bool:
        """Whether it belongs to this process alone, so that what others write is not in it."""
        ...

    def open(self) -> None:
        """Connect, make the index where there is none, make it ready to be searched."""
        ...

    def upsert(self, vectors: Sequence[Vector]) -> None:
        """Put vectors in; one whose id is there already takes its place."""
        ...

    def delete(self, tenant: str | None, ids: Sequence[str]) -> None:
        """Take out those of ``ids`` that are the tenant's; with None whosoever they are."""
        ...

    def search(self, tenant: str, gallery: str, values: Floats, limit: int) -> list[Hit]:
        """The nearest faces of a gallery to ``values`` (float32 [D]), best first."""
        ...

    def ids(self, tenant: str | None = None, gallery: str | None = None) -> Iterator[str]:
        """All ids, of a tenant, of a gallery, in no order; what is written meanwhile may be missing or not."""
        ...

    def count(self) -> int:
        """How many vectors there are."""
        ...

    def flush(self) -> None:
        """After a bulk load: searches are as fast as they become."""
        ...

    def purge(self) -> None:
        """Leave nothing of deleted vectors in the files; takes time in proportion to what is kept."""
        ...

    def reset(self) -> None:
        """Begin anew with an empty index; damaged files are moved aside."""
        ...

    def drop(self) -> None:
        """Remove the index of this model."""
        ...

    def ping(self) -> None:
        """Return when the index answers."""
        ...

    def close(self) -> None:
        """Let go of the connection, and of the files where the index is embedded."""
        ...
