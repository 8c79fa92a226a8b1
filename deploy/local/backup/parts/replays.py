"""Answers to requests with an idempotency key, in Redis: a repeat after a restore does nothing twice.

Nothing else of Redis is kept: remembered answers may describe faces, and counters and messages are hints. The answers
are read and not dumped, because each is looked at before it comes back: it may name somebody who was erased since.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import cast

from redis import Redis, RedisError

from bentos.common.errors import DependencyUnavailable
from bentos.common.keyvalue import open_key_value
from bentos.common.keyvalue.redis_store import NAMESPACE
from bentos.common.settings import KeyValueSettings
from deploy.local.backup.erased import Erased
from deploy.local.backup.manifest import Manifest
from deploy.local.backup.parts.piece import Piece
from deploy.local.backup.sealing import Chunks

GROUP = "idempotency:"
PREFIX = f"{NAMESPACE}{GROUP}"
AT_ONCE = 200
ERASED = "erased_before"


@contextmanager
def read(settings: KeyValueSettings, erased: int) -> Iterator[Piece | None]:
    """Answers that were given, each with the moment at which it lapses; None without Redis.

    Args:
        settings: Where Redis is.
        erased: So many faces had been erased before this began.

    Raises:
        DependencyUnavailable: Redis does not answer.
    """
    if settings.redis_url is None:
        yield None
        return
    counts = {"answers": 0, ERASED: erased}
    with _connected(settings) as client:
        yield Piece("redis", "NDJSON", Chunks(_lines(client, counts)), counts)


def names_are_lost(manifest: Manifest) -> bool:
    """Whether somebody was erased between the reading of the answers, which may name them, and of the database, which
    does not any more.
    """
    part = manifest.part("redis")
    return part is not None and part.counts[ERASED] != manifest.database.counts["tombstones"]


def ping(settings: KeyValueSettings) -> None:
    """Raise DependencyUnavailable where there is a Redis, and it does not answer."""
    if settings.redis_url is not None:
        with _connected(settings) as client, _asking():
            client.ping()


def forget(settings: KeyValueSettings) -> int:
    """Forget all answers, those that are remembered of pictures too: they speak of what a restore takes away.

    Raises:
        DependencyUnavailable: Redis does not answer.
    """
    store = open_key_value(settings)
    try:
        return sum(store.delete_prefix(prefix) for prefix in (GROUP, "cache:"))
    finally:
        store.close()


def write(file: Path, settings: KeyValueSettings, erased: Erased) -> tuple[int, int]:
    """Put back what has not lapsed and names nobody who was erased; a newer answer stays.

    Returns:
        How many came back, and how many did not because of somebody erased.

    Raises:
        DependencyUnavailable: Redis does not answer.
    """
    kept = held_back = 0
    with _connected(settings) as client, file.open("rb") as lines, _asking():
        for line in lines:
            fields = json.loads(line)
            record = base64.b64decode(fields["record"])
            left_ms = fields["lapses_at_ms"] - _now_ms()
            if left_ms <= 0:
                continue
            if erased.is_named_in(record.partition(b"\n")[2]):
                held_back += 1
                continue
            kept += bool(client.set(PREFIX + fields["key"], record, px=left_ms, nx=True))
    return kept, held_back


def _lines(client: Redis, counts: dict[str, int]) -> Iterator[bytes]:
    with _asking():
        keys = client.scan_iter(match=f"{PREFIX}*", count=AT_ONCE)
        seen: set[bytes] = set()  # a scan may name a key twice
        while some := [cast(bytes, key) for key in islice(keys, AT_ONCE)]:
            fresh = [key for key in dict.fromkeys(some) if key not in seen]
            seen.update(fresh)
            for key, record, left_ms in _records(client, fresh):
                counts["answers"] += 1
                yield _line(key, record, left_ms)


def _records(client: Redis, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes, int]]:
    """What is kept by key, with the milliseconds left; marks of requests under way are left out."""
    with client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.get(key)
            pipeline.pttl(key)
        found = pipeline.execute()
    for key, record, left_ms in zip(keys, found[::2], found[1::2], strict=True):
        if record is not None and left_ms > 0 and _is_answer(record):
            yield key, record, left_ms


def _is_answer(record: bytes) -> bool:
    return json.loads(record.partition(b"\n")[0])["status"] is not None


def _line(key: bytes, record: bytes, left_ms: int) -> bytes:
    fields = {
        "key": key.decode().removeprefix(PREFIX),
        "lapses_at_ms": _now_ms() + left_ms,
        "record": base64.b64encode(record).decode(),
    }
    return json.dumps(fields).encode() + b"\n"


def _now_ms() -> int:
    return round(time.time() * 1000)


@contextmanager
def _connected(settings: KeyValueSettings) -> Iterator[Redis]:
    assert settings.redis_url is not None
    limit = settings.timeout_s
    client = Redis.from_url(
        settings.redis_url.get_secret_value(), socket_timeout=limit, socket_connect_timeout=limit
    )
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except RedisError as error:  # its text may name hosts and users
        raise DependencyUnavailable(
            f"Redis does not answer ({type(error).__name__}).", {"dependency": "redis"}
        ) from error
