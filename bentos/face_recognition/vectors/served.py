"""Faces on a Milvus server, which many services share."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import VectorSettings
from bentos.face_recognition.vectors import schema
from bentos.face_recognition.vectors.base import Floats, Hit
from bentos.face_recognition.vectors.client import connect
from bentos.face_recognition.vectors.collection import Collection, Row
from bentos.face_recognition.vectors.expressions import belongs
from bentos.face_recognition.vectors.schema import Binding

logger = logging.getLogger(__name__)

SCHEMES = ("http://", "https://", "tcp://", "unix:")
OLDEST = (2, 4)
SETTLE_LIMIT_S = 600.0
POLL_S = 0.2


class ServedStore:
    """One collection of a server; Milvus itself keeps tenants apart by their partition key."""

    def __init__(self, settings: VectorSettings, binding: Binding) -> None:
        if not settings.uri.startswith(SCHEMES):
            raise ConfigurationError(
                "FACESOCIAL_MILVUS_URI is neither the address of a server (http://host:19530) nor a path that ends "
                "in .db, where the embedded Milvus Lite keeps its files."
            )
        self._settings = settings
        self._binding = binding
        self._collection: Collection | None = None

    def open(self) -> None:
        collection = self._connected()
        client, name, timeout_s = collection.client, collection.name, self._settings.timeout_s
        _require_version(_version(client, timeout_s))
        schema.create(client, name, self._binding, self._settings, by_tenant=True, timeout_s=timeout_s)
        schema.verify(client, name, self._binding, timeout_s)
        collection.load()

    def upsert(self, rows: Sequence[Row]) -> None:
        self._opened.upsert(rows)

    def delete(self, tenant: str | None, ids: Sequence[str]) -> None:
        owned = [row["id"] for row in self._opened.owners(ids) if tenant in (None, row["tenant"])]
        if owned:
            self._opened.delete(owned)

    def search(self, tenant: str, gallery: str, values: Floats, limit: int) -> list[Hit]:
        return self._opened.search(values, limit, belongs(tenant, gallery))

    def pages(self, tenant: str | None, gallery: str | None) -> Iterator[list[Row]]:
        expression = belongs(tenant, gallery)
        yield from self._opened.pages(expression, ("id",), self._opened.count(expression))

    def count(self) -> int:
        return self._opened.count()

    def flush(self) -> None:
        client, name = self._opened.client, self._opened.name
        client.flush(name, timeout=SETTLE_LIMIT_S)
        timeout_s = self._settings.timeout_s
        self._settle(
            lambda: (
                not client.describe_index(name, schema.VECTOR, timeout=timeout_s).get("pending_index_rows")
            ),
            "build the index of",
        )

    def purge(self) -> None:
        """Compact; the server removes the files of before by itself (``dataCoord.gc.dropTolerance``)."""
        client, name = self._opened.client, self._opened.name
        if _version(client, self._settings.timeout_s).startswith("milvus_lite"):
            logger.warning(
                "Milvus Lite, served to several processes, keeps erased vectors in its files until it compacts by "
                "itself; only embedded, or on a Milvus server, they can be removed"
            )
            return
        client.flush(name, timeout=SETTLE_LIMIT_S)
        for of_deletions in (True, False):
            self._compact(client, name, of_deletions)

    def reset(self) -> None:
        collection = self._connected()
        collection.client.drop_collection(collection.name, timeout=self._settings.timeout_s)
        self.open()

    def drop(self) -> None:
        self._opened.client.drop_collection(self._opened.name, timeout=self._settings.timeout_s)

    def ping(self) -> None:
        self._opened.client.get_server_version(timeout=self._settings.timeout_s)

    def close(self) -> None:
        if self._collection is not None:
            self._collection.client.close()
            self._collection = None

    def _connected(self) -> Collection:
        if self._collection is None:
            token = self._settings.token.get_secret_value() if self._settings.token else ""
            client = connect(self._settings.uri, token, self._settings.timeout_s)
            self._collection = Collection(client, self._binding.name, self._settings)
        return self._collection

    @property
    def _opened(self) -> Collection:
        if self._collection is None:
            raise DependencyUnavailable("Milvus is not connected.", {"dependency": "milvus"})
        return self._collection

    def _compact(self, client: Any, name: str, of_deletions: bool) -> None:
        timeout_s = self._settings.timeout_s
        job = client.compact(name, is_l0=of_deletions, timeout=timeout_s)
        self._settle(
            lambda: client.get_compaction_state(job, timeout=timeout_s) == "Completed",
            "compact",
        )

    def _settle(self, done: Callable[[], bool], what: str) -> None:
        limit = time.monotonic() + SETTLE_LIMIT_S
        while not done():
            if time.monotonic() > limit:
                raise DependencyUnavailable(
                    f"Milvus did not {what} the collection within {SETTLE_LIMIT_S:.0f} s.",
                    {"dependency": "milvus"},
                )
            time.sleep(POLL_S)


def _version(client: Any, timeout_s: float) -> str:
    return str(client.get_server_version(timeout=timeout_s))


def _require_version(version: str) -> None:
    """Before 2.4 an upsert put rows in the partition of another tenant (milvus-io/milvus, pull request 30772)."""
    numbers = re.match(r"v?(\d+)\.(\d+)", version)
    if numbers and (int(numbers[1]), int(numbers[2])) < OLDEST:
        raise ConfigurationError(f"The Milvus server has version {version}; it must be 2.4 or newer.")
