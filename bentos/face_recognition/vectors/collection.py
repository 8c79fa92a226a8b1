"""One collection of Milvus: rows go in and come out, every call within the time of the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import ceil
from typing import Any

import numpy as np

from bentos.common.settings import VectorSettings
from bentos.face_recognition.vectors.base import Floats, Hit
from bentos.face_recognition.vectors.expressions import END, among, between, both
from bentos.face_recognition.vectors.schema import VECTOR

Row = dict[str, Any]

MAX_LIMIT = 16_384
"""Of one search or query: Milvus' own limit."""

UNNAMED = "_default"

NOT_LOADED = 101
"""Milvus' code for a collection that has to be loaded first."""


class Collection:
    """Reads and writes one collection.

    Args:
        client: Milvus' client.
        name: Of the collection, or of an alias.
        settings: How long a call may take, how broad a search is.
    """

    def __init__(self, client: Any, name: str, settings: VectorSettings) -> None:
        self.client = client
        self.name = name
        self._settings = settings

    def upsert(self, rows: Sequence[Row], partition: str | None = None) -> None:
        self._call(self.client.upsert, data=list(rows), partition_name=partition)

    def delete(self, ids: Sequence[str], partition: str | None = None) -> None:
        self._call(self.client.delete, ids=list(ids), partition_name=partition)

    def owners(self, ids: Sequence[str]) -> list[Row]:
        """Those of the ids that are there, each with its tenant and gallery."""
        return self._query(among(ids), ("id", "tenant", "gallery"), None, len(ids))

    def search(self, values: Floats, limit: int, expression: str, partition: str | None = None) -> list[Hit]:
        """The nearest rows, best first; each id once."""
        found = self._call(
            self.client.search,
            data=[values],
            anns_field=VECTOR,
            filter=expression,
            limit=min(limit, MAX_LIMIT),
            search_params={"params": {"ef": max(self._settings.ef, min(limit, MAX_LIMIT))}},
            partition_names=[partition] if partition else None,
        )
        hits = {hit["id"]: float(np.clip(hit["distance"], -1.0, 1.0)) for hit in reversed(found[0])}
        return [Hit(id=one, similarity=similarity) for one, similarity in reversed(hits.items())]

    def pages(
        self,
        expression: str,
        fields: Sequence[str],
        expected: int,
        partition: str | None = None,
        size: int = MAX_LIMIT,
    ) -> Iterator[list[Row]]:
        """All rows, however many: ids are spread evenly, so each query takes one stretch of their numbers.

        Args:
            expression: Which rows.
            fields: What of each row.
            expected: About how many they are; a wrong number costs time and no rows.
            partition: Where they are.
            size: Of a page, at most.
        """
        query = partial(self._query, fields=fields, partition=partition, limit=size)
        parts = max(1, ceil(expected / (size // 2)))
        for part in range(parts):
            yield from self._stretch(query, expression, END * part // parts, END * (part + 1) // parts)

    def count(self, expression: str = "") -> int:
        rows = self._call(self.client.query, filter=expression, output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def partitions(self) -> list[str]:
        """Names of those that were made on purpose."""
        found = self._call(self.client.list_partitions)
        return [name for name in found if name != UNNAMED]

    def load(self, timeout_s: float | None = None) -> None:
        """Make it ready to be searched."""
        self.client.load_collection(self.name, timeout=timeout_s or self._settings.timeout_s)

    def _stretch(
        self, query: partial[list[Row]], expression: str, first: int, end: int
    ) -> Iterator[list[Row]]:
        rows = query(both(expression, between(first, end)))
        if len(rows) < query.keywords["limit"] or end - first < 2:
            yield rows
            return
        middle = (first + end) // 2
        yield from self._stretch(query, expression, first, middle)
        yield from self._stretch(query, expression, middle, end)

    def _query(self, expression: str, fields: Sequence[str], partition: str | None, limit: int) -> list[Row]:
        rows = self._call(
            self.client.query,
            filter=expression,
            output_fields=list(fields),
            limit=limit,
            partition_names=[partition] if partition else None,
        )
        return list({row["id"]: dict(row) for row in rows}.values())

    def _call(self, method: Callable[..., Any], **arguments: Any) -> Any:
        from pymilvus.exceptions import MilvusException

        try:
            return method(self.name, timeout=self._settings.timeout_s, **arguments)
        except MilvusException as error:
            if error.code != NOT_LOADED:
                raise
        self.load()  # a server that started again may have forgotten
        return method(self.name, timeout=self._settings.timeout_s, **arguments)
