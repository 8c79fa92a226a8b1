"""What differs is found, and restored from the database."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_faces import drawn
from enrolling import enrol, names

from bentos.common.audit.caller import Caller
from bentos.face_recognition.gallery.assembly import Gallery
from bentos.face_recognition.vectors.base import Vector


@pytest.fixture
def people(staff: Gallery, caller: Caller) -> Gallery:
    for who in range(12):
        enrol(staff, caller, f"p{who}", drawn(who))
    return staff


def stray(gallery: Gallery, tenant: str | None = None) -> Vector:
    values = np.ones(gallery.keeping.stores.dimension, np.float32)
    return Vector(uuid.uuid4().hex, tenant or uuid.uuid4().hex, uuid.uuid4().hex, values)


def test_an_untouched_gallery_is_clean(people: Gallery) -> None:
    found = people.keeping.verification.verify()
    assert found.clean
    assert (found.faces, found.vectors) == (12, 12)


def test_missing_and_stray_vectors_are_counted_and_repaired(people: Gallery, caller: Caller) -> None:
    index = people.keeping.stores.index
    lost = sorted(index.ids())[:3]
    tenant = people.identification._collection(caller, "staff").tenant_id
    index.delete(tenant, lost)
    index.upsert([stray(people), stray(people, tenant)])
    found = people.keeping.verification.verify()
    assert (found.clean, found.missing, found.surplus) == (False, 3, 2)
    assert people.keeping.verification.repair() == 5
    assert people.keeping.verification.verify().clean


def test_a_lost_index_is_rebuilt(people: Gallery, caller: Caller) -> None:
    people.keeping.stores.index.drop()
    people.keeping.stores.index.open()
    assert people.keeping.verification.verify().missing == 12
    seen: list[int] = []
    assert people.keeping.verification.rebuild(progress=seen.append) == 12
    assert sum(seen) == 12
    assert people.keeping.verification.verify().clean
    assert names(people, caller, drawn(3, 1)) == [["p3"]]


def test_one_tenants_rebuild_leaves_others_alone(people: Gallery, caller: Caller) -> None:
    other = Caller("umbrella", "eve", "operator", "r")
    people.collections.create(other, "staff")
    enrol(people, other, "theirs", drawn(99))
    tenant = people.identification._collection(other, "staff").tenant_id
    assert people.keeping.verification.rebuild(tenant) == 1
    assert people.keeping.verification.verify(tenant).faces == 1
    assert people.keeping.verification.verify().clean
    assert names(people, caller, drawn(5)) == [["p5"]]


def test_a_start_repairs_what_was_lost(people: Gallery, caller: Caller) -> None:
    people.keeping.stores.index.drop()
    people.keeping.stores.index.open()
    people.keeping.upkeep.bring_in_order()
    assert names(people, caller, drawn(7)) == [["p7"]]


def test_a_damaged_index_is_set_aside_and_filled_from_the_database(
    people: Gallery, caller: Caller, world: Any, backend: str
) -> None:
    if backend != "embedded":
        return  # a server looks after its own files
    world.close()
    folder = Path(world.settings.vectors.uri)
    (schema,) = folder.glob("collections/*/schema.json")
    schema.write_bytes(schema.read_bytes()[:20])
    again = world.replica()
    assert names(again, caller, drawn(3)) == [["p3"]]
    assert again.keeping.verification.verify().clean
    assert list(folder.parent.glob("milvus.db.damaged-*"))


def test_kept_pictures_are_compared_too(people: Gallery) -> None:
    pictures = people.keeping.stores.pictures
    kept = sorted(pictures.ids())
    assert len(kept) == 12
    pictures.delete(kept[0])
    orphan = uuid.uuid4().hex
    pictures.put(orphan, b"png")
    assert people.keeping.verification.verify().pictures_surplus == 0, (
        "an enrolment may be about to commit it"
    )
    path = pictures._path(orphan)
    os.utime(path, (time.time() - 7200, time.time() - 7200))
    found = people.keeping.verification.verify()
    assert (found.clean, found.pictures_missing, found.pictures_surplus) == (False, 1, 1)
    people.keeping.verification.repair()
    assert people.keeping.verification.verify().pictures_surplus == 0


def test_kept_pictures_are_their_owners_alone(people: Gallery) -> None:
    pictures = people.keeping.stores.pictures
    for face in pictures.ids():
        assert pictures._path(face).stat().st_mode & 0o777 == 0o600
        assert pictures._path(face).parent.stat().st_mode & 0o777 == 0o700
