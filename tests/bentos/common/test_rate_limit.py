"""So many requests of one caller a minute, and everybody's counted alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis_server import RedisServer
from stores import TimedStore, redis_store

from bentos.common.errors import DependencyUnavailable, RateLimited
from bentos.common.rate_limit import RateLimit

SURROGATE = "\ud800"


def let_in(limit: RateLimit, tenant: str, subject: str) -> bool:
    try:
        limit.check(tenant, subject)
    except RateLimited:
        return False
    return True


def test_one_too_many_is_told_when_to_come_back(timed_store: TimedStore) -> None:
    limit = RateLimit(timed_store.store, 3, "verify")
    for _ in range(3):
        limit.check("acme", "ann")
    timed_store.let_pass(50)
    with pytest.raises(RateLimited) as refused:
        limit.check("acme", "ann")
    assert 1 <= refused.value.retry_after_s <= 10
    timed_store.let_pass(11)
    assert [let_in(limit, "acme", "ann") for _ in range(4)] == [True, True, True, False]


def test_who_is_refused_does_not_push_the_end_further_away(timed_store: TimedStore) -> None:
    limit = RateLimit(timed_store.store, 1, "verify")
    for _ in range(7):
        let_in(limit, "acme", "ann")
        timed_store.let_pass(9)
    assert let_in(limit, "acme", "ann")


@pytest.mark.parametrize(
    ("tenant", "subject"),
    [("acme", "bob"), ("other", "ann"), ("acmea", "nn"), ("acm", "eann"), (SURROGATE, "ann")],
)
def test_callers_do_not_use_up_each_others_requests(
    timed_store: TimedStore, tenant: str, subject: str
) -> None:
    limit = RateLimit(timed_store.store, 1, "verify")
    assert let_in(limit, "acme", "ann")
    assert let_in(limit, tenant, subject)
    assert not let_in(limit, tenant, subject)
    assert let_in(RateLimit(timed_store.store, 1, "identify"), "acme", "ann")


def test_processes_count_together_and_exactly(timed_store: TimedStore) -> None:
    limits = [RateLimit(store, 20, "verify") for store in (timed_store.store, timed_store.other)]
    with ThreadPoolExecutor(50) as threads:
        let = list(threads.map(lambda i: let_in(limits[i % 2], "acme", "ann"), range(50)))
    assert let.count(True) == 20


def test_without_a_limit_nobody_is_counted(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        store = redis_store(server.url)
        server.stop()
        RateLimit(store, 0, "verify").check("acme", "ann")
        with pytest.raises(DependencyUnavailable):
            RateLimit(store, 1, "verify").check("acme", "ann")
        store.close()
