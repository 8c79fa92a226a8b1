"""Remembered answers: whose they are, how many, how long, and what happens when the store goes away."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis_server import RedisServer
from stores import ManualClock, TimedStore, redis_store

from bentos.common.cache import REST_S, ResultCache
from bentos.common.errors import DependencyUnavailable
from bentos.common.keyvalue import KeyValue, ProcessStore
from bentos.common.settings import CacheSettings
from bentos.contracts import DetectOptions, FaceOptions, FaceSelection

BODY = b'{"faces":[0.1]}'
TENANTS = ("acme", "acme*", "acm", "acme:", "acme2", "*", "", "?", "[a-z]", "\\", "cache:", "\ud800", "a\0")


def cache_of(store: KeyValue, size: int = 8, ttl_s: int = 60) -> ResultCache:
    return ResultCache(store, CacheSettings(size=size, ttl_s=ttl_s))


def key_of(
    cache: ResultCache,
    tenant: str = "acme",
    operation: str = "face-detection-service/detect",
    image: bytes = b"picture",
    models: tuple[str, ...] = ("aa", "bb"),
    options: FaceSelection | None = None,
) -> str:
    return cache.key(tenant, operation, image, models, options or DetectOptions())


@pytest.fixture
def cache(timed_store: TimedStore) -> ResultCache:
    return cache_of(timed_store.store)


def test_what_was_remembered_is_known_to_every_process_for_its_time(
    timed_store: TimedStore, cache: ResultCache
) -> None:
    key = key_of(cache)
    assert cache.get(key) is None
    cache.put(key, BODY)
    assert cache.get(key) == BODY
    assert cache_of(timed_store.other).get(key) == BODY
    timed_store.let_pass(61)
    assert cache.get(key) is None


def test_the_same_question_has_the_same_key(cache: ResultCache) -> None:
    options = DetectOptions.model_validate({"min_score": "0.60"})
    assert key_of(cache) == key_of(cache, options=options) == key_of(cache_of(ProcessStore()))


def test_another_question_has_another_key(cache: ResultCache) -> None:
    keys = [
        key_of(cache),
        key_of(cache, tenant="acm", operation="eface-detection-service/detect"),
        key_of(cache, operation="face-detection-service/batch"),
        key_of(cache, image=b"picturf"),
        key_of(cache, image=b""),
        key_of(cache, models=("aa", "cc")),
        key_of(cache, models=("bb", "aa")),
        key_of(cache, models=("aab", "b")),
        key_of(cache, models=("aa", "bb", "")),
        key_of(cache, models=("aa",)),
        key_of(cache, options=DetectOptions(min_score=0.61)),
        key_of(cache, options=DetectOptions(max_faces=1)),
        key_of(cache, options=FaceOptions()),
    ]
    assert len(set(keys)) == len(keys)


def test_a_key_says_nothing_of_tenant_and_picture(cache: ResultCache) -> None:
    key = key_of(cache, tenant="acme", image=b"acme")
    assert key.isascii()
    assert "acme" not in key


def test_no_tenant_is_told_or_forgets_what_is_anothers(timed_store: TimedStore) -> None:
    cache = cache_of(timed_store.store, size=100)
    keys = {
        tenant: [key_of(cache, tenant=tenant, image=image) for image in (b"1", b"2")] for tenant in TENANTS
    }
    for tenant in TENANTS:
        assert [cache.get(key) for key in keys[tenant]] == [None, None]
        for key in keys[tenant]:
            cache.put(key, tenant.encode("utf-8", "surrogatepass"))
    for index, tenant in enumerate(TENANTS):
        assert cache.forget_tenant(tenant) == 2
        assert cache.forget_tenant(tenant) == 0
        assert [cache.get(key) for key in keys[tenant]] == [None, None]
        for other in TENANTS[index + 1 :]:
            assert cache.get(keys[other][0]) == other.encode("utf-8", "surrogatepass")


def test_no_more_is_remembered_than_allowed(timed_store: TimedStore, cache: ResultCache) -> None:
    caches = (cache, cache_of(timed_store.other))
    keys = [key_of(cache, tenant=f"{i % 3}", image=b"%d" % i) for i in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda i: caches[i % 2].put(keys[i], BODY), range(40)))
    cache.put(keys[0], BODY)
    assert sum(cache.get(key) is not None for key in keys) == 8
    assert cache.get(keys[0]) == BODY
    assert sum(cache.forget_tenant(f"{i}") for i in range(3)) == 8


def test_a_flood_of_pictures_leaves_counters_and_keys_of_writes_alone(timed_store: TimedStore) -> None:
    timed_store.store.count("rate:a", 60)
    timed_store.store.add("idempotency:a", b"mark", 60)
    cache = cache_of(timed_store.store, size=1)
    for index in range(20):
        cache.put(key_of(cache, image=b"%d" % index), BODY)
    assert timed_store.store.count("rate:a", 60)[0] == 2
    assert timed_store.store.get("idempotency:a") == b"mark"


class Failing(ProcessStore):
    """Fails while it is told to; ``asked`` counts every call."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False
        self.asked = 0

    def get(self, key: str) -> bytes | None:
        self._ask()
        return super().get(key)

    def put_bounded(self, key: str, value: bytes, ttl_s: int, most: int) -> None:
        self._ask()
        super().put_bounded(key, value, ttl_s, most)

    def delete_prefix(self, prefix: str) -> int:
        self._ask()
        return super().delete_prefix(prefix)

    def _ask(self) -> None:
        self.asked += 1
        if self.fails:
            raise DependencyUnavailable("away", {"dependency": "redis"})


def test_with_size_0_no_request_asks_the_store() -> None:
    store = Failing()
    cache = cache_of(store, size=0)
    cache.put(key_of(cache), BODY)
    assert cache.get(key_of(cache)) is None
    assert not cache.on
    assert store.asked == 0


def test_what_another_service_remembers_is_forgotten_too(timed_store: TimedStore) -> None:
    remembering, off = cache_of(timed_store.store), cache_of(timed_store.other, size=0)
    remembering.put(key_of(remembering), BODY)
    assert off.forget_tenant("acme") == 1
    assert remembering.get(key_of(remembering)) is None


@pytest.mark.parametrize("what", ["get", "put"])
def test_a_store_that_fails_is_left_alone_for_a_while_and_then_asked_again(
    what: str, caplog: pytest.LogCaptureFixture
) -> None:
    store, clock = Failing(), ManualClock()
    cache = ResultCache(store, CacheSettings(size=8, ttl_s=60), clock)
    key = key_of(cache)
    cache.put(key, BODY)
    store.fails, store.asked = True, 0
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            if what == "put":
                cache.put(key, BODY)
            assert cache.get(key) is None
    assert store.asked == 1
    assert [record.message for record in caplog.records] == ["nothing is remembered for 5 s: away"]
    clock.move(REST_S)
    assert cache.get(key) is None
    assert store.asked == 2
    store.fails = False
    clock.move(REST_S)
    assert cache.get(key) == BODY


def test_requests_that_wait_for_a_failing_store_together_are_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Crowd(Failing):
        def get(self, key: str) -> bytes | None:
            self.asked += 1
            if self.asked < 5:
                cache.get(key)  # another comes while this one waits
            raise DependencyUnavailable("away", {"dependency": "redis"})

    store = Crowd()
    cache = cache_of(store)
    with caplog.at_level(logging.WARNING):
        assert cache.get(key_of(cache)) is None
    assert store.asked == 5
    assert len(caplog.records) == 1


def test_erasure_does_not_pretend() -> None:
    store = Failing()
    cache = cache_of(store)
    cache.put(key_of(cache), BODY)
    store.fails = True
    for _ in range(2):  # also while requests leave the store alone
        with pytest.raises(DependencyUnavailable):
            cache.forget_tenant("acme")
        assert cache.get(key_of(cache)) is None
    store.fails = False
    assert cache.forget_tenant("acme") == 1


def test_redis_that_stops_in_the_middle_fails_no_request_but_an_erasure(tmp_path: Path) -> None:
    clock = ManualClock()
    with RedisServer(tmp_path) as server:
        store = redis_store(server.url, timeout_s=0.2)
        cache = ResultCache(store, CacheSettings(size=8, ttl_s=60), clock)
        key = key_of(cache)
        cache.put(key, BODY)
        assert cache.get(key) == BODY
        for stop, start in ((server.pause, server.resume), (server.stop, server.start)):
            stop()
            assert cache.get(key) is None
            clock.move(REST_S)
            cache.put(key, BODY)
            with pytest.raises(DependencyUnavailable):
                cache.forget_tenant("acme")
            start()
            clock.move(REST_S)
            cache.put(key, BODY)
            assert cache.get(key) == BODY
        assert cache.forget_tenant("acme") == 1
        store.close()
