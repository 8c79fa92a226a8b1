"""What every form of the index does."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from milvus_lite import Collection as LiteCollection

from bentos.common.errors import ConfigurationError, InvalidRequest
from bentos.face_recognition.vectors import Hit, MilvusIndex, Vector
from bentos.face_recognition.vectors.collection import Collection
from bentos.face_recognition.vectors.expressions import END, among, belongs, between

People = Callable[..., list[Vector]]

HOSTILE = [
    "",
    "x" * 32,
    "A" * 32,
    "a" * 31,
    "a" * 33,
    "a" * 32 + "\n",
    '" or id != "',
    "a" * 31 + '"',
    "\u0661" * 32,
    None,
    7,
]


def near(
    vector: Vector, tenant: str | None = None, gallery: str | None = None
) -> tuple[str, str, np.ndarray]:
    return tenant or vector.tenant, gallery or vector.gallery, vector.values


def test_finds_the_same_as_exact_search(index: MilvusIndex, people: People) -> None:
    crowd = people(300)
    index.upsert(crowd)
    unit = np.stack([one.values / np.linalg.norm(one.values) for one in crowd])
    probe = people(1)[0].values
    cosines = unit @ (probe / np.linalg.norm(probe))
    best = np.argsort(-cosines)[:10]

    hits = index.search(crowd[0].tenant, crowd[0].gallery, probe, 10)

    assert [hit.id for hit in hits] == [crowd[place].id for place in best]
    assert [hit.similarity for hit in hits] == pytest.approx(cosines[best].tolist(), abs=1e-5)
    assert all(type(hit.id) is str and type(hit.similarity) is float for hit in hits)


def test_length_of_a_vector_does_not_count(index: MilvusIndex, people: People) -> None:
    one, other = people(2)
    index.upsert([Vector(one.id, one.tenant, one.gallery, one.values * 50), other])
    assert index.search(*near(one), 1) == [Hit(one.id, pytest.approx(1.0, abs=1e-6))]
    opposite = index.search(one.tenant, one.gallery, -one.values, 2)[-1]
    assert (opposite.id, opposite.similarity) == (one.id, pytest.approx(-1.0, abs=1e-6))


def test_is_found_at_once_and_gone_at_once(index: MilvusIndex, people: People) -> None:
    for one in people(15):
        index.upsert([one])
        assert index.search(*near(one), 1)[0].id == one.id
        index.delete(one.tenant, [one.id])
        assert one.id not in [hit.id for hit in index.search(*near(one), 5)]
    assert index.count() == 0


def test_flushed_is_found_and_gone_at_once(index: MilvusIndex, people: People) -> None:
    crowd = people(200)
    index.upsert(crowd)
    index.flush()
    assert index.search(*near(crowd[3]), 1)[0].id == crowd[3].id
    index.delete(crowd[0].tenant, [crowd[3].id])
    assert crowd[3].id not in {hit.id for hit in index.search(*near(crowd[3]), 200)}
    index.flush()
    assert crowd[3].id not in {hit.id for hit in index.search(*near(crowd[3]), 200)}
    assert index.count() == 199


@pytest.mark.parametrize("flushed", [False, True])
def test_the_same_id_again_replaces(index: MilvusIndex, people: People, flushed: bool) -> None:
    before, other = people(2)
    index.upsert([before, other])
    if flushed:
        index.flush()
    after = Vector(before.id, before.tenant, before.gallery, -before.values)
    index.upsert([after])
    assert index.count() == 2
    hits = index.search(*near(before), 5)
    assert sorted(hit.id for hit in hits) == sorted([before.id, other.id])
    assert {hit.id: hit.similarity for hit in hits}[before.id] == pytest.approx(-1.0, abs=1e-5)


def test_deleted_and_put_in_again_is_there(index: MilvusIndex, people: People) -> None:
    (one,) = people(1)
    for _ in range(3):
        index.upsert([one])
        index.delete(one.tenant, [one.id])
        index.upsert([one])
        index.flush()
        assert (index.count(), list(index.ids())) == (1, [one.id])
        assert index.search(*near(one), 3)[0].id == one.id


def test_tenants_and_galleries_see_their_own(index: MilvusIndex, people: People) -> None:
    first = people(20)
    sibling = people(20, tenant=first[0].tenant)
    stranger = people(20)
    index.upsert([*first, *sibling, *stranger])
    for flushed in (False, True):
        if flushed:
            index.flush()
        assert {hit.id for hit in index.search(*near(sibling[0]), 60)} == {one.id for one in sibling}
        assert index.search(*near(first[0], gallery=stranger[0].gallery), 60) == []
        assert index.search(*near(stranger[0], tenant=first[0].tenant), 60) == []
        assert set(index.ids(first[0].tenant)) == {one.id for one in (*first, *sibling)}
        assert set(index.ids(gallery=sibling[0].gallery)) == {one.id for one in sibling}
        assert list(index.ids(stranger[0].tenant, first[0].gallery)) == []


def test_a_tenant_cannot_delete_another_ones_face(index: MilvusIndex, people: People) -> None:
    (own,), (foreign,) = people(1), people(1)
    index.upsert([own, foreign])
    index.delete(own.tenant, [foreign.id, uuid.uuid4().hex])
    assert set(index.ids()) == {own.id, foreign.id}
    index.delete(own.tenant, [foreign.id, own.id, own.id])
    assert list(index.ids()) == [foreign.id]


def test_faces_can_be_deleted_whosoever_they_are(index: MilvusIndex, people: People) -> None:
    (one,), (other,), (third,) = people(1), people(1), people(1)
    index.upsert([one, other, third])
    index.delete(None, [one.id, third.id, uuid.uuid4().hex])
    assert list(index.ids()) == [other.id]


def test_a_small_gallery_in_a_large_tenant_finds_its_nearest(index: MilvusIndex, people: People) -> None:
    crowd = people(450)
    few = people(30, tenant=crowd[0].tenant)
    index.upsert([*crowd, *few])
    index.flush()
    unit = np.stack([one.values / np.linalg.norm(one.values) for one in few])
    for probe in people(20):
        hits = index.search(*near(probe, few[0].tenant, few[0].gallery), 5)
        best = np.argsort(-(unit @ probe.values))[:5]
        assert [hit.id for hit in hits] == [few[place].id for place in best]


def test_all_ids_come_however_many(
    index: MilvusIndex, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Collection.pages
    monkeypatch.setattr(Collection, "pages", lambda *given, **named: original(*given, **named, size=64))
    crowd = [*people(500), *people(130)]
    together = [  # all in one stretch of the numbers, where random ids never are
        Vector(f"{number:032x}", crowd[0].tenant, crowd[0].gallery, one.values)
        for number, one in enumerate(people(200))
    ]
    index.upsert([*crowd, *together])
    index.flush()
    found = list(index.ids())
    assert len(found) == 830
    assert set(found) == {one.id for one in (*crowd, *together)}
    assert set(index.ids(crowd[-1].tenant)) == {one.id for one in crowd[500:]}


def test_an_empty_index_answers(index: MilvusIndex, people: People) -> None:
    (one,) = people(1)
    index.upsert([])
    index.delete(one.tenant, [])
    index.delete(one.tenant, [one.id])
    index.flush()
    assert (index.search(*near(one), 5), list(index.ids()), index.count()) == ([], [], 0)
    index.ping()


@pytest.mark.parametrize(("limit", "found"), [(-1, 0), (0, 0), (1, 1), (600, 40), (10**6, 40)])
def test_limits(index: MilvusIndex, people: People, limit: int, found: int) -> None:
    crowd = people(40)
    index.upsert(crowd)
    assert len(index.search(*near(crowd[0]), limit)) == found


@pytest.mark.parametrize("bad", HOSTILE)
def test_refuses_what_is_no_id(embedded: MilvusIndex, people: People, bad: str) -> None:
    (one,) = people(1)
    calls: list[Callable[[], object]] = [
        lambda: embedded.search(bad, one.gallery, one.values, 1),
        lambda: embedded.search(one.tenant, bad, one.values, 1),
        lambda: embedded.delete(bad or "", [one.id]),
        lambda: embedded.delete(one.tenant, [one.id, bad]),
        lambda: embedded.upsert([one, Vector(bad, one.tenant, one.gallery, one.values)]),
        lambda: embedded.upsert([Vector(one.id, bad, one.gallery, one.values)]),
        lambda: embedded.upsert([Vector(one.id, one.tenant, bad, one.values)]),
        lambda: among([bad]),
        lambda: belongs(tenant=bad or ""),
    ]
    for call in calls:
        with pytest.raises(InvalidRequest, match="32 lower-case hexadecimal digits"):
            call()


@pytest.mark.parametrize(
    "values",
    [
        np.ones(63, np.float32),
        np.ones((1, 64), np.float32),
        np.zeros(64, np.float32),
        np.full(64, np.nan, np.float32),
        np.array([np.inf] + [1.0] * 63, np.float32),
    ],
    ids=["short", "nested", "zero", "nan", "infinite"],
)
def test_refuses_what_is_no_direction(embedded: MilvusIndex, people: People, values: np.ndarray) -> None:
    (one,) = people(1)
    with pytest.raises(InvalidRequest):
        embedded.upsert([one, Vector(uuid.uuid4().hex, one.tenant, one.gallery, values)])
    with pytest.raises(InvalidRequest):
        embedded.search(one.tenant, one.gallery, values, 1)
    assert embedded.count() == 0


def test_stretches_of_ids() -> None:
    assert between(0, END) == f'id >= "{"0" * 32}"'
    assert between(15, 16) == f'id >= "{"0" * 31}f" and id < "{"0" * 30}10"'


def test_belongs_to_one_model(index: MilvusIndex, people: People, opened: Callable[..., MilvusIndex]) -> None:
    index.upsert(people(3))
    index.close()
    store, binding = index._store, index._store._binding  # type: ignore[attr-defined]
    twin = binding.digest[:16] + "0" * 48
    for digest, dimension in ((twin, 64), (binding.digest, 32)):
        other = MilvusIndex(store._settings, digest, dimension)  # type: ignore[attr-defined]
        with pytest.raises(ConfigurationError, match="belongs to the model"):
            other.open()
        other.close()
    assert index.count() == 3


def test_models_live_side_by_side(
    index: MilvusIndex, people: People, opened: Callable[..., MilvusIndex]
) -> None:
    other = opened(index._store._settings.uri, uuid.uuid4().hex * 2)  # type: ignore[attr-defined]
    crowd, few = people(5), people(2)
    index.upsert(crowd)
    other.upsert(few)
    index.close()
    assert other.count() == 2
    index.delete(crowd[0].tenant, [few[0].id])
    index.purge()
    assert (index.count(), other.count()) == (5, 2)
    other.reset()
    other.upsert(few)
    other.close()
    assert index.count() == 5
    assert other.count() == 2
    other.drop()
    assert set(index.ids()) == {one.id for one in crowd}


def test_drop_leaves_an_empty_index(index: MilvusIndex, people: People) -> None:
    index.upsert(people(10))
    index.drop()
    assert index.count() == 0
    index.upsert(people(4))
    assert index.count() == 4


def test_many_threads_lose_nothing(index: MilvusIndex, people: People) -> None:
    """Each thread finds what it wrote and not what it deleted, while others write segments."""
    crowds = [people(60) for _ in range(6)]
    done = threading.Event()

    def work(crowd: list[Vector]) -> None:
        for start in range(0, 60, 10):
            part = crowd[start : start + 10]
            index.upsert(part)
            index.delete(part[0].tenant, [part[0].id])
            found = {hit.id for hit in index.search(*near(part[1]), 60)}
            assert part[1].id in found
            assert part[0].id not in found

    def flush() -> None:
        while not done.is_set():
            index.flush()
            done.wait(0.02)

    with ThreadPoolExecutor(7) as pool:
        flushing = pool.submit(flush)
        try:
            for working in [pool.submit(work, crowd) for crowd in crowds]:
                working.result(60)
        finally:
            done.set()
        flushing.result(60)
    kept = {one.id for crowd in crowds for place, one in enumerate(crowd) if place % 10}
    found = list(index.ids())
    assert (len(found), set(found), index.count()) == (len(kept), kept, len(kept))


def test_a_search_that_meets_the_writing_of_a_segment_misses_nothing(
    embedded: MilvusIndex, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Milvus Lite looks at the segments first and at what is in memory then: a row must not move in between."""
    crowd = people(10)
    embedded.upsert(crowd)
    looked = threading.Event()
    original = LiteCollection._read_snapshot

    def slow(self: LiteCollection) -> object:
        segments = original(self)
        looked.set()
        time.sleep(0.3)
        return segments

    monkeypatch.setattr(LiteCollection, "_read_snapshot", slow)
    with ThreadPoolExecutor(1) as pool:
        searching = pool.submit(embedded.search, *near(crowd[1]), 10)
        assert looked.wait(10)
        embedded.flush()
        assert {hit.id for hit in searching.result(10)} == {one.id for one in crowd}


def test_a_digest_is_needed(folder: Path, embedded: MilvusIndex) -> None:
    settings = embedded._store._settings  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="sha256"):
        MilvusIndex(settings, "../../etc/passwd", 64)
