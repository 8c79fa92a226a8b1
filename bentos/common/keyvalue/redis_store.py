"""Redis as the store of short-lived state; one server or a replicated one, no cluster."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import cast

from redis import BlockingConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.keyvalue.base import group_of
from bentos.common.settings import PREFIX, KeyValueSettings

NAMESPACE = "facesocial:"
INDEX = f"{NAMESPACE}index:"
CONNECTIONS = 64
AT_ONCE = 500
"""Keys that one round removes, so that Redis answers others in between."""

# The index holds the microsecond at which each key of a group was put. A script may reach the keys that it finds
# there because nothing here runs on a cluster.
PUT_BOUNDED = """
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
local time = redis.call('TIME')
redis.call('ZADD', KEYS[2], string.format('%.0f', time[1] * 1000000 + time[2]), KEYS[1])
local over = redis.call('ZCARD', KEYS[2]) - ARGV[3]
if over > 0 then
  for _, key in ipairs(redis.call('ZRANGE', KEYS[2], 0, over - 1)) do
    redis.call('UNLINK', key)
    redis.call('ZREM', KEYS[2], key)
  end
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
"""
REPLACE_IF = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
DELETE_IF = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
"""
COUNT = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = ARGV[1] * 1000
  redis.call('PEXPIRE', KEYS[1], left)
end
return {count, left}
"""


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (
        RedisError
    ) as error:  # its text may name hosts and users: it is for the log, the message for callers
        raise DependencyUnavailable(
            f"Redis does not answer ({type(error).__name__}); try again in a moment.", {"dependency": "redis"}
        ) from error


class RedisStore:
    """Keeps values in Redis, where all processes of a deployment see them.

    Args:
        settings: With the address, whose query string may set more of the client.

    Raises:
        ConfigurationError: The address is not one of Redis.
    """

    def __init__(self, settings: KeyValueSettings) -> None:
        self._redis = Redis.from_pool(_pool_of(settings))
        self._put_bounded = self._redis.register_script(PUT_BOUNDED)
        self._replace_if = self._redis.register_script(REPLACE_IF)
        self._delete_if = self._redis.register_script(DELETE_IF)
        self._count = self._redis.register_script(COUNT)

    @_asking()
    def get(self, key: str) -> bytes | None:
        return cast(bytes | None, self._redis.get(NAMESPACE + key))

    @_asking()
    def put(self, key: str, value: bytes, ttl_s: int) -> None:
        self._redis.set(NAMESPACE + key, value, ex=ttl_s)

    @_asking()
    def put_bounded(self, key: str, value: bytes, ttl_s: int, most: int) -> None:
        self._put_bounded(keys=[NAMESPACE + key, INDEX + group_of(key)], args=[value, ttl_s, most])

    @_asking()
    def add(self, key: str, value: bytes, ttl_s: int) -> bool:
        return bool(self._redis.set(NAMESPACE + key, value, ex=ttl_s, nx=True))

    @_asking()
    def replace_if(self, key: str, expected: bytes, value: bytes, ttl_s: int) -> bool:
        return bool(self._replace_if(keys=[NAMESPACE + key], args=[expected, value, ttl_s]))

    @_asking()
    def delete(self, key: str) -> None:
        self._remove([key])

    @_asking()
    def delete_if(self, key: str, expected: bytes) -> bool:
        return bool(self._delete_if(keys=[NAMESPACE + key], args=[expected]))

    @_asking()
    def delete_prefix(self, prefix: str) -> int:
        pattern = re.sub(r"([\\*?\[\]])", r"\\\1", NAMESPACE + prefix) + "*"
        found = self._redis.scan_iter(match=pattern, count=2 * AT_ONCE)
        keys = (key.decode().removeprefix(NAMESPACE) for key in found)
        removed = 0
        while some := list(islice(keys, AT_ONCE)):
            removed += self._remove(some)
        return removed

    @_asking()
    def count(self, key: str, window_s: int) -> tuple[int, int]:
        counted, left_ms = self._count(keys=[NAMESPACE + key], args=[window_s])
        return counted, max(1, math.ceil(left_ms / 1000))

    @_asking()
    def ping(self) -> None:
        self._redis.ping()

    def close(self) -> None:
        self._redis.close()

    def _remove(self, keys: list[str]) -> int:
        with self._redis.pipeline() as pipeline:
            pipeline.unlink(*(NAMESPACE + key for key in keys))
            for key in keys:
                pipeline.zrem(INDEX + group_of(key), NAMESPACE + key)
            return int(pipeline.execute()[0])


def _pool_of(settings: KeyValueSettings) -> BlockingConnectionPool:
    """Connections for threads; nothing is tried twice, because what was not answered may have been done."""
    assert settings.redis_url is not None
    limit = settings.timeout_s
    try:
        pool = BlockingConnectionPool.from_url(
            settings.redis_url.get_secret_value(),
            max_connections=CONNECTIONS,
            timeout=limit,
            socket_timeout=limit,
            socket_connect_timeout=limit,
            retry=Retry(NoBackoff(), 0),
        )
        pool.connection_class(**pool.connection_kwargs)  # connects to nothing, and refuses unknown options
    except (TypeError, ValueError):  # their texts hold parts of the address, and it a password
        raise ConfigurationError(
            f"{PREFIX}REDIS_URL is not an address of Redis; write redis://[USER:PASSWORD@]HOST:PORT/NUMBER."
        ) from None
    return pool
