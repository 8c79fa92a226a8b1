"""The store of the own process: it is bounded, and no group takes another's room."""

from __future__ import annotations

import pytest
from stores import ManualClock

from bentos.common.keyvalue import ProcessStore, open_key_value
from bentos.common.settings import Settings


def test_the_least_recently_used_key_of_a_full_group_goes() -> None:
    store = ProcessStore(max_keys=3)
    for key in "abc":
        store.put(f"name:{key}", b"1", 60)
    store.get("name:a")
    store.put("name:d", b"1", 60)
    assert [key for key in "abcd" if store.get(f"name:{key}")] == ["a", "c", "d"]


@pytest.mark.parametrize("flood", ["cache:{}", "{}", "{}:x"])
def test_what_floods_one_group_pushes_nothing_out_of_another(flood: str) -> None:
    store = ProcessStore(max_keys=3)
    store.count("rate:a", 60)
    store.add("idempotency:a", b"mark", 60)
    for index in range(100):
        store.put(flood.format(index), b"1", 60)
    assert store.count("rate:a", 60)[0] == 2
    assert store.get("idempotency:a") == b"mark"


def test_keys_without_a_segment_share_one_bound() -> None:
    store = ProcessStore(max_keys=3)
    for index in range(10):
        store.put(f"{index}", b"1", 60)
    assert sum(store.get(f"{index}") is not None for index in range(10)) == 3


def test_time_is_over_at_its_last_moment_and_not_before() -> None:
    clock = ManualClock()
    store = ProcessStore(clock)
    store.put("name:a", b"1", 10)
    clock.move(9.999)
    assert store.get("name:a") == b"1"
    clock.move(0.001)
    assert store.get("name:a") is None


def test_without_an_address_the_own_process_is_the_store() -> None:
    store = open_key_value(Settings.model_validate({"redis_url": None}).key_value)
    assert isinstance(store, ProcessStore)
    store.ping()
