"""Transactions of both kinds of database, and what is said when one cannot be used."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres import PASSWORD, PostgresServer, missing
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from together import run_together

from bentos.common.database import Database, now
from bentos.common.database.tables import Key, Tenant, Tombstone
from bentos.common.database.upgrade import upgrade
from bentos.common.errors import ConfigurationError, DependencyUnavailable

Opener = Callable[..., Database]

COUNTING = """
import sys
from pydantic import SecretStr
from bentos.common.database import Database
from bentos.common.database.tables import Key
from bentos.common.settings import DatabaseSettings
"""
COUNT = """
database = Database(DatabaseSettings(url=SecretStr(sys.argv[1]), pool_size=2, timeout_s=60))
for _ in range(int(sys.argv[2])):
    with database.write() as session:
        key = session.get(Key, "count", with_for_update=True)
        key.value = str(int(key.value) + 1).encode()
"""


def add(database: Database, *names: str) -> None:
    with database.write() as session:
        for name in names:
            session.add(Key(name=name, value=b""))
            session.flush()


def keys(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Key.name)))


def test_what_was_written_is_there(database: Database) -> None:
    with database.write() as session:
        session.add(Key(name="a", value=b"\x00\xff"))
    with database.read() as session:
        assert session.scalars(select(Key.value)).all() == [b"\x00\xff"]


def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(Key(name="a", value=b""))
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with pytest.raises(IntegrityError):
        add(database, "b", "c", "c")
    assert keys(database) == set()


@pytest.mark.parametrize("snapshot", [False, True])
def test_reading_never_writes(database: Database, snapshot: bool) -> None:
    with pytest.raises((DBAPIError, DependencyUnavailable)), database.read(snapshot) as session:
        session.execute(insert(Key).values(name="a", value=b""))
    with database.read(snapshot) as session:
        session.add(Key(name="b", value=b""))
    add(database, "c")
    assert keys(database) == {"c"}


def test_what_was_read_or_written_can_be_used_afterwards(database: Database) -> None:
    with database.write() as session:
        written = Key(name="a", value=b"1")
        session.add(written)
    with database.read() as session:
        read = session.get_one(Key, "a")
    assert (written.name, written.value) == (read.name, read.value) == ("a", b"1")


def test_a_snapshot_does_not_move(database: Database) -> None:
    with database.read(snapshot=True) as session:
        assert session.scalars(select(Key.name)).all() == []
        with database.write() as other:
            other.add(Key(name="a", value=b""))
        assert session.scalars(select(Key.name)).all() == []
    assert keys(database) == {"a"}


def test_references_hold(database: Database) -> None:
    schema = "" if database.embedded else "config."
    orphan = f"INSERT INTO {schema}tenant_settings (tenant_id, updated_at) VALUES ('none', '2026-01-01')"
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text(orphan))


def test_two_processes_and_threads_that_write_at_once_wait_for_each_other(database: Database) -> None:
    with database.write() as session:
        session.add(Key(name="count", value=b"0"))
    url = database.url.render_as_string(hide_password=False)
    faults: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(25):
                with database.write() as session:
                    key = session.get(Key, "count", with_for_update=True)
                    assert key is not None
                    key.value = str(int(key.value) + 1).encode()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    run_together(COUNTING, COUNT, [[url, "50"]] * 2)
    for thread in threads:
        thread.join(60)
    assert faults == []
    with database.read() as session:
        assert session.get_one(Key, "count").value == b"200"


def test_more_threads_than_connections_wait(url: str, opened: Opener) -> None:
    database = opened(url)
    upgrade(database)
    barrier = threading.Barrier(4)
    found: list[set[str]] = []

    def read() -> None:
        with database.read() as session:
            found.append(set(session.scalars(select(Key.name))))
            if len(found) <= 4:
                barrier.wait(30)

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 20


def test_no_free_connection_in_time_is_said(url: str, opened: Opener) -> None:
    database = opened(url, timeout_s=0.2)
    sessions = [database.read() for _ in range(4 + 10)]  # the pool's size, and its overflow
    for session in sessions:
        session.__enter__().execute(text("SELECT 1"))
    with pytest.raises(DependencyUnavailable):
        database.ping()
    for session in sessions:
        session.__exit__(None, None, None)
    database.ping()


def test_a_writer_that_waits_too_long_is_told(database: Database, opened: Opener) -> None:
    impatient = opened(database.url.render_as_string(hide_password=False), timeout_s=0.2)
    with database.write() as session:
        session.add(Key(name="a", value=b""))
        session.flush()
        with pytest.raises(DependencyUnavailable) as caught:
            add(impatient, "a")
    assert caught.value.details == {"dependency": "database"}
    assert keys(database) == {"a"}


def test_a_wrong_query_is_no_failure_of_the_database(database: Database) -> None:
    with pytest.raises(DBAPIError, match="nowhere"), database.read() as session:
        session.execute(text("SELECT * FROM nowhere"))


def test_values_stay_out_of_errors_and_logs(
    database: Database, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    """A driver's message names the key that is there already; of the other values it says nothing."""
    again = insert(Tenant).values(id="1", name="biometric-secret", created_at=now())
    with database.write() as session:
        session.execute(again)
        impatient = opened(database.url.render_as_string(hide_password=False), timeout_s=0.1)
        with pytest.raises(DependencyUnavailable), impatient.write() as other:
            other.execute(again)
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        session.execute(insert(Tenant).values(id="1", name="another-secret", created_at=now()))
    assert "database" in caplog.text
    assert "-secret" not in caplog.text + str(caught.value)


def test_the_servers_default_isolation_changes_nothing(postgres: PostgresServer, opened: Opener) -> None:
    name = postgres.create()
    postgres.ask(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    postgres.ask(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    database = opened(postgres.url(name))
    for opening, wanted in [
        (database.write, ("read committed", "off")),
        (database.read, ("read committed", "on")),
        (lambda: database.read(snapshot=True), ("repeatable read", "on")),
        (database.write, ("read committed", "off")),
    ]:
        with opening() as session:
            shown = [
                session.scalar(text(f"SHOW {what}"))
                for what in ("transaction_isolation", "transaction_read_only")
            ]
            assert tuple(shown) == wanted
            assert session.scalar(text("SHOW timezone")) == "UTC"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "swordfish",
        "://swordfish",
        f"mysql://ann:{PASSWORD}@localhost/faces",
        f"postgresql://ann:{PASSWORD}@localhost:port/faces",
        f"postgresql://ann:{PASSWORD}@[::1/faces",
        f"postgresqll://ann:{PASSWORD}@localhost/faces",
        f"ann:{PASSWORD}@localhost/faces",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////proc/none/facesocial.sqlite",
        "sqlite:////dev/null/facesocial.sqlite",
        "sqlite:////tmp",
    ],
)
def test_another_address_is_refused_without_its_password(address: str, opened: Opener) -> None:
    with pytest.raises(ConfigurationError) as caught:
        opened(address)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("address", ["postgres://{}", "postgresql+asyncpg://{}", "postgresql+psycopg2://{}"])
def test_spellings_of_postgresql(address: str, postgres: PostgresServer, opened: Opener) -> None:
    opened(address.format(postgres.url("postgres").removeprefix("postgresql://"))).ping()


@pytest.mark.parametrize("change", [("port", 1), ("database", "none"), ("username", "nobody")])
def test_a_server_that_does_not_let_us_in(
    change: tuple[str, object], postgres: PostgresServer, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    right = opened(postgres.url("postgres")).url
    wrong = opened(right.set(**dict([change])).render_as_string(hide_password=False))  # type: ignore[arg-type]
    with pytest.raises(DependencyUnavailable) as caught:
        wrong.ping()
    assert caught.value.message == "The database at 127.0.0.1 does not answer."
    assert caught.value.details == {"dependency": "database"}
    assert PASSWORD not in caplog.text + "".join(traceback.format_exception(caught.value))


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    if reason := missing():
        pytest.skip(reason)
    with PostgresServer(durable=True) as server:
        yield server


def test_a_server_that_stops_in_the_middle_and_comes_back(own_server: PostgresServer, opened: Opener) -> None:
    database = opened(own_server.url(own_server.create()))
    upgrade(database)
    add(database, "kept")

    def interrupted() -> None:
        with database.write() as session:
            session.execute(insert(Key).values(name="lost", value=b""))
            own_server.stop()
            session.execute(insert(Key).values(name="never", value=b""))

    with pytest.raises(DependencyUnavailable):
        interrupted()
    with pytest.raises(DependencyUnavailable):
        keys(database)
    with pytest.raises(DependencyUnavailable):
        add(database, "early")
    own_server.start()
    assert keys(database) == {"kept"}
    add(database, "again")
    assert keys(database) == {"kept", "again"}


def test_a_restart_between_two_requests_is_not_noticed(own_server: PostgresServer, opened: Opener) -> None:
    database = opened(own_server.url(own_server.create()))
    upgrade(database)
    add(database, "a")
    own_server.stop()
    own_server.start()
    add(database, "b")
    assert keys(database) == {"a", "b"}


def test_a_crash_of_the_server_loses_nothing_that_was_answered(
    own_server: PostgresServer, opened: Opener
) -> None:
    database = opened(own_server.url(own_server.create()))
    upgrade(database)

    def interrupted() -> None:
        with database.write() as session:
            session.execute(insert(Key).values(name="lost", value=b""))
            add(database, "kept")
            own_server.stop(signal.SIGQUIT)

    with pytest.raises(DependencyUnavailable):
        interrupted()
    own_server.start()
    assert keys(database) == {"kept"}


def test_a_file_that_is_no_database(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(os.urandom(8192))
    with pytest.raises(DependencyUnavailable, match=r"a\.sqlite"):
        upgrade(opened(f"sqlite:///{path}"))


def test_erased_bytes_leave_the_file(tmp_path: Path, opened: Opener) -> None:
    database = opened(f"sqlite:///{tmp_path / 'a.sqlite'}")
    upgrade(database)
    with database.write() as session:
        session.add(Key(name="a", value=b"biometric-secret" * 40))
        session.add(Tombstone(id="t"))
    with database.write() as session:
        session.delete(session.get_one(Key, "a"))
    database.close()
    assert [path.name for path in tmp_path.iterdir() if b"biometric-secret" in path.read_bytes()] == []
