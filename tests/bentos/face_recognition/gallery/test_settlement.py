"""A crash between the database and the index, at every point, and two replicas that get in each other's way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from drawn_faces import drawn
from enrolling import enrol, identify, names, rows

from bentos.common.audit.caller import Caller
from bentos.common.errors import DependencyUnavailable
from bentos.face_recognition.gallery.assembly import Gallery
from bentos.face_recognition.gallery.settlement import Settlement
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.tables import Face, OutboxEntry
from bentos.face_recognition.vectors.base import Vector, VectorIndex


class Crash(BaseException):
    """The process ends here; nothing of it catches this."""


class Failing:
    """An index that fails at a chosen call, before or after it was carried out."""

    def __init__(self, index: VectorIndex, call: str, after: bool, error: type[BaseException]) -> None:
        self._index = index
        self._call = call
        self._after = after
        self._error = error

    def __getattr__(self, name: str) -> object:
        method = getattr(self._index, name)
        if name != self._call:
            return method

        def failing(*args: object) -> None:
            if self._after:
                method(*args)
            raise (
                self._error("Milvus does not answer") if self._error is DependencyUnavailable else self._error
            )

        return failing


def with_index(gallery: Gallery, wrap: Callable[[VectorIndex], object]) -> Gallery:
    """The same gallery with another way to its index."""
    stores = gallery.keeping.stores

    class Indexes:
        def of(self, digest: str, dimension: int) -> object:
            return wrap(stores.indexes.of(digest, dimension))

        def close(self) -> None:
            return None

    return Gallery.of(
        replace(stores, indexes=Indexes()),  # type: ignore[arg-type]
        gallery.identification._analysis,
    )


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_around_the_upsert_is_repaired_and_the_retry_adds_nothing(
    world: object, staff: Gallery, caller: Caller, after: bool
) -> None:
    broken = with_index(staff, lambda index: Failing(index, "upsert", after, Crash))
    with pytest.raises(Crash):
        enrol(broken, caller, "one", drawn(1), key="k" * 64)
    assert rows(staff, Face) == 1
    assert rows(staff, OutboxEntry) == 1
    again = enrol(staff, caller, "one", drawn(1), key="k" * 64)
    assert rows(staff, Face) == 1
    assert rows(staff, OutboxEntry) == 0
    (match,) = identify(staff, caller, drawn(1)).faces[0].matches
    assert match.face_id == again.face_id


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_is_repaired_at_the_next_start(
    world: object, staff: Gallery, caller: Caller, after: bool
) -> None:
    broken = with_index(staff, lambda index: Failing(index, "upsert", after, Crash))
    with pytest.raises(Crash):
        enrol(broken, caller, "one", drawn(1))
    staff.keeping.upkeep.bring_in_order()
    assert names(staff, caller, drawn(1)) == [["one"]]
    assert staff.keeping.verification.verify().clean


@pytest.mark.parametrize("after", [False, True])
def test_an_erasure_that_crashes_is_finished_at_the_next_start_and_never_found_until_then(
    staff: Gallery, caller: Caller, after: bool
) -> None:
    enrol(staff, caller, "one", drawn(1))
    broken = with_index(staff, lambda index: Failing(index, "delete", after, Crash))
    with pytest.raises(Crash):
        broken.keeping.erasure.subject(caller, "staff", "one")
    assert names(staff, caller, drawn(1)) == [[]]
    staff.keeping.upkeep.bring_in_order()
    found = staff.keeping.verification.verify()
    assert found.clean
    assert found.vectors == 0


def test_while_milvus_is_away_an_enrolment_says_so_and_is_there_once_it_is_back(
    staff: Gallery, caller: Caller
) -> None:
    broken = with_index(staff, lambda index: Failing(index, "upsert", False, DependencyUnavailable))
    with pytest.raises(DependencyUnavailable):
        enrol(broken, caller, "one", drawn(1), key="k" * 64)
    assert not staff.keeping.verification.verify().clean
    assert staff.keeping.settlement.drain() == 1
    assert names(staff, caller, drawn(1)) == [["one"]]


def test_what_failed_is_noted_with_its_reason(staff: Gallery, caller: Caller) -> None:
    broken = with_index(staff, lambda index: Failing(index, "upsert", False, DependencyUnavailable))
    for _ in range(2):
        with pytest.raises(DependencyUnavailable):
            enrol(broken, caller, "one", drawn(1), key="k" * 64)
    with staff.keeping.stores.database.read() as session:
        (entry,) = session.query(OutboxEntry).all()
    assert entry.attempts == 2
    assert entry.fault == "Milvus does not answer"


class Meanwhile:
    """An index before whose next upsert something else happens."""

    def __init__(self, index: VectorIndex, deed: Callable[[], object]) -> None:
        self._index = index
        self._deed = deed

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    def upsert(self, vectors: Sequence[Vector]) -> None:
        self._deed()
        self._index.upsert(vectors)


def test_a_face_erased_by_another_replica_before_its_vector_arrives_leaves_no_vector(
    staff: Gallery, caller: Caller
) -> None:
    deeds = [lambda: staff.keeping.erasure.subject(caller, "staff", "one")]
    slow = with_index(staff, lambda index: Meanwhile(index, lambda: deeds and deeds.pop()()))
    enrol(slow, caller, "one", drawn(1))
    assert not deeds
    assert list(staff.keeping.stores.index.ids()) == []
    assert staff.keeping.verification.verify().clean


def test_many_left_entries_are_drained(staff: Gallery, caller: Caller) -> None:
    def without_settling(stores: Stores) -> Gallery:
        gallery = Gallery.of(stores, staff.identification._analysis)
        gallery.enrolment._settlement = Idle(stores)
        return gallery

    class Idle(Settlement):
        def settle(self, faces: Sequence[str]) -> None:
            return None

    lazy = without_settling(staff.keeping.stores)
    for who in range(30):
        enrol(lazy, caller, f"p{who}", drawn(who))
    assert staff.keeping.settlement.pending() == 30
    assert staff.keeping.settlement.drain() == 30
    assert staff.keeping.verification.verify().vectors == 30
