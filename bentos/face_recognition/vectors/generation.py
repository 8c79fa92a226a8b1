"""One collection of the embedded Milvus Lite, with a partition for each gallery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bentos.face_recognition.vectors.collection import Collection, Row

FLUSH_ROWS = 2_000
"""Rows not yet in a segment are read one by one at each search; more segments are more work to merge."""


class Generation:
    """Writes to one collection.

    Milvus Lite looks at all rows of all partitions at each search unless it is told which: in its own gallery a
    search takes as long as the gallery is large, and its graph is not walked past other galleries' faces.
    """

    def __init__(self, collection: Collection, timeout_s: float) -> None:
        self._collection = collection
        self._client: Any = collection.client
        self._timeout_s = timeout_s
        self._galleries = set(collection.partitions())
        self._unflushed = 0

    @property
    def name(self) -> str:
        return self._collection.name

    def upsert(self, rows: Sequence[Row]) -> None:
        for gallery, own in _by_gallery(rows):
            if gallery not in self._galleries:
                self._client.create_partition(self.name, gallery, timeout=self._timeout_s)
                self._galleries.add(gallery)
            self._collection.upsert(own, gallery)
        self._wrote(len(rows))

    def delete(self, rows: Sequence[Row]) -> None:
        for gallery, own in _by_gallery(rows):
            if gallery in self._galleries:
                self._collection.delete([row["id"] for row in own], gallery)
        self._wrote(len(rows))

    def count(self) -> int:
        return self._collection.count()

    def flush(self) -> None:
        """Write what is in memory as segments; their graphs are built in the background."""
        self._client.flush(self.name, timeout=self._timeout_s)
        self._unflushed = 0

    def _wrote(self, rows: int) -> None:
        self._unflushed += rows
        if self._unflushed >= FLUSH_ROWS:
            self.flush()


def _by_gallery(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["gallery"]].append(row)
    yield from groups.items()
