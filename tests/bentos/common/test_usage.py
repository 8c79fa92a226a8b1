"""Counts of requests: added up in memory, in the table in the end, and in nobody's way."""

from __future__ import annotations

import logging
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from databases import versions_table
from fastapi import APIRouter
from postgres import PostgresServer, missing
from pydantic import SecretStr
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse

from bentos.common.answers import model_refs
from bentos.common.app import ServiceParts, create_app
from bentos.common.auth import Principal, TokenVerifier
from bentos.common.database import Database
from bentos.common.errors import Forbidden
from bentos.common.health import HealthMonitor
from bentos.common.metrics import Metrics
from bentos.common.settings import DatabaseSettings, Settings
from bentos.common.usage import MAX_KEYS, UsageRecorder, days, today
from bentos.face_detection.tables import DetectionUsage
from models.catalogue import CATALOGUE
from models.errors import Overloaded

SECRET = "0123456789abcdef" * 4
Counts = dict[tuple[str, str], tuple[int, int]]


def opened(url: str, timeout_s: float = 1) -> Database:
    return Database(DatabaseSettings(url=SecretStr(url), pool_size=4, timeout_s=timeout_s))


def counts_in(database: Database) -> Counts:
    """Requests and failures by tenant and operation."""
    with database.read() as session:
        return {
            (row.tenant, row.operation): (row.requests, row.failed) for row in days(session, DetectionUsage)
        }


@pytest.fixture
def recorder(database: Database) -> UsageRecorder:
    return UsageRecorder(DetectionUsage, database)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database without tables."""
    database = opened(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    yield database
    database.close()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that may be stopped."""
    if reason := missing():
        pytest.skip(reason)
    with PostgresServer() as server:
        yield server


def test_counts_add_up_over_flushes(recorder: UsageRecorder, database: Database) -> None:
    for _ in range(3):
        recorder.count("acme", "/detect", False)
    recorder.count("acme", "/detect", True)
    recorder.count("acme", "/batch", False)
    recorder.count("other", "/detect", True)
    recorder.flush()
    assert counts_in(database) == {
        ("acme", "/detect"): (4, 1),
        ("acme", "/batch"): (1, 0),
        ("other", "/detect"): (1, 1),
    }
    recorder.count("acme", "/detect", True)
    for _ in range(3):
        recorder.flush()
    assert counts_in(database)["acme", "/detect"] == (5, 2)


def test_rows_are_of_today_and_found_by_tenant_and_day(recorder: UsageRecorder, database: Database) -> None:
    before = today()
    recorder.count("acme", "/detect", False)
    recorder.count("other", "/detect", False)
    recorder.flush()
    with database.write() as session:
        old = DetectionUsage(
            tenant="acme", day=before - timedelta(days=3), operation="/old", requests=9, failed=0
        )
        session.add(old)
    with database.read() as session:
        everything = days(session, DetectionUsage)
        assert [(row.tenant, row.operation) for row in everything] == [
            ("acme", "/old"),
            ("acme", "/detect"),
            ("other", "/detect"),
        ]
        assert before <= everything[1].day <= today()
        assert [row.tenant for row in days(session, DetectionUsage, tenant="other")] == ["other"]
        assert len(days(session, DetectionUsage, "acme", before - timedelta(days=3))) == 2
        assert len(days(session, DetectionUsage, "acme", before - timedelta(days=2))) == 1
        assert days(session, DetectionUsage, "nobody") == []


def test_replicas_that_write_the_same_rows_at_once_lose_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recorders = [UsageRecorder(DetectionUsage, database) for _ in range(4)]
    tenants = [f"tenant-{number}" for number in range(30)]
    gate = threading.Barrier(len(recorders))

    def work(recorder: UsageRecorder, order: int) -> None:
        gate.wait(30)
        for _ in range(10):
            for tenant in tenants[::order]:
                recorder.count(tenant, "/detect", False)
            recorder.flush()

    threads = [
        threading.Thread(target=work, args=(recorder, 1 if number % 2 else -1))
        for number, recorder in enumerate(recorders)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not caplog.records  # such as of a deadlock
    assert counts_in(database) == {(tenant, "/detect"): (40, 0) for tenant in tenants}


def test_nothing_is_lost_between_counting_and_flushing(recorder: UsageRecorder, database: Database) -> None:
    over = threading.Event()

    def flush() -> None:
        while not over.is_set():
            recorder.flush()

    flushing = threading.Thread(target=flush)
    counting = [
        threading.Thread(target=lambda: [recorder.count("a", "/b", True) for _ in range(5000)])
        for _ in range(4)
    ]
    for thread in (flushing, *counting):
        thread.start()
    for thread in counting:
        thread.join(60)
    over.set()
    flushing.join(60)
    recorder.flush()
    assert counts_in(database) == {("a", "/b"): (20_000, 20_000)}


@pytest.mark.parametrize(
    "name",
    ["a\0b", "\ud800", "x" * 5000, "ü" * 250, "\U0001f600" * 200, "a\nb", "'; DROP TABLE tenants; --", " "],
)
def test_whatever_a_tenant_is_called_all_counts_are_written(
    recorder: UsageRecorder, database: Database, name: str
) -> None:
    recorder.count("acme", "/detect", False)
    recorder.count(name, "/detect", False)
    recorder.count(name, "/detect", True)
    recorder.flush()
    found = counts_in(database)
    assert found.pop(("acme", "/detect")) == (1, 0)
    assert list(found.values()) == [(2, 1)]


def test_a_database_without_tables_is_upgraded_first(empty: Database) -> None:
    recorder = UsageRecorder(DetectionUsage, empty)
    recorder.count("acme", "/detect", False)
    recorder.start()
    recorder.close()
    assert counts_in(empty) == {("acme", "/detect"): (1, 0)}


def test_what_was_counted_before_a_close_is_written_also_without_a_thread(empty: Database) -> None:
    recorder = UsageRecorder(DetectionUsage, empty)
    recorder.count("acme", "/detect", False)
    recorder.close()
    assert counts_in(empty) == {("acme", "/detect"): (1, 0)}


def test_counts_wait_for_a_locked_file(empty: Database, caplog: pytest.LogCaptureFixture) -> None:
    recorder = UsageRecorder(DetectionUsage, empty)
    recorder.flush()
    recorder.count("acme", "/detect", True)
    with sqlite3.connect(empty.file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        recorder.flush()
        recorder.count("acme", "/detect", False)
        assert "usage cannot be written" in caplog.text
        other.execute("ROLLBACK")
    recorder.flush()
    assert counts_in(empty) == {("acme", "/detect"): (2, 1)}


def test_counts_wait_for_a_server_that_is_stopped_and_comes_back(
    own_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    database = opened(own_server.url(own_server.create()))
    recorder = UsageRecorder(DetectionUsage, database)
    recorder.count("acme", "/detect", False)
    recorder.flush()
    for _ in range(2):
        own_server.stop()
        for _ in range(2):
            recorder.count("acme", "/detect", True)
            recorder.flush()
        own_server.start()
    caplog.clear()
    recorder.flush()
    assert not caplog.records
    assert counts_in(database) == {("acme", "/detect"): (5, 4)}
    recorder.close()


def test_a_server_that_is_there_only_later_gets_everything(own_server: PostgresServer) -> None:
    name = own_server.create()
    own_server.stop()
    recorder = UsageRecorder(DetectionUsage, opened(own_server.url(name)))
    recorder.start()
    recorder.count("acme", "/detect", False)
    recorder.flush()
    own_server.start()
    recorder.close(limit_s=60)
    database = opened(own_server.url(name))
    assert counts_in(database) == {("acme", "/detect"): (1, 0)}
    database.close()


def test_a_dead_server_is_tried_less_and_less_and_its_password_is_never_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"postgresql://me:swordfish@127.0.0.1:{nobody.getsockname()[1]}/db"
        recorder = UsageRecorder(DetectionUsage, opened(address))
        for _ in range(5):
            recorder.count("acme", "/detect", False)
            recorder.flush()
    said = [record.getMessage() for record in caplog.records if record.name == "bentos.common.usage"]
    assert [message.split("next try is in ")[1].split(" s")[0] for message in said] == [
        "30",
        "60",
        "120",
        "120",
        "120",
    ]
    assert "swordfish" not in caplog.text


def test_an_end_does_not_wait_for_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/db"
        recorder = UsageRecorder(DetectionUsage, opened(url, timeout_s=60))
        recorder.start()
        recorder.count("acme", "/detect", False)
        called, _ = silent.accept()
        recorder.close(limit_s=0.1)
        assert "usage" in {thread.name for thread in threading.enumerate()}
        called.close()


def test_a_database_of_a_newer_version_is_left_alone(
    empty: Database, caplog: pytest.LogCaptureFixture
) -> None:
    UsageRecorder(DetectionUsage, empty).flush()
    with empty.write() as session:
        session.execute(text(f"INSERT INTO {versions_table(empty)} VALUES ('core_9999')"))
    recorder = UsageRecorder(DetectionUsage, empty)
    recorder.count("acme", "/detect", False)
    recorder.start()
    recorder.close()
    assert "not one that this version knows" in caplog.text
    assert counts_in(empty) == {}


def test_a_table_that_is_gone_stops_neither_thread_nor_counting(
    empty: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = UsageRecorder(DetectionUsage, empty)
    recorder.flush()
    with empty.write() as session:
        session.execute(text("ALTER TABLE detection_usage RENAME TO elsewhere"))
    recorder.count("acme", "/detect", False)
    recorder.flush()
    assert "usage cannot be written" in caplog.text
    with empty.write() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO detection_usage"))
    recorder.flush()
    assert counts_in(empty) == {("acme", "/detect"): (1, 0)}


def test_keys_are_bounded_and_what_does_not_fit_is_said(
    empty: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = UsageRecorder(DetectionUsage, empty)
    for number in range(MAX_KEYS + 7):
        recorder.count(f"tenant-{number}", "/detect", False)
    recorder.count("tenant-0", "/detect", False)
    with caplog.at_level(logging.ERROR):
        recorder.flush()
    assert "7 requests are not counted" in caplog.text
    found = counts_in(empty)
    assert len(found) == MAX_KEYS
    assert found["tenant-0", "/detect"] == (2, 0)


class Told:
    """An application whose middleware tells of its requests."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, int]] = []
        self.refusal: Overloaded | None = None
        cards = (CATALOGUE["yunet-n"],)
        parts = ServiceParts(
            name="test-service",
            title="Test",
            cards=lambda: cards,
            health=HealthMonitor("test-service", "1.2.3", lambda: model_refs(cards)),
            metrics=Metrics("test-service"),
            verifier=TokenVerifier(Settings(jwt_secret=SECRET).auth),
            max_body_bytes=1000,
            max_in_flight=2,
            admit=self._admit,
            count=self._count,
        )
        self.app = create_app(parts, _routes())

    def _count(self, caller: Principal, route: str, status: int) -> None:
        self.requests.append((caller.tenant, route, status))

    def _admit(self) -> None:
        if self.refusal:
            raise self.refusal

    async def ask(self, method: str, path: str, tenant: str | None = "acme", body: bytes = b"") -> int:
        token = jwt.encode({"sub": "ann", "exp": 4_102_444_800, "tenant": tenant}, SECRET, "HS256")
        headers = {"Authorization": f"Bearer {token}"} if tenant else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.request(method, path, headers=headers, content=body)).status_code


def _routes() -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    @router.post("/direct")
    async def direct(request: Request) -> JSONResponse:
        return JSONResponse({"bytes": len(await request.body())})

    @router.delete("/things/{name}/parts/{part}")
    async def things(name: str, part: str) -> None:
        raise Forbidden("not yours")

    @router.post("/break")
    async def fail(request: Request) -> None:
        raise RuntimeError("broken")

    return router


async def test_each_answered_request_of_a_known_caller_is_told() -> None:
    told = Told()
    assert await told.ask("POST", "/api/v1/direct") == 200
    assert await told.ask("POST", "/api/v1/direct", tenant="other", body=b"x" * 2000) == 413
    assert await told.ask("DELETE", "/api/v1/things/ann/parts/nose") == 403
    assert await told.ask("POST", "/api/v1/break") == 500
    assert await told.ask("GET", "/api/v1/model") == 200
    assert told.requests == [
        ("acme", "/api/v1/direct", 200),
        ("other", "/api/v1/direct", 413),
        ("acme", "/api/v1/things/{name}/parts/{part}", 403),
        ("acme", "/api/v1/break", 500),
        ("acme", "/api/v1/model", 200),
    ]


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda told: told.ask("POST", "/api/v1/direct", tenant=None), 401),
        (lambda told: told.ask("GET", "/livez"), 200),
        (lambda told: told.ask("GET", "/metrics"), 200),
        (lambda told: told.ask("GET", "/api/v1/nothing"), 404),
    ],
)
async def test_nothing_else_is_told(ask: Callable[[Told], object], status: int) -> None:
    told = Told()
    assert await ask(told) == status  # type: ignore[misc]
    assert told.requests == []


async def test_a_refused_request_is_not_told() -> None:
    told = Told()
    told.refusal = Overloaded("Too many.")
    assert await told.ask("POST", "/api/v1/direct") == 503
    assert told.requests == []
