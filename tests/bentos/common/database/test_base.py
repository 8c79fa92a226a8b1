"""Times and JSON columns come back as they were written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from bentos.common.database import Database, UtcTime, now
from bentos.common.database.tables import Tombstone

TIMES = [
    datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=-11))),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]


def test_a_time_is_the_same_moment_in_utc_whatever_its_zone(database: Database) -> None:
    with database.write() as session:
        session.add_all(Tombstone(id=str(number), erased_at=time) for number, time in enumerate(TIMES))
    with database.read() as session:
        found = session.scalars(select(Tombstone.erased_at).order_by(Tombstone.id)).all()
    assert found == TIMES
    assert {time.utcoffset() for time in found} == {timedelta(0)}


def test_times_are_compared_as_moments(database: Database) -> None:
    early = datetime(2026, 1, 1, 23, 0, tzinfo=timezone(timedelta(hours=12)))
    late = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    with database.write() as session:
        session.add_all([Tombstone(id="early", erased_at=early), Tombstone(id="late", erased_at=late)])
    with database.read() as session:
        assert session.scalars(select(Tombstone.id).where(Tombstone.erased_at < late)).all() == ["early"]
        assert session.scalars(select(Tombstone.id).order_by(Tombstone.erased_at)).all() == ["early", "late"]


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"), database.write() as session:
        session.add(Tombstone(id="a", erased_at=datetime(2026, 1, 1)))
    with pytest.raises(StatementError, match="without a zone"), database.read() as session:
        session.scalars(select(Tombstone).where(Tombstone.erased_at < datetime(2026, 1, 1))).all()


def test_no_time_stays_none(database: Database) -> None:
    dialect = database.engine.dialect
    assert UtcTime().process_bind_param(None, dialect) is None
    assert UtcTime().process_result_value(None, dialect) is None


def test_the_default_is_now(database: Database) -> None:
    before = now()
    with database.write() as session:
        session.add(Tombstone(id="a"))
    with database.read() as session:
        assert before <= session.get_one(Tombstone, "a").erased_at <= now()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_server_in_another_zone(database: Database) -> None:
    with database.write() as session:
        session.execute(text("SET LOCAL timezone = 'Asia/Kathmandu'"))
        session.add(Tombstone(id="a", erased_at=TIMES[0]))
        session.flush()
        session.expire_all()
        found = session.get_one(Tombstone, "a").erased_at
    assert (found, found.utcoffset()) == (TIMES[0], timedelta(0))
