"""Both stores of short-lived state, each with a way to let time pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr
from redis import Redis

from bentos.common.keyvalue import KeyValue, ProcessStore
from bentos.common.keyvalue.redis_store import RedisStore
from bentos.common.settings import KeyValueSettings

DATABASE = 1
"""Of Redis; it is emptied before each test."""
TIMEOUT_S = 5.0


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class TimedStore:
    """A store, another client of the same one, and what lets its time pass."""

    store: KeyValue
    other: KeyValue
    let_pass: Callable[[float], None]


def redis_store(url: str, timeout_s: float = TIMEOUT_S) -> RedisStore:
    return RedisStore(KeyValueSettings(redis_url=SecretStr(url), timeout_s=timeout_s))


@contextmanager
def in_process() -> Iterator[TimedStore]:
    clock = ManualClock()
    store = ProcessStore(clock)
    yield TimedStore(store, store, clock.move)
    store.close()


@contextmanager
def in_redis(server: str) -> Iterator[TimedStore]:
    """Two clients of an empty database."""
    url = f"{server}/{DATABASE}"
    store, other = redis_store(url), redis_store(url)
    with Redis.from_url(url) as client:
        client.flushdb()
        yield TimedStore(store, other, partial(_age, client))
    store.close()
    other.close()


def _age(client: Redis, seconds: float) -> None:
    """Take so much from the time that each key has left; nobody has to sleep for it."""
    for key in client.keys("*"):
        left_ms = client.pttl(key) - int(seconds * 1000)
        client.pexpire(key, left_ms)  # a time that is over removes the key at once
