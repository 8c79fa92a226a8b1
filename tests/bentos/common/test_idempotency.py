"""A write that is sent again: its work is done once, whoever races, dies or fails."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from redis_server import RedisServer
from stores import ManualClock, TimedStore, redis_store

from bentos.common.errors import Conflict, DependencyUnavailable, InvalidRequest
from bentos.common.idempotency import Idempotency, Saved, fingerprint
from bentos.common.keyvalue import KeyValue, ProcessStore

ROOT = Path(__file__).parents[3]
WAIT_S = 20
MARK_TTL_S = 15
ANSWER = Saved(201, b'{"face_id": 7}\n\xff\x00\n')


class Work:
    """Answers with ``answer``; each call is counted, and waits where the work is gated until it is let through."""

    def __init__(self, answer: Saved | Exception = ANSWER, *, gated: bool = False) -> None:
        self.calls = 0
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self._answer = answer
        if not gated:
            self.gate.set()

    async def __call__(self) -> Saved:
        self.calls += 1
        self.begun.set()
        await asyncio.wait_for(self.gate.wait(), WAIT_S)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def started(writes: Idempotency, work: Work, tenant: str = "acme") -> asyncio.Task[Saved]:
    """A first request whose work has begun."""
    task = asyncio.create_task(writes.run(tenant, "key", "print", work))
    await asyncio.wait_for(work.begun.wait(), WAIT_S)
    return task


def writes_of(store: KeyValue, wait_s: float = WAIT_S) -> Idempotency:
    return Idempotency(store, 3600, mark_ttl_s=MARK_TTL_S, wait_s=wait_s)


@pytest.fixture
def writes(timed_store: TimedStore) -> Idempotency:
    return writes_of(timed_store.store)


@pytest.mark.parametrize("answer", [ANSWER, Saved(204, b""), Saved(200, b"\n\n")])
async def test_a_repeat_gets_the_first_answer_from_any_process(
    timed_store: TimedStore, answer: Saved
) -> None:
    work, again = Work(answer), Work(Saved(500, b"worked again"))
    assert await writes_of(timed_store.store).run("acme", "key", "print", work) == answer
    assert await writes_of(timed_store.other).run("acme", "key", "print", again) == answer
    assert (work.calls, again.calls) == (1, 0)


async def test_an_answer_is_kept_for_its_time_and_no_longer(
    timed_store: TimedStore, writes: Idempotency
) -> None:
    work = Work()
    await writes.run("acme", "key", "print", work)
    timed_store.let_pass(3500)
    await writes.run("acme", "key", "print", work)
    assert work.calls == 1
    timed_store.let_pass(101)
    await writes.run("acme", "key", "print", work)
    assert work.calls == 2


async def test_a_key_with_another_body_is_refused_during_the_work_and_after_it(writes: Idempotency) -> None:
    work, other = Work(gated=True), Work()
    first = await started(writes, work)
    with pytest.raises(Conflict, match="reused with another body"):
        await writes.run("acme", "key", "another print", other)
    work.gate.set()
    assert await first == ANSWER
    with pytest.raises(Conflict, match="reused with another body"):
        await writes.run("acme", "key", "another print", other)
    assert other.calls == 0


@pytest.mark.parametrize(
    ("tenant", "key"), [("acm", "ekey"), ("acmek", "ey"), ("acme", "KEY"), ("acme", "*"), ("\ud800", "key")]
)
async def test_keys_of_others_have_nothing_to_do_with_it(writes: Idempotency, tenant: str, key: str) -> None:
    await writes.run("acme", "key", "print", Work())
    work = Work(Saved(200, b"other"))
    assert await writes.run(tenant, key, "another print", work) == Saved(200, b"other")
    assert work.calls == 1


@pytest.mark.parametrize("key", ["", "a b", "a\n", "\x7f", "ü", "a" * 256, "\ud800"])
async def test_a_key_that_is_none_is_refused(key: str) -> None:
    work = Work()
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        await writes_of(ProcessStore()).run("acme", key, "print", work)
    assert work.calls == 0


@pytest.mark.parametrize("key", ["!", "~" * 255, 'a"b\\c:*'])
async def test_a_key_of_visible_ascii_is_accepted(writes: Idempotency, key: str) -> None:
    assert await writes.run("acme", key, "print", Work()) == ANSWER


async def test_work_that_raises_is_not_kept(writes: Idempotency) -> None:
    failing, work = Work(KeyError("no")), Work()
    for _ in range(2):
        with pytest.raises(KeyError):
            await writes.run("acme", "key", "print", failing)
    assert await writes.run("acme", "key", "another print", work) == ANSWER
    assert (failing.calls, work.calls) == (2, 1)


async def test_a_repeat_waits_for_the_first(timed_store: TimedStore, writes: Idempotency) -> None:
    work, again = Work(gated=True), Work()
    first = await started(writes, work)
    second = asyncio.create_task(writes_of(timed_store.other).run("acme", "key", "print", again))
    await asyncio.wait([second], timeout=0.2)
    assert not second.done()
    work.gate.set()
    assert await first == await asyncio.wait_for(second, WAIT_S) == ANSWER
    assert (work.calls, again.calls) == (1, 0)


async def test_a_repeat_that_waits_for_work_that_raises_does_it_itself(writes: Idempotency) -> None:
    failing, again = Work(KeyError("no"), gated=True), Work()
    first = await started(writes, failing)
    second = asyncio.create_task(writes.run("acme", "key", "print", again))
    failing.gate.set()
    with pytest.raises(KeyError):
        await first
    assert await asyncio.wait_for(second, WAIT_S) == ANSWER
    assert again.calls == 1


async def test_a_repeat_waits_so_long_and_no_longer(timed_store: TimedStore, writes: Idempotency) -> None:
    work, again = Work(gated=True), Work()
    first = await started(writes, work)
    with pytest.raises(Conflict, match="still being answered"):
        await writes_of(timed_store.other, wait_s=0.1).run("acme", "key", "print", again)
    work.gate.set()
    await first
    assert again.calls == 0


async def test_work_that_was_given_up_is_taken_over_once_its_mark_has_lapsed(
    timed_store: TimedStore, writes: Idempotency
) -> None:
    work, again = Work(gated=True), Work()
    first = await started(writes, work)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    with pytest.raises(Conflict, match="still being answered"):  # its threads may be at it
        await writes_of(timed_store.other, wait_s=0.1).run("acme", "key", "print", again)
    second = asyncio.create_task(writes_of(timed_store.other).run("acme", "key", "print", again))
    timed_store.let_pass(MARK_TTL_S)
    assert await asyncio.wait_for(second, WAIT_S) == ANSWER
    assert again.calls == 1


async def test_whoever_was_overtaken_changes_nothing(timed_store: TimedStore, writes: Idempotency) -> None:
    late, later = Work(Saved(200, b"late"), gated=True), Work(KeyError("late"), gated=True)
    overtaken, failing = await started(writes, late), await started(writes, later, "other")
    timed_store.let_pass(MARK_TTL_S)
    for tenant in ("acme", "other"):
        assert await writes.run(tenant, "key", "print", Work(Saved(200, b"taken over"))) == Saved(
            200, b"taken over"
        )
    late.gate.set()
    later.gate.set()
    assert await overtaken == Saved(200, b"late")
    with pytest.raises(KeyError):
        await failing
    for tenant in ("acme", "other"):
        assert await writes.run(tenant, "key", "print", Work()) == Saved(200, b"taken over")


async def test_an_answer_whose_mark_has_lapsed_is_kept_if_nobody_took_over(
    timed_store: TimedStore, writes: Idempotency
) -> None:
    work, again = Work(gated=True), Work()
    first = await started(writes, work)
    timed_store.let_pass(MARK_TTL_S)
    work.gate.set()
    await first
    assert await writes.run("acme", "key", "print", again) == ANSWER
    assert again.calls == 0


class Watched(ProcessStore):
    """Tells of each time that a mark was given more time."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.refreshed = threading.Semaphore(0)

    def replace_if(self, key: str, expected: bytes, value: bytes, ttl_s: int) -> bool:
        replaced = super().replace_if(key, expected, value, ttl_s)
        if replaced and expected == value:
            self.refreshed.release()
        return replaced


async def test_a_mark_lives_as_long_as_the_work_lasts_and_not_longer() -> None:
    clock = ManualClock()
    store = Watched(clock)
    writes = Idempotency(store, 3600, mark_ttl_s=1, wait_s=0)
    work = Work(gated=True)
    first = await started(writes, work)
    for _ in range(4):
        clock.move(0.9)
        assert await asyncio.to_thread(store.refreshed.acquire, timeout=WAIT_S)
    with pytest.raises(Conflict, match="still being answered"):
        await writes.run("acme", "key", "print", work)
    work.gate.set()
    await first
    assert not await asyncio.to_thread(store.refreshed.acquire, timeout=0.5)
    assert len(asyncio.all_tasks()) == 1


def test_requests_of_many_event_loops_are_worked_on_once(timed_store: TimedStore) -> None:
    clients = (timed_store.store, timed_store.other)
    together = threading.Barrier(8, timeout=WAIT_S)
    worked: list[int] = []

    def one(index: int) -> Saved:
        async def work() -> Saved:
            worked.append(index)
            await asyncio.sleep(0.1)
            return Saved(201, b"%d" % index)

        together.wait()
        return asyncio.run(writes_of(clients[index % 2]).run("acme", "key", "print", work))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(one, range(8)))
    assert len(worked) == 1
    assert set(answers) == {Saved(201, b"%d" % worked[0])}


DYING = """
import asyncio, sys
from stores import redis_store
from bentos.common.idempotency import Idempotency

async def work():
    print("begun", flush=True)
    await asyncio.sleep(600)

asyncio.run(Idempotency(redis_store(sys.argv[1]), 3600, mark_ttl_s=3).run("acme", "key", "print", work))
"""


@contextmanager
def at_work(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that works on the key and never ends by itself."""
    path = f"{ROOT}:{ROOT / 'tests'}"
    command = [sys.executable, "-c", DYING, url]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        yield process
        process.kill()


async def test_the_work_of_a_process_that_was_killed_is_taken_over(redis_url: str) -> None:
    url = f"{redis_url}/2"
    store = redis_store(url)
    store.delete_prefix("idempotency:")
    again = Work()
    with at_work(url):
        with pytest.raises(Conflict, match="still being answered"):  # longer than a mark lives by itself
            await Idempotency(store, 3600, wait_s=3.5).run("acme", "key", "print", again)
        assert again.calls == 0
    assert await writes_of(store).run("acme", "key", "print", again) == ANSWER
    assert again.calls == 1
    store.close()


async def test_without_redis_no_work_begins(tmp_path: Path) -> None:
    work = Work()
    with RedisServer(tmp_path) as server:
        store = redis_store(server.url)
        writes = writes_of(store)
        server.stop()
        with pytest.raises(DependencyUnavailable):
            await writes.run("acme", "key", "print", work)
        assert work.calls == 0
        server.start()
        assert await writes.run("acme", "key", "print", work) == ANSWER
        store.close()


@pytest.mark.parametrize("answer", [ANSWER, KeyError("no")])
async def test_redis_that_goes_away_during_the_work_changes_no_answer(
    tmp_path: Path, answer: Saved | Exception
) -> None:
    work = Work(answer, gated=True)
    with RedisServer(tmp_path) as server:
        store = redis_store(server.url)
        first = await started(Idempotency(store, 3600, mark_ttl_s=1), work)
        server.stop()
        await asyncio.wait([first], timeout=0.5)  # a refreshment fails meanwhile
        work.gate.set()
        (told,) = await asyncio.gather(first, return_exceptions=True)
        assert told is answer
        store.close()


Files = Mapping[str, Sequence[bytes]]
REQUESTS: list[tuple[str, str, Files, Mapping[str, Any]]] = [
    ("POST", "/a", {}, {}),
    ("PUT", "/a", {}, {}),
    ("POS", "T/a", {}, {}),
    ("POST", "/a", {"image": []}, {}),
    ("POST", "/a", {"image": [b""]}, {}),
    ("POST", "/a", {"image": [b"", b""]}, {}),
    ("POST", "/a", {"image": [b"ab"]}, {}),
    ("POST", "/a", {"image": [b"a", b"b"]}, {}),
    ("POST", "/a", {"image": [b"b", b"a"]}, {}),
    ("POST", "/a", {"images": [b"ab"]}, {}),
    ("POST", "/a", {"image": [b"a"], "b": []}, {}),
    ("POST", "/a", {"image": [b"a", b"z"]}, {}),
    ("POST", "/a", {"image": [b"a"], "z": []}, {}),
    ("POST", "/a", {"image": [], "z": [b"a"]}, {}),
    ("POST", "/a", {}, {"image": "ab"}),
    ("POST", "/a", {}, {"n": 1}),
    ("POST", "/a", {}, {"n": "1"}),
    ("POST", "/a", {}, {"n": 1.5}),
    ("POST", "/a", {}, {"n": True}),
    ("POST", "/a", {}, {"n": None}),
    ("POST", "/a", {}, {"n": [1, 2]}),
    ("POST", "/a", {}, {"n": {"a": 1}}),
    ("POST", "/a", {}, {"n": "\ud800"}),
]


def test_no_two_requests_have_one_fingerprint() -> None:
    for one, other in combinations(REQUESTS, 2):
        assert fingerprint(*one) != fingerprint(*other), (one, other)


def test_one_request_has_one_fingerprint_whatever_the_order_of_its_fields() -> None:
    def of(files: Files, values: Mapping[str, Any]) -> str:
        return fingerprint("POST", "/a", files, values)

    assert of({"x": [b"1"], "y": [b"2"]}, {"m": {"a": 1, "b": 2}, "n": "3"}) == of(
        {"y": [b"2"], "x": [b"1"]}, {"n": "3", "m": {"b": 2, "a": 1}}
    )
