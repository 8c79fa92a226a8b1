"""Gauges of a database: asked now and then, and in no scrape's way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from metering import value_of
from postgres import PostgresServer, missing
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.orm import Session
from stores import ManualClock

from bentos.common.database import Database
from bentos.common.gauges import KEPT_S, SHARE, DatabaseGauges, Gauges
from bentos.common.metrics import Metrics
from bentos.common.settings import DatabaseSettings

Read = Callable[[Session], Mapping[str, float]]
WAIT_S = 30


class Counting:
    """Reads a number that grows with each reading."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, session: Session) -> Mapping[str, float]:
        one = session.scalar(text("SELECT 1"))
        self.times += one or 0
        return {"readings": self.times}


def group(name: str, read: Read) -> Gauges:
    return Gauges({name: "Of a test"}, read)


def told(gauges: DatabaseGauges) -> str:
    metrics = Metrics("tests")
    metrics.request("GET", "/x", 200, 0.1)
    metrics.add(gauges)
    said = metrics.render().decode()
    assert "http_requests_total" in said
    return said


def opened(url: str, timeout_s: float = 1) -> Database:
    return Database(DatabaseSettings(url=SecretStr(url), pool_size=1, timeout_s=timeout_s))


def test_what_was_read_is_told_again_for_a_while(database: Database) -> None:
    clock, read = ManualClock(), Counting()
    gauges = DatabaseGauges(database, [group("readings", read)], clock)
    assert read.times == 0
    for _ in range(3):
        assert value_of(told(gauges), "readings") == 1
    clock.move(KEPT_S - 0.1)
    assert value_of(told(gauges), "readings") == 1
    clock.move(0.1)
    assert value_of(told(gauges), "readings") == 2


def test_what_takes_long_is_kept_longer(database: Database) -> None:
    clock, counting = ManualClock(), Counting()

    def read(session: Session) -> Mapping[str, float]:
        clock.move(2.0)
        return counting(session)

    gauges = DatabaseGauges(database, [group("readings", read)], clock)
    assert value_of(told(gauges), "readings") == 1
    clock.move(2.0 * SHARE - 0.1)
    assert value_of(told(gauges), "readings") == 1
    clock.move(0.2)
    assert value_of(told(gauges), "readings") == 2


def test_many_scrapes_at_once_read_once(database: Database) -> None:
    read, gate, said = Counting(), threading.Barrier(8), []
    gauges = DatabaseGauges(database, [group("readings", read)])

    def scrape() -> None:
        gate.wait(WAIT_S)
        said.append(value_of(told(gauges), "readings"))

    threads = [threading.Thread(target=scrape) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert said == [1.0] * 8


def test_a_group_that_cannot_be_read_takes_no_other_with_it(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(session: Session) -> Mapping[str, float]:
        session.execute(text("SELECT * FROM nowhere"))
        raise AssertionError

    gauges = DatabaseGauges(database, [group("broken", fail), group("readings", Counting())])
    said = told(gauges)
    assert value_of(said, "broken") is None
    assert value_of(said, "readings") == 1
    assert "broken is not read" in caplog.text


def test_a_database_that_is_away_leaves_them_out_is_asked_once_and_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    if reason := missing():
        pytest.skip(reason)
    clock, read = ManualClock(), Counting()
    with PostgresServer() as server:
        database = opened(server.url(server.create()))
        groups = [group("readings", read), group("others", lambda _: {"others": 1.0})]
        gauges = DatabaseGauges(database, groups, clock)
        assert value_of(told(gauges), "readings") == 1
        server.stop()
        clock.move(KEPT_S)
        for _ in range(3):
            assert value_of(told(gauges), "readings") is None
        assert caplog.text.count("are not read") == 1
        server.start()
        clock.move(KEPT_S)
        assert value_of(told(gauges), "readings") == 2
        database.close()


def test_no_scrape_hangs_on_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/db"
        database = opened(url, timeout_s=WAIT_S)
        gauges = DatabaseGauges(database, [group("readings", Counting())])
        called: list[socket.socket] = []
        for _ in range(2):
            assert value_of(told(gauges), "readings") is None
        called.append(silent.accept()[0])
        (reader,) = (thread for thread in threading.enumerate() if thread.name == "gauges")
        assert reader.is_alive()  # it waits; nobody waits for it, and no second one began
        called[0].close()
        silent.close()
        reader.join(WAIT_S)
    assert not reader.is_alive()


def test_a_reader_that_breaks_as_nobody_foresaw_breaks_no_scrape(tmp_path: Path) -> None:
    def fail(session: Session) -> Mapping[str, float]:
        raise ZeroDivisionError

    database = opened(f"sqlite:///{tmp_path / 'a.sqlite'}")
    gauges = DatabaseGauges(database, [group("broken", fail), group("readings", Counting())])
    said = told(gauges)
    assert value_of(said, "broken") is None
    assert value_of(said, "readings") == 1
    database.close()
