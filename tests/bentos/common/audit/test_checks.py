"""Chains that are checked by themselves: what was changed is found, by one of many, and stays found."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from chains import grow, tamper
from databases import address_of
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session
from together import run_together

from bentos.common.audit.checks import EVERYBODY, ChainChecks
from bentos.common.audit.records import NOTHING, digest
from bentos.common.audit.tables import AuditEvent, AuditHead, ChainCheck
from bentos.common.database import Database, now
from bentos.common.errors import DependencyUnavailable
from bentos.common.settings import DatabaseSettings

HOUR = 3600.0
LIMIT_S = 30


def checks(database: Database) -> ChainChecks:
    return ChainChecks(database, HOUR)


def found(database: Database) -> dict[str, ChainCheck]:
    with database.read() as session:
        return {row.tenant: row for row in session.scalars(select(ChainCheck))}


def faults(database: Database) -> dict[str, str]:
    return {name: row.fault for name, row in found(database).items() if row.fault is not None}


def let_pass(database: Database, seconds: float = HOUR) -> None:
    """As if the last round had been so much earlier."""
    with database.write() as session:
        row = session.get_one(ChainCheck, EVERYBODY)
        row.checked_at -= timedelta(seconds=seconds)


def again(database: Database) -> dict[str, str]:
    """What a later round finds wrong."""
    let_pass(database)
    assert checks(database).check_if_due()
    return faults(database)


def forge(session: Session, upto: int) -> None:
    """Another chain for acme, of so many events, hashes and end and all."""
    previous = NOTHING
    for one in session.scalars(
        select(AuditEvent).where(AuditEvent.tenant == "acme").order_by(AuditEvent.seq)
    ):
        if one.seq > upto:
            session.delete(one)
            continue
        one.actor, one.previous = "mallory", previous
        one.hash = previous = digest(one)
    head = session.get_one(AuditHead, "acme")
    head.seq, head.hash = upto, previous


def test_sound_chains_of_all_tenants_are_noted(database: Database) -> None:
    ends = {name: grow(database, name, events) for name, events in (("acme", 3), ("Ünï", 1))}
    before = now()
    assert checks(database).check_if_due()
    rows = found(database)
    assert {name: (row.events, row.head, row.fault) for name, row in rows.items()} == {
        "acme": (3, ends["acme"], None),
        "Ünï": (1, ends["Ünï"], None),
        EVERYBODY: (4, NOTHING, None),
    }
    assert all(before <= row.checked_at <= now() for row in rows.values())


def test_a_round_over_nothing_is_one(database: Database) -> None:
    assert checks(database).check_if_due()
    assert found(database).keys() == {EVERYBODY}
    assert not checks(database).check_if_due()


def test_a_round_is_due_after_the_interval_alone(database: Database) -> None:
    grow(database)
    assert checks(database).check_if_due()
    grow(database)
    let_pass(database, HOUR - 60)
    assert not checks(database).check_if_due()
    assert found(database)["acme"].events == 5
    let_pass(database, 60)
    assert checks(database).check_if_due()
    assert found(database)["acme"].events == 10


def test_a_clock_that_was_set_back_stops_no_checks_and_one_that_differs_a_little_makes_none(
    database: Database,
) -> None:
    assert checks(database).check_if_due()
    let_pass(database, -60)
    assert not checks(database).check_if_due()
    let_pass(database, -100 * HOUR)
    assert checks(database).check_if_due()


def test_a_changed_event_is_found_said_and_kept_until_it_is_undone(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    grow(database)
    grow(database, "other")
    assert checks(database).check_if_due()
    tamper(database, "UPDATE {events} SET actor = 'mallory' WHERE tenant = 'acme' AND seq = 3")
    assert again(database) == {"acme": "event 3: it was changed after it was written"}
    (said,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (
        said.getMessage()
        == "the audit chain of 'acme' is broken: event 3: it was changed after it was written"
    )
    assert again(database).keys() == {"acme"}
    tamper(database, "UPDATE {events} SET actor = 'ann' WHERE tenant = 'acme' AND seq = 3")
    assert again(database) == {}


@pytest.mark.parametrize("upto", [5, 4, 1])
def test_a_chain_that_was_written_anew_without_a_flaw_is_broken_and_stays_so(
    database: Database, upto: int
) -> None:
    end = grow(database)
    assert checks(database).check_if_due()
    tamper(database)
    with database.write() as session:
        forge(session, upto)
    for _ in range(2):
        assert "written anew" in again(database)["acme"]
        assert (found(database)["acme"].events, found(database)["acme"].head) == (5, end)


def test_a_chain_that_is_gone_is_broken(database: Database) -> None:
    grow(database)
    grow(database, "other")
    assert checks(database).check_if_due()
    tamper(
        database, "DELETE FROM {events} WHERE tenant = 'acme'", "DELETE FROM {heads} WHERE tenant = 'acme'"
    )
    for _ in range(2):
        assert again(database).keys() == {"acme"}


def test_a_chain_that_was_never_sound_is_broken_from_the_first_round_on(database: Database) -> None:
    grow(database)
    tamper(database, "DELETE FROM {events} WHERE seq = 2")
    assert checks(database).check_if_due()
    assert faults(database) == {"acme": "event 2: it is missing: event 3 follows"}
    assert found(database)["acme"].events == 1
    assert again(database).keys() == {"acme"}


IMPORTS = """
import sys
from pydantic import SecretStr
from bentos.common.audit.checks import ChainChecks
from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
"""
WORK = """
database = Database(DatabaseSettings(url=SecretStr(sys.argv[1]), pool_size=3, timeout_s=30))
print(sum(ChainChecks(database, 3600).check_if_due() for _ in range(3)))
"""


def test_replicas_that_come_at_once_check_once(database: Database) -> None:
    grow(database, events=30)
    said = run_together(IMPORTS, WORK, [[address_of(database)]] * 3)
    assert sorted(int(line) for line in said) == [0, 0, 1]


def test_threads_that_come_at_once_check_once(database: Database) -> None:
    grow(database, events=30)
    gate, made = threading.Barrier(4), []

    def work() -> None:
        gate.wait(LIMIT_S)
        made.append(checks(database).check_if_due())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert sorted(made) == [False, False, False, True]


def test_who_dies_in_a_round_leaves_it_to_the_next(database: Database) -> None:
    grow(database)
    die = "import os\n" + WORK.replace("print(", "database.write = lambda: os._exit(0)\nprint(")
    run_together(IMPORTS, die, [[address_of(database)]])
    assert found(database) == {}
    assert checks(database).check_if_due()


@pytest.fixture
def started(database: Database) -> Iterator[ChainChecks]:
    made = ChainChecks(database, 0.2)
    made.start()
    yield made
    made.close()


def wait_for(database: Database, tenant: str, broken: bool) -> None:
    limit = time.monotonic() + LIMIT_S
    while time.monotonic() < limit:
        row = found(database).get(tenant)
        if row is not None and (row.fault is not None) is broken:
            return
        time.sleep(0.02)
    pytest.fail(f"{tenant} was not found {'broken' if broken else 'sound'}")


def test_its_thread_goes_round_and_round(database: Database, started: ChainChecks) -> None:
    started.start()
    grow(database)
    wait_for(database, "acme", broken=False)
    tamper(database, "UPDATE {events} SET outcome = 'never' WHERE seq = 2")
    wait_for(database, "acme", broken=True)
    tamper(database, "UPDATE {events} SET outcome = 'ok' WHERE seq = 2")
    wait_for(database, "acme", broken=False)
    started.close()
    assert "audit" not in {thread.name for thread in threading.enumerate()}


def test_a_database_that_is_away_is_said_and_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    url = SecretStr("postgresql://nobody:x@127.0.0.1:1/none")
    database = Database(DatabaseSettings(url=url, pool_size=1, timeout_s=1))
    with pytest.raises(DependencyUnavailable):
        checks(database).check_if_due()
    made = ChainChecks(database, 0.1)
    made.start()
    limit = time.monotonic() + LIMIT_S
    while caplog.text.count("the check of audit chains waits") < 2:
        assert time.monotonic() < limit
        time.sleep(0.02)
    made.close()
    database.close()


def test_tables_that_are_gone_do_not_end_its_thread(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    schema = "" if database.embedded else "audit."
    tamper(database, f"ALTER TABLE {schema}chain_checks RENAME TO elsewhere")
    made = ChainChecks(database, 0.1)
    made.start()
    limit = time.monotonic() + LIMIT_S
    while "the check of audit chains failed" not in caplog.text:
        assert time.monotonic() < limit
        time.sleep(0.02)
    tamper(database, f"ALTER TABLE {schema}elsewhere RENAME TO chain_checks")
    grow(database)
    wait_for(database, "acme", broken=False)
    made.close()


def test_closed_before_it_began_it_does_nothing(database: Database) -> None:
    made = checks(database)
    made.close()
    made.start()
    assert found(database) == {}
