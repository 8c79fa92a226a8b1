"""Replicas on one PostgreSQL, each with an embedded index of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from drawn_faces import CARD, DrawnAnalysis, drawn
from enrolling import enrol, names, rows
from postgres import PostgresServer
from pydantic import SecretStr
from sqlalchemy import text, update

from bentos.common.audit.caller import Caller
from bentos.common.cache import ResultCache
from bentos.common.database import now
from bentos.common.keyvalue import open_key_value
from bentos.common.settings import Settings
from bentos.face_recognition.gallery.assembly import Gallery, open_stores
from bentos.face_recognition.tables import Change


@pytest.fixture
def replicas(postgres: PostgresServer, upgraded: str, tmp_path: Path) -> Iterator[Any]:
    """Makes replicas; each has its folder."""
    name = postgres.create(upgraded)
    opened: list[Gallery] = []

    def make(folder: str) -> Gallery:
        settings = Settings(
            state_dir=tmp_path / folder,
            images_dir=tmp_path / "images",
            database_url=SecretStr(postgres.url(name)),
            keep_images=True,
        )
        cache = ResultCache(open_key_value(settings.key_value), settings.cache)
        gallery = Gallery.of(open_stores(settings, lambda: CARD, cache), DrawnAnalysis())  # type: ignore[arg-type]
        gallery.keeping.prepare()
        gallery.keeping.upkeep.bring_in_order()
        opened.append(gallery)
        return gallery

    yield make
    for gallery in opened:
        gallery.keeping.close()
    postgres.drop(name)


@pytest.fixture
def two(replicas: Any, caller: Caller) -> tuple[Gallery, Gallery]:
    first, second = replicas("first"), replicas("second")
    first.collections.create(caller, "staff")
    return first, second


def test_what_one_enrols_the_other_finds_at_once(two: tuple[Gallery, Gallery], caller: Caller) -> None:
    first, second = two
    for who in range(6):
        enrol((first, second)[who % 2], caller, f"p{who}", drawn(who))
        for replica in two:
            assert names(replica, caller, drawn(who, 3)) == [[f"p{who}"]]
    for replica in two:
        found = replica.keeping.verification.verify()
        assert (found.clean, found.vectors) == (True, 6)


def test_what_one_erases_leaves_the_others_index_and_pictures_too(
    two: tuple[Gallery, Gallery], caller: Caller
) -> None:
    first, second = two
    enrol(first, caller, "one", drawn(1))
    assert names(second, caller, drawn(1)) == [["one"]]
    second.keeping.erasure.subject(caller, "staff", "one")
    assert names(first, caller, drawn(1)) == [[]]
    for replica in two:
        assert list(replica.keeping.stores.index.ids()) == []
        assert list(replica.keeping.stores.pictures.ids()) == []


def test_a_change_that_commits_late_is_not_missed(two: tuple[Gallery, Gallery], caller: Caller) -> None:
    """A transaction that began before others, and ends after they were followed."""
    first, second = two
    for who in (1, 2):
        enrol(first, caller, f"p{who}", drawn(who))
    assert names(second, caller, drawn(1)) == [["p1"]]
    lost = sorted(second.keeping.stores.index.ids())[0]
    database = first.keeping.stores.database
    with database.write() as late:
        late.execute(
            text(
                "INSERT INTO face_recognition.changes (face, tenant_id, model_digest, dimension, created_at) "
                "SELECT id, tenant_id, model_digest, 128, now() FROM face_recognition.faces WHERE id = :id"
            ),
            {"id": lost},
        )
        enrol(first, caller, "p3", drawn(3))
        assert names(second, caller, drawn(3)) == [["p3"]]
        second.keeping.stores.index.delete(None, [lost])
    second.keeping.following.catch_up()
    assert lost in set(second.keeping.stores.index.ids())


def test_a_replica_that_was_away_is_up_to_date_when_it_starts(
    replicas: Any, two: tuple[Gallery, Gallery], caller: Caller
) -> None:
    first, second = two
    enrol(first, caller, "stays", drawn(1))
    enrol(first, caller, "goes", drawn(2))
    assert names(second, caller, drawn(2)) == [["goes"]]
    second.keeping.close()
    first.keeping.erasure.subject(caller, "staff", "goes")
    enrol(first, caller, "comes", drawn(3))
    again = replicas("second")
    assert len(list(again.keeping.stores.index.ids())) == 2, "as many as before, and others"
    assert names(again, caller, drawn(3)) == [["comes"]]
    assert again.keeping.verification.verify().clean


def test_searches_and_enrolments_side_by_side_see_everything_that_was_answered(
    two: tuple[Gallery, Gallery], caller: Caller
) -> None:
    missed: list[int] = []

    def run(replica: Gallery, other: Gallery, first: int) -> None:
        for who in range(first, first + 8):
            enrol(replica, caller, f"p{who}", drawn(who))
            if names(other, caller, drawn(who, 1)) != [[f"p{who}"]]:
                missed.append(who)

    threads = [threading.Thread(target=run, args=(two[i % 2], two[1 - i % 2], 20 * i)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert missed == []


def test_old_changes_are_forgotten(two: tuple[Gallery, Gallery], caller: Caller) -> None:
    first, _ = two
    for who in (1, 2):
        enrol(first, caller, f"p{who}", drawn(who))
    with first.keeping.stores.database.write() as session:
        session.execute(update(Change).where(Change.id == 1).values(created_at=now() - timedelta(days=2)))
    first.keeping.following.forget_old()
    assert rows(first, Change) == 1


def test_who_shares_an_index_or_is_alone_follows_nothing(world: Any, staff: Gallery) -> None:
    assert not staff.keeping.following.needed
