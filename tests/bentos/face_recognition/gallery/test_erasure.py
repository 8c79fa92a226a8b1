"""Erased is erased: in every store, after compaction, and after an older backup came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from drawn_faces import drawn, embedding
from enrolling import enrol, names, rows
from sqlalchemy import select, update

from bentos.common.audit.caller import Caller
from bentos.common.audit.tables import AuditEvent
from bentos.common.database import now
from bentos.common.database.tables import Tombstone
from bentos.common.errors import DependencyUnavailable, NotFound
from bentos.common.tenants import set_policy
from bentos.face_recognition.gallery.assembly import Gallery, Keeping
from bentos.face_recognition.gallery.verification import Verification
from bentos.face_recognition.tables import Collection, Face, OutboxEntry, Subject


@pytest.fixture
def two(staff: Gallery, caller: Caller) -> Gallery:
    """Two people with two faces each."""
    for who in (1, 2):
        for view in (0, 1):
            enrol(staff, caller, f"p{who}", drawn(who, view))
    return staff


def needle(gallery: Gallery, who: int) -> bytes:
    """Bytes of a person's embedding that stand in any file that holds it."""
    card = gallery.keeping.stores.card
    return embedding(who, 0, gallery.keeping.stores.dimension, card.sha256).astype("<f4").tobytes()[:32]


def files_with(folder: Path, what: bytes) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and what in path.read_bytes()]


def test_a_subject_is_gone_from_every_store_and_others_stay(two: Gallery, caller: Caller) -> None:
    erased = two.keeping.erasure.subject(caller, "staff", "p1")
    assert (erased.subjects, erased.faces) == (1, 2)
    assert names(two, caller, drawn(1)) == [[]]
    assert names(two, caller, drawn(2)) == [["p2"]]
    assert rows(two, Face) == 2
    assert rows(two, Subject) == 1
    assert rows(two, Tombstone) == 2
    assert rows(two, OutboxEntry) == 0
    assert len(list(two.keeping.stores.index.ids())) == 2
    assert len(list(two.keeping.stores.pictures.ids())) == 2
    assert two.keeping.verification.verify().clean
    with pytest.raises(NotFound):
        two.keeping.erasure.subject(caller, "staff", "p1")


def test_one_face_is_erased_and_the_subject_stays(two: Gallery, caller: Caller) -> None:
    faces = two.collections.subject(caller, "staff", "p1").faces
    two.keeping.erasure.face(caller, "staff", "p1", faces[0].face_id)
    assert [face.face_id for face in two.collections.subject(caller, "staff", "p1").faces] == [
        faces[1].face_id
    ]
    with pytest.raises(NotFound):
        two.keeping.erasure.face(caller, "staff", "p1", faces[0].face_id)
    with pytest.raises(NotFound):
        two.keeping.erasure.face(caller, "staff", "p2", faces[1].face_id)


def test_a_collection_is_erased_with_everybody(two: Gallery, caller: Caller) -> None:
    erased = two.keeping.erasure.collection(caller, "staff")
    assert (erased.collections, erased.subjects, erased.faces) == (1, 2, 4)
    for table in (Collection, Subject, Face, OutboxEntry):
        assert rows(two, table) == 0
    assert list(two.keeping.stores.index.ids()) == []
    assert list(two.keeping.stores.pictures.ids()) == []


def test_another_tenant_erases_nothing(two: Gallery, caller: Caller) -> None:
    other = replace(caller, tenant="umbrella")
    for attempt in (
        lambda: two.keeping.erasure.subject(other, "staff", "p1"),
        lambda: two.keeping.erasure.collection(other, "staff"),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert rows(two, Face) == 4


def test_remembered_answers_of_the_tenant_are_forgotten(two: Gallery, caller: Caller) -> None:
    cache = two.keeping.stores.cache
    cache.put(mine := cache.key("acme", "embed", b"picture", ["m"], _options()), b"{}")
    cache.put(theirs := cache.key("umbrella", "embed", b"picture", ["m"], _options()), b"{}")
    two.keeping.erasure.subject(caller, "staff", "p1")
    assert cache.get(mine) is None
    assert cache.get(theirs) == b"{}"


def test_where_answers_cannot_be_forgotten_nothing_is_erased_and_the_caller_is_told(
    two: Gallery, caller: Caller
) -> None:
    class Deaf:
        def forget_tenant(self, tenant: str) -> int:
            raise DependencyUnavailable("Redis does not answer.", {"dependency": "redis"})

    stores = replace(two.keeping.stores, cache=Deaf())  # type: ignore[arg-type]
    deaf = Gallery.of(stores, two.identification._analysis)
    with pytest.raises(DependencyUnavailable):
        deaf.keeping.erasure.subject(caller, "staff", "p1")
    assert rows(two, Face) == 4
    assert stores.tombstones.ids() == set()


def test_the_audit_chain_tells_of_it_without_a_face(two: Gallery, caller: Caller) -> None:
    two.keeping.erasure.subject(caller, "staff", "p1")
    with two.keeping.stores.database.read() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.seq)).all()
    last = events[-1]
    assert (last.action, last.outcome, last.request_id) == ("subject.erase", "ok", "request-1")
    assert last.target == {"collection": "staff", "subject_id": "p1"}
    assert last.details == {"faces": 2}


def test_no_file_of_the_embedded_stores_holds_the_face_after_a_purge(
    two: Gallery, caller: Caller, tmp_path: Path, backend: str
) -> None:
    if backend != "embedded":
        return  # the servers' files are not the project's; their rows and vectors are looked for above
    one, other = needle(two, 1), needle(two, 2)
    assert files_with(tmp_path, one), "the search has to find what is there"
    two.keeping.erasure.subject(caller, "staff", "p1")
    two.keeping.verification.purge()
    assert files_with(tmp_path, one) == []
    assert files_with(tmp_path, other)
    assert names(two, caller, drawn(2)) == [["p2"]]


def test_upkeep_purges_once_for_what_was_erased_also_after_a_start(two: Gallery, caller: Caller) -> None:
    purges: list[int] = []
    upkeep = two.keeping.upkeep
    upkeep._verification = Counting(upkeep._verification, purges)  # type: ignore[assignment]
    upkeep._tidy()
    assert purges == [], "nothing was erased"
    two.keeping.erasure.subject(caller, "staff", "p1")
    upkeep._tidy()
    upkeep._tidy()
    assert purges == [1]
    Keeping.of(two.keeping.stores).upkeep._tidy()
    two.keeping.erasure.subject(caller, "staff", "p2")
    upkeep._tidy()
    assert purges == [1, 1]


class Counting:
    def __init__(self, verification: Verification, purges: list[int]) -> None:
        self._verification = verification
        self._purges = purges

    def purge(self) -> None:
        self._purges.append(1)
        self._verification.purge()


def test_an_older_backup_brings_nobody_back(
    two: Gallery, caller: Caller, tmp_path: Path, backend: str, request: pytest.FixtureRequest, world: object
) -> None:
    stores = two.keeping.stores
    faces = _everything(two)
    two.keeping.erasure.subject(caller, "staff", "p1")
    _restore(two, faces)
    assert rows(two, Face) == 4, "the backup has brought them back into the database"
    assert rows(two, Tombstone) == 0, "and knows nothing of the erasure"
    two.keeping.upkeep.bring_in_order()
    assert names(two, caller, drawn(1)) == [[]]
    assert names(two, caller, drawn(2)) == [["p2"]]
    assert rows(two, Face) == 2
    assert rows(two, Subject) == 1
    assert rows(two, Tombstone) == 2
    assert len(list(stores.index.ids())) == 2
    assert two.keeping.verification.verify().clean


def test_an_older_backup_beside_a_damaged_index_brings_nobody_back(
    two: Gallery, caller: Caller, world: Any, backend: str
) -> None:
    if backend != "embedded":
        return  # a server looks after its own files
    faces = _everything(two)
    two.keeping.erasure.subject(caller, "staff", "p1")
    _restore(two, faces)
    world.close()
    (schema,) = Path(world.settings.vectors.uri).glob("collections/*/schema.json")
    schema.write_bytes(b"{")
    again = world.replica()
    assert names(again, caller, drawn(1)) == [[]]
    assert names(again, caller, drawn(2)) == [["p2"]]
    assert again.keeping.verification.verify().clean


def test_somebody_erased_can_be_enrolled_anew_and_stays(two: Gallery, caller: Caller) -> None:
    two.keeping.erasure.subject(caller, "staff", "p1")
    enrol(two, caller, "p1", drawn(1))
    two.keeping.upkeep.bring_in_order()
    assert names(two, caller, drawn(1)) == [["p1"]]


def test_what_is_older_than_its_tenant_keeps_is_erased(two: Gallery, caller: Caller) -> None:
    other = replace(caller, tenant="umbrella")
    two.collections.create(other, "staff")
    enrol(two, other, "theirs", drawn(9))
    with two.keeping.stores.database.write() as session:
        set_policy(session, "acme", retention_days=30, keep_images=None)
        old = select(Subject.id).where(Subject.subject_id == "p1").scalar_subquery()
        session.execute(
            update(Face).where(Face.subject_key == old).values(created_at=now() - timedelta(days=31))
        )
    assert two.keeping.upkeep.apply_retention() == 2
    assert two.keeping.upkeep.apply_retention() == 0
    assert names(two, caller, drawn(1)) == [[]]
    assert names(two, caller, drawn(2)) == [["p2"]]
    assert names(two, other, drawn(9)) == [["theirs"]]
    assert two.collections.one(caller, "staff").subjects == 1
    with two.keeping.stores.database.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "retention.erase")).one()
    assert (event.actor, event.details["faces"]) == ("system", 2)


def test_a_tenant_may_keep_no_pictures(staff: Gallery, caller: Caller) -> None:
    with staff.keeping.stores.database.write() as session:
        set_policy(session, "acme", retention_days=None, keep_images=False)
    enrol(staff, caller, "one", drawn(1))
    assert list(staff.keeping.stores.pictures.ids()) == []


def _options():  # type: ignore[no-untyped-def]
    from bentos.contracts import FaceSelection

    return FaceSelection()


def _everything(gallery: Gallery) -> list[tuple[type, list[dict[str, object]]]]:
    """What a backup holds of galleries."""
    with gallery.keeping.stores.database.read() as session:
        return [
            (table, [dict(row._mapping) for row in session.execute(select(table.__table__))])
            for table in (Subject, Face, Tombstone)
        ]


def _restore(gallery: Gallery, backup: list[tuple[type, list[dict[str, object]]]]) -> None:
    with gallery.keeping.stores.database.write() as session:
        for table, _ in reversed(backup):
            session.execute(table.__table__.delete())
        for table, found in backup:
            if found:
                session.execute(table.__table__.insert(), found)
