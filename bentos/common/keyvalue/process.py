"""The stand-in for Redis where a deployment is one process a service."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bentos.common.keyvalue.base import group_of

MAX_KEYS = 10_000
"""Of one group, so that what is remembered of pictures pushes out neither counters nor idempotency keys."""


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    expires: float


class ProcessStore:
    """Keeps values in the memory of this process, and no other process sees them.

    Args:
        clock: Seconds that never go back.
        max_keys: Of one group; beyond it the least recently used key goes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, max_keys: int = MAX_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._groups: defaultdict[str, OrderedDict[str, _Entry]] = defaultdict(OrderedDict)
        self._lock = threading.RLock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            entry = self._live(key)
            return entry.value if entry else None

    def put(self, key: str, value: bytes, ttl_s: int) -> None:
        self.put_bounded(key, value, ttl_s, self._max_keys)

    def put_bounded(self, key: str, value: bytes, ttl_s: int, most: int) -> None:
        with self._lock:
            self._set(key, _Entry(value, self._clock() + ttl_s), most)

    def add(self, key: str, value: bytes, ttl_s: int) -> bool:
        with self._lock:
            absent = self._live(key) is None
            if absent:
                self.put(key, value, ttl_s)
            return absent

    def replace_if(self, key: str, expected: bytes, value: bytes, ttl_s: int) -> bool:
        with self._lock:
            fits = self.get(key) == expected
            if fits:
                self.put(key, value, ttl_s)
            return fits

    def delete(self, key: str) -> None:
        with self._lock:
            self._groups[group_of(key)].pop(key, None)

    def delete_if(self, key: str, expected: bytes) -> bool:
        with self._lock:
            fits = self.get(key) == expected
            if fits:
                self.delete(key)
            return fits

    def delete_prefix(self, prefix: str) -> int:
        with self._lock:
            keys = [key for group in self._groups.values() for key in group if key.startswith(prefix)]
            there = [key for key in keys if self._live(key)]
            for key in there:
                self.delete(key)
            return len(there)

    def count(self, key: str, window_s: int) -> tuple[int, int]:
        with self._lock:
            now = self._clock()
            before = self._live(key) or _Entry(b"0", now + window_s)
            counted = int(before.value) + 1
            self._set(key, _Entry(b"%d" % counted, before.expires), self._max_keys)
            return counted, max(1, math.ceil(before.expires - now))

    def ping(self) -> None:
        """A process reaches itself."""

    def close(self) -> None:
        with self._lock:
            self._groups.clear()

    def _live(self, key: str) -> _Entry | None:
        group = self._groups[group_of(key)]
        entry = group.get(key)
        if entry is None:
            return None
        if self._clock() >= entry.expires:
            del group[key]
            return None
        group.move_to_end(key)
        return entry

    def _set(self, key: str, entry: _Entry, most: int) -> None:
        group = self._groups[group_of(key)]
        group[key] = entry
        group.move_to_end(key)
        while len(group) > most:
            group.popitem(last=False)
