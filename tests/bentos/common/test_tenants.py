"""Tenants are made once, and what they want is kept apart."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bentos.common.database import Database
from bentos.common.database.tables import Tenant, TenantSettings
from bentos.common.errors import InvalidRequest
from bentos.common.settings import GallerySettings
from bentos.common.tenants import (
    MAX_RETENTION_DAYS,
    TenantPolicy,
    ensure,
    find,
    policies,
    policy,
    set_policy,
)

NO_NAMES = ["", "a" * 201, "a\x00", "\n", "a\tb", "\x7f", "\x85", "\x1b[2J", "\ud800"]


def deployment(keep_images: bool = False) -> GallerySettings:
    return GallerySettings(
        min_quality=0.1,
        min_size=40,
        keep_images=keep_images,
        images=Path("images"),
        tombstones=Path("tombstones"),
        repair_interval_s=1,
        retention_interval_s=1,
        audit_interval_s=1,
    )


def made(database: Database, name: str = "acme") -> str:
    with database.write() as session:
        return ensure(session, name)


@pytest.mark.parametrize(
    "name", ["acme", "a" * 200, "Ünï cødé 日本", "😀" * 200, "a'b\"; DROP TABLE tenants", " "]
)
def test_a_tenant_is_made_once(database: Database, name: str) -> None:
    with database.read() as session:
        assert find(session, name) is None
    first = made(database, name)
    assert made(database, name) == first
    with database.read() as session:
        assert find(session, name) == first
        assert [(one.id, one.name) for one in policies(session)] == [(first, name)]
    assert len(first) == 32


def test_names_are_told_apart_letter_by_letter(database: Database) -> None:
    names = ["acme", "Acme", "acme ", "äcme", "a\u0308cme"]
    assert len({made(database, name) for name in names}) == len(names)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_is_refused(database: Database, name: str) -> None:
    with pytest.raises(InvalidRequest, match="name"):
        made(database, name)
    with database.read() as session:
        assert find(session, name) is None
        assert policies(session) == []


def test_twice_in_one_transaction_and_undone(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            assert ensure(session, "acme") == ensure(session, "acme")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.read() as session:
        assert find(session, "acme") is None


def test_many_that_make_one_tenant_at_once_agree(database: Database) -> None:
    barrier, found = threading.Barrier(8), []

    def make() -> None:
        barrier.wait(30)
        found.extend((number, made(database, f"tenant-{number}")) for number in range(10))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 80
    assert len(set(found)) == 10
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Tenant)) == 10


@pytest.mark.parametrize("undone", [False, True])
def test_a_tenant_that_another_transaction_is_making_is_waited_for(database: Database, undone: bool) -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(made(database)))
    with database.write() as session:
        theirs = ensure(session, "acme")
        thread.start()
        thread.join(0.2)
        assert found == []
        if undone:
            session.rollback()
    thread.join(30)
    assert len(found) == 1
    assert (found == [theirs]) is not undone
    assert made(database) == found[0]


def test_what_holds_is_the_tenants_choice_or_the_deployments(database: Database) -> None:
    tenant, other = made(database), made(database, "other")
    for keep in (False, True):
        with database.read() as session:
            assert policy(session, tenant, deployment(keep)) == TenantPolicy(None, keep)
    with database.write() as session:
        set_policy(session, "acme", retention_days=30, keep_images=None)
    for keep in (False, True):
        with database.read() as session:
            assert policy(session, tenant, deployment(keep)) == TenantPolicy(30, keep)
    with database.write() as session:
        set_policy(session, "acme", retention_days=None, keep_images=True)
    for keep in (False, True):
        with database.read() as session:
            assert policy(session, tenant, deployment(keep)) == TenantPolicy(None, True)
            assert policy(session, other, deployment(keep)) == TenantPolicy(None, keep)


def test_a_choice_is_replaced_whole_and_dated(database: Database) -> None:
    with database.write() as session:
        set_policy(session, "acme", retention_days=30, keep_images=False)
    with database.read() as session:
        first = session.scalars(select(TenantSettings)).one()
    with database.write() as session:
        set_policy(session, "acme", retention_days=31, keep_images=None)
        set_policy(session, "acme", retention_days=32, keep_images=None)
    with database.read() as session:
        second = session.scalars(select(TenantSettings)).one()
    assert (second.retention_days, second.keep_images) == (32, None)
    assert second.updated_at > first.updated_at


@pytest.mark.parametrize("days", [0, -1, MAX_RETENTION_DAYS + 1, 2**40])
def test_days_that_make_no_sense_are_refused(database: Database, days: int) -> None:
    with pytest.raises(InvalidRequest, match="days"), database.write() as session:
        set_policy(session, "acme", retention_days=days, keep_images=None)
    with database.read() as session:
        assert find(session, "acme") is None


def test_choices_that_are_made_at_once_do_not_fail(database: Database) -> None:
    barrier, faults = threading.Barrier(6), []

    def choose(days: int) -> None:
        try:
            barrier.wait(30)
            with database.write() as session:
                set_policy(session, "acme", retention_days=days, keep_images=None)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=choose, args=(days,)) for days in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with database.read() as session:
        (one,) = policies(session)
    assert one.retention_days in range(1, 7)


def test_all_tenants_are_listed(database: Database) -> None:
    made(database, "b")
    with database.write() as session:
        set_policy(session, "a", retention_days=7, keep_images=True)
    with database.read() as session:
        assert [(one.name, one.retention_days, one.keep_images) for one in policies(session)] == [
            ("a", 7, True),
            ("b", None, None),
        ]
