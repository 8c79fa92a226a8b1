"""Redis itself: what it holds, and what happens when it goes away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis
from redis_server import RedisServer
from stores import redis_store

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.keyvalue import KeyValue, open_key_value
from bentos.common.keyvalue.redis_store import CONNECTIONS, RedisStore
from bentos.common.settings import KeyValueSettings

SHORT_S = 0.2
PASSWORD = "swordfish"
CALLS: dict[str, Callable[[KeyValue], object]] = {
    "get": lambda store: store.get("name:a"),
    "put": lambda store: store.put("name:b", b"1", 60),
    "put_bounded": lambda store: store.put_bounded("some:c", b"1", 60, 10),
    "add": lambda store: store.add("name:d", b"1", 60),
    "replace_if": lambda store: store.replace_if("name:d", b"1", b"2", 60),
    "delete": lambda store: store.delete("name:e"),
    "delete_if": lambda store: store.delete_if("name:e", b"1"),
    "delete_prefix": lambda store: store.delete_prefix("none:"),
    "count": lambda store: store.count("rate:a", 60),
    "ping": lambda store: store.ping(),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def store(server: RedisServer) -> Iterator[RedisStore]:
    store = redis_store(server.url, SHORT_S)
    yield store
    store.close()


def assert_all_work(store: KeyValue) -> None:
    for call in CALLS.values():
        call(store)


def assert_none_works(store: KeyValue) -> None:
    for name, call in CALLS.items():
        with pytest.raises(DependencyUnavailable, match="Redis does not answer") as failed:
            call(store)
        assert failed.value.details == {"dependency": "redis"}, name
        assert "127.0.0.1" not in failed.value.message


def test_everything_is_under_one_name_and_nothing_stays_for_ever(
    server: RedisServer, store: RedisStore
) -> None:
    assert_all_work(store)
    with Redis.from_url(server.url) as client:
        keys = client.keys("*")
        assert len(keys) == 5
        for key in keys:
            assert key.startswith(b"facesocial:")
            assert 0 < client.ttl(key) <= 60, key


def test_every_call_fails_while_redis_is_away_and_works_once_it_is_back(
    server: RedisServer, store: RedisStore
) -> None:
    assert_all_work(store)
    server.stop()
    assert_none_works(store)
    server.start()
    assert_all_work(store)


def test_connections_and_scripts_of_a_redis_that_was_started_anew_are_replaced(
    server: RedisServer, store: RedisStore
) -> None:
    assert_all_work(store)
    server.stop()
    server.start()
    assert_all_work(store)


@pytest.mark.timeout(30)
def test_a_redis_that_hangs_is_one_that_does_not_answer(server: RedisServer, store: RedisStore) -> None:
    assert_all_work(store)
    server.pause()
    assert_none_works(store)
    server.resume()
    assert_all_work(store)


def test_what_was_not_answered_is_not_tried_again(server: RedisServer, store: RedisStore) -> None:
    with Redis.from_url(server.url) as client:
        store.count("rate:a", 60)
        before = client.info("stats")["total_connections_received"]
        server.pause()
        with pytest.raises(DependencyUnavailable):
            store.count("rate:a", 60)
        server.resume()
        assert client.info("stats")["total_connections_received"] == before
    assert store.count("rate:a", 60)[0] <= 3


def test_redis_that_goes_away_in_the_middle_fails_calls_and_hangs_none(
    server: RedisServer, store: RedisStore
) -> None:
    begun = threading.Semaphore(0)

    def until_it_fails() -> str:
        begun.release()
        while True:
            try:
                assert_all_work(store)
            except DependencyUnavailable as error:
                return error.message

    with ThreadPoolExecutor(20) as threads:
        calls = [threads.submit(until_it_fails) for _ in range(20)]
        for _ in calls:
            assert begun.acquire(timeout=30)
        server.stop()
        assert all("Redis does not answer" in call.result(timeout=60) for call in calls)
    server.start()
    assert_all_work(store)


def test_more_threads_than_connections_wait_for_their_turn(server: RedisServer) -> None:
    store = redis_store(server.url)
    callers = 2 * CONNECTIONS
    together = threading.Barrier(callers, timeout=60)

    def count() -> int:
        together.wait()
        return store.count("rate:a", 60)[0]

    with ThreadPoolExecutor(callers) as threads:
        counted = [call.result(60) for call in [threads.submit(count) for _ in range(callers)]]
    assert sorted(counted) == list(range(1, callers + 1))
    with Redis.from_url(server.url) as client:
        assert len(client.client_list()) <= CONNECTIONS + 1
    store.close()


def test_a_closed_store_leaves_no_connection(server: RedisServer, store: RedisStore) -> None:
    assert_all_work(store)
    with Redis.from_url(server.url) as client:
        assert len(client.client_list()) == 2
        store.close()
        assert len(client.client_list()) == 1


@pytest.mark.parametrize("password", [None, "wrong"])
def test_a_wrong_password_is_told_and_not_repeated(tmp_path: Path, password: str | None) -> None:
    with RedisServer(tmp_path, ("--requirepass", PASSWORD)) as server:
        right = redis_store(server.url.replace("//", f"//:{PASSWORD}@"))
        right.ping()
        right.close()
        wrong = redis_store(server.url.replace("//", f"//:{password}@") if password else server.url)
        with pytest.raises(DependencyUnavailable) as failed:
            wrong.ping()
        wrong.close()
    assert "wrong" not in failed.value.message


def fill(store: KeyValue) -> None:
    for index in range(100):
        store.put(f"name:{index}", bytes(100_000), 60)


def test_a_full_redis_is_one_that_does_not_answer(tmp_path: Path) -> None:
    with RedisServer(tmp_path, ("--maxmemory", "2mb")) as server:
        store = redis_store(server.url)
        with pytest.raises(DependencyUnavailable):
            fill(store)
        store.close()


@pytest.mark.parametrize(
    "address",
    [
        f"http://:{PASSWORD}@host:6379",
        f"redis://:pass/{PASSWORD}@host:6379",
        f"redis://host:{PASSWORD}",
        f"redis://:{PASSWORD}@host:6379/0?colour=blue",
        f"redis://:{PASSWORD}@host:6379/0?socket_timeout=soon",
        PASSWORD,
        "",
    ],
)
def test_an_address_that_is_none_is_refused_by_the_settings_name(address: str) -> None:
    with pytest.raises(ConfigurationError, match="FACESOCIAL_REDIS_URL") as refused:
        open_key_value(KeyValueSettings(redis_url=SecretStr(address), timeout_s=1))
    assert PASSWORD not in refused.value.message
    assert refused.value.__suppress_context__
