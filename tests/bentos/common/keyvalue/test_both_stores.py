"""What the store of the own process and Redis do alike."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from stores import TimedStore

from bentos.common.keyvalue import KeyValue

T = TypeVar("T")
CALLERS = 50
TIMES = 40
BINARY = bytes(range(256)) * 40
HOSTILE = ("a*", "a?", "a[b]", "[a-z]", "a\\", "\\*", "^", "a b", "ä€", "\0", "{1}")


def at_once(call: Callable[[int], T]) -> list[T]:
    """The results of a call from many threads that begin together and take turns all the time."""
    together = Barrier(CALLERS, timeout=30)
    interval = sys.getswitchinterval()

    def one(index: int) -> T:
        together.wait()
        return call(index)

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(CALLERS) as threads:
            return list(threads.map(one, range(CALLERS)))
    finally:
        sys.setswitchinterval(interval)


@pytest.fixture
def store(timed_store: TimedStore) -> KeyValue:
    return timed_store.store


@pytest.mark.parametrize("value", [b"", b"0", BINARY])
def test_what_was_put_is_there_until_something_else_is(store: KeyValue, value: bytes) -> None:
    assert store.get("name:a") is None
    store.put("name:a", value, 60)
    assert store.get("name:a") == value
    store.put("name:a", b"other", 60)
    assert store.get("name:a") == b"other"
    assert store.get("name:") is None


def test_what_one_client_puts_another_finds(timed_store: TimedStore) -> None:
    timed_store.store.put("name:a", b"1", 60)
    assert timed_store.other.get("name:a") == b"1"


def test_every_value_is_gone_when_its_time_is_over(timed_store: TimedStore) -> None:
    store = timed_store.store
    store.put("name:put", b"1", 10)
    store.put("name:longer", b"1", 60)
    store.put_bounded("some:bounded", b"1", 10, 10)
    store.add("name:added", b"1", 10)
    store.add("name:replaced", b"1", 60)
    store.replace_if("name:replaced", b"1", b"2", 10)
    timed_store.let_pass(11)
    for key in ("name:put", "some:bounded", "name:added", "name:replaced"):
        assert store.get(key) is None, key
        assert not store.replace_if(key, b"1", b"3", 60)
    assert store.get("name:longer") == b"1"
    assert store.add("name:added", b"4", 60)
    assert store.delete_prefix("name:") == 2


def test_add_sets_what_is_absent_and_nothing_else(store: KeyValue) -> None:
    assert store.add("name:a", b"", 60)
    assert not store.add("name:a", b"2", 60)
    assert store.get("name:a") == b""
    store.delete("name:a")
    store.delete("name:a")
    assert store.add("name:a", b"3", 60)


def test_values_are_compared_before_they_are_replaced_or_removed(store: KeyValue) -> None:
    assert not store.replace_if("name:a", b"", b"1", 60)
    assert not store.delete_if("name:a", b"")
    store.put("name:a", BINARY, 60)
    assert not store.replace_if("name:a", BINARY[:-1], b"1", 60)
    assert not store.delete_if("name:a", b"")
    assert store.get("name:a") == BINARY
    assert store.replace_if("name:a", BINARY, b"1", 60)
    assert store.delete_if("name:a", b"1")
    assert store.get("name:a") is None


def test_replacing_by_the_same_value_gives_it_more_time(timed_store: TimedStore) -> None:
    store = timed_store.store
    store.put("name:a", b"mine", 10)
    assert store.replace_if("name:a", b"mine", b"mine", 60)
    timed_store.let_pass(11)
    assert store.get("name:a") == b"mine"


def test_one_of_many_adds_wins(timed_store: TimedStore) -> None:
    clients = (timed_store.store, timed_store.other)
    won = at_once(lambda i: clients[i % 2].add("name:a", b"%d" % i, 60))
    assert won.count(True) == 1
    assert timed_store.store.get("name:a") == b"%d" % won.index(True)


def test_one_of_many_replacements_and_one_of_many_removals_win(store: KeyValue) -> None:
    store.put("name:a", b"start", 60)
    won = at_once(lambda i: store.replace_if("name:a", b"start", b"%d" % i, 60))
    assert won.count(True) == 1
    last = b"%d" % won.index(True)
    assert store.get("name:a") == last
    assert at_once(lambda i: store.delete_if("name:a", last)).count(True) == 1


def test_no_count_is_lost(timed_store: TimedStore) -> None:
    clients = (timed_store.store, timed_store.other)
    counted = at_once(lambda i: [clients[i % 2].count("rate:a", 60)[0] for _ in range(TIMES)])
    assert sorted(count for some in counted for count in some) == list(range(1, TIMES * CALLERS + 1))


def test_a_counter_ends_with_the_window_that_its_first_count_began(timed_store: TimedStore) -> None:
    store = timed_store.store
    assert store.count("rate:a", 60) == (1, 60)
    timed_store.let_pass(50)
    counted, left_s = store.count("rate:a", 60)
    assert counted == 2
    assert 1 <= left_s <= 10
    timed_store.let_pass(11)
    assert store.count("rate:a", 60) == (1, 60)
    assert store.count("rate:b", 1) == (1, 1)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_prefix_is_taken_as_it_is_written(store: KeyValue, name: str) -> None:
    others = [
        "name:ab:x",
        "name:abc",
        "name:a:x",
        "name:b",
        "name:*",
        "nam",
        f"other:name:{name}",
        f"name:{name}",
    ]
    for key in others:
        store.put(key, b"1", 60)
    for key in (f"name:{name}:x", f"name:{name}:", f"name:{name}:*:y"):
        store.put(key, b"1", 60)
    assert store.delete_prefix(f"name:{name}:") == 3
    assert [key for key in others if store.get(key) is None] == []
    assert store.delete_prefix(f"name:{name}:") == 0


def test_a_prefix_with_thousands_of_keys(store: KeyValue) -> None:
    for index in range(1203):
        store.put(f"name:a:{index}", b"1", 60)
        store.put(f"name:b:{index}", b"1", 60)
    assert store.delete_prefix("name:a:") == 1203
    assert store.delete_prefix("name:") == 1203


def kept(store: KeyValue, *keys: str) -> str:
    return "".join(key for key in keys if store.get(f"some:{key}") is not None)


def test_a_bounded_group_keeps_what_was_put_last(timed_store: TimedStore) -> None:
    store = timed_store.store
    store.put("other:a", b"1", 60)
    for key in "abcde":
        store.put_bounded(f"some:{key}", key.encode(), 60, 3)
    assert kept(store, *"abcde") == "cde"
    store.put_bounded("some:c", b"again", 60, 3)
    store.put_bounded("some:f", b"1", 60, 3)
    assert kept(store, *"abcdef") == "cef"
    store.put_bounded("some:g", b"1", 60, 1)
    assert kept(store, *"abcdefg") == "g"
    assert store.get("other:a") == b"1"


@pytest.mark.parametrize("how", ["removed", "removed by prefix", "over"])
def test_what_is_gone_takes_no_room_in_a_bounded_group(timed_store: TimedStore, how: str) -> None:
    store = timed_store.store
    ttl_s = 10 if how == "over" else 60
    keys = ["some:x:1", "some:x:2", "some:live"] if how == "over" else ["some:live", "some:x:1", "some:x:2"]
    for key in keys:
        store.put_bounded(key, b"1", 60 if key == "some:live" else ttl_s, 3)
    if how == "removed":
        store.delete("some:x:1")
        store.delete("some:x:2")
    elif how == "removed by prefix":
        assert store.delete_prefix("some:x:") == 2
    else:
        timed_store.let_pass(11)
    store.put_bounded("some:a", b"1", 60, 3)
    store.put_bounded("some:b", b"1", 60, 3)
    assert kept(store, "live", "a", "b") == "liveab"


def test_a_bound_holds_whoever_puts(timed_store: TimedStore) -> None:
    clients = (timed_store.store, timed_store.other)
    at_once(lambda i: clients[i % 2].put_bounded(f"some:{i}", b"1", 60, 7))
    assert sum(timed_store.store.get(f"some:{i}") is not None for i in range(CALLERS)) == 7
    assert timed_store.store.delete_prefix("some:") == 7
