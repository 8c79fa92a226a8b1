"""The two operations of administrators, through the middleware."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from chains import deed, grow, judged
from fastapi import APIRouter
from pydantic import SecretStr

from bentos.common.answers import model_refs
from bentos.common.app import API, ServiceParts, create_app
from bentos.common.audit.chain import verify_lines
from bentos.common.audit.routes import AuditReader, add_audit_routes
from bentos.common.audit.trail import append
from bentos.common.auth import Principal, Role, TokenVerifier
from bentos.common.cursors import Cursors
from bentos.common.database import Database
from bentos.common.health import HealthMonitor
from bentos.common.metrics import Metrics
from bentos.common.settings import DatabaseSettings, Settings
from bentos.common.workers import Workers
from bentos.contracts import AuditEventInfo, AuditExportEnd, AuditPage
from models.catalogue import CATALOGUE

SECRET = "0123456789abcdef" * 4
PAGE, EXPORT = f"{API}/audit", f"{API}/audit/export"


def headers(role: str = "admin", tenant: str = "acme") -> dict[str, str]:
    claims = {"sub": "root", "role": role, "tenant": tenant, "exp": 4_102_444_800}
    return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}", "X-Request-ID": "asked"}


@asynccontextmanager
async def serving(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with these routes alone."""
    workers, router, cards = Workers(2), APIRouter(prefix=API), (CATALOGUE["yunet-n"],)
    add_audit_routes(router, workers, database, lambda: Cursors(bytes(32)))
    parts = ServiceParts(
        name="test-service",
        title="Test",
        cards=lambda: cards,
        health=HealthMonitor("test-service", "1.2.3", lambda: model_refs(cards)),
        metrics=Metrics("test-service"),
        verifier=TokenVerifier(Settings(jwt_secret=SECRET).auth),
        max_body_bytes=1000,
        max_in_flight=20,
        admit=lambda: None,
    )
    transport = httpx.ASGITransport(create_app(parts, router), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers()) as made:
        yield made
    workers.close()


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(database) as made:
        yield made


async def page_of(client: httpx.AsyncClient, **query: Any) -> AuditPage:
    answer = await client.get(PAGE, params=query)
    assert answer.status_code == 200, answer.text
    return AuditPage.model_validate(answer.json()["data"])


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_events_newest_last(client: httpx.AsyncClient, database: Database) -> None:
    head = grow(database, events=3)
    grow(database, "other", 2)
    page = await page_of(client)
    assert [event.seq for event in page.events] == [1, 2, 3]
    assert page.next_cursor is None
    last = page.events[-1]
    assert (last.tenant, last.hash, last.target["subject"]) == ("acme", head, "person-3")
    assert last.at.utcoffset() is not None


async def test_every_page_until_the_end(client: httpx.AsyncClient, database: Database) -> None:
    """Each page that is read is an event; they do not make the listing endless."""
    grow(database, events=7)
    seen: list[AuditEventInfo] = []
    page = await page_of(client, limit=1)
    for _ in range(6):
        seen += page.events
        assert page.next_cursor
        page = await page_of(client, limit=1, cursor=page.next_cursor)
    assert page.next_cursor is None
    assert [event.seq for event in seen + page.events] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("events", [3, 4])
async def test_the_last_page_has_no_cursor_and_nothing_of_the_reading(
    client: httpx.AsyncClient, database: Database, events: int
) -> None:
    grow(database, events=events)
    first = await page_of(client, limit=2)
    second = await page_of(client, limit=2, cursor=first.next_cursor)
    assert [event.seq for event in second.events] == [3, 4][: events - 2]
    assert second.next_cursor is None


async def test_reading_is_an_event(client: httpx.AsyncClient, database: Database) -> None:
    assert (await page_of(client)).events == []
    assert (await client.get(EXPORT)).status_code == 200
    read, exported = (await page_of(client)).events
    assert (read.action, exported.action) == ("audit.read", "audit.export")
    assert (read.actor, read.role, read.request_id, read.outcome) == ("root", "admin", "asked", "ok")
    assert read.details == {"after": 0, "events": 0}
    assert judged(database).fault is None


@pytest.mark.parametrize("path", [PAGE, EXPORT])
@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_administrators_alone(
    client: httpx.AsyncClient, database: Database, path: str, role: str
) -> None:
    grow(database, events=1)
    assert error_of(await client.get(path, headers=headers(role))) == (403, "FORBIDDEN")
    assert error_of(await client.get(path, headers={"Authorization": ""})) == (401, "MISSING_TOKEN")
    assert judged(database).events == 1


async def test_nobody_sees_another_tenants_events(client: httpx.AsyncClient, database: Database) -> None:
    grow(database, events=3)
    first = await page_of(client, limit=1)
    other = headers(tenant="other")
    answer = await client.get(PAGE, headers=other)
    assert answer.json()["data"] == {"events": [], "next_cursor": None}
    answer = await client.get(PAGE, params={"cursor": first.next_cursor}, headers=other)
    assert error_of(answer) == (400, "INVALID_REQUEST")
    exported = (await client.get(EXPORT, headers=other)).text.splitlines()
    assert {json.loads(line)["tenant"] for line in exported} == {"other"}


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": "many"},
        {"cursor": "x"},
        {"cursor": "A" * 200},
        {"tenant": "other"},
    ],
)
async def test_what_does_not_fit_is_refused(
    client: httpx.AsyncClient, database: Database, query: dict[str, Any]
) -> None:
    assert error_of(await client.get(PAGE, params=query)) == (400, "INVALID_REQUEST")
    assert judged(database).events == 0


@pytest.mark.parametrize("path", [PAGE, EXPORT])
async def test_a_tenant_that_cannot_be(client: httpx.AsyncClient, path: str) -> None:
    for name in ("a" * 201, "a\x00b"):
        answer = await client.get(path, headers=headers(tenant=name))
        assert error_of(answer) == (400, "INVALID_REQUEST")


async def test_an_export_ends_with_its_own_event(client: httpx.AsyncClient, database: Database) -> None:
    grow(database, events=3)
    with database.write() as session:
        append(session, "acme", deed(actor="Ünï \u2028 😀"))
    answer = await client.get(EXPORT)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    lines = answer.content.splitlines(keepends=True)
    report = verify_lines(lines)
    assert (report.tenant, report.events, report.fault) == ("acme", 5, None)
    end = AuditExportEnd.model_validate_json(lines[-1])
    assert (end.end, end.events, end.head) == (True, 5, report.head)
    assert report.head == judged(database).head
    last = AuditEventInfo.model_validate_json(lines[-2])
    assert (last.action, last.actor, last.request_id) == ("audit.export", "root", "asked")


def test_a_long_export_comes_in_pieces_up_to_where_it_began(database: Database) -> None:
    with database.write() as session:
        for number in range(1100):
            append(session, "acme", deed(number))
    reader = AuditReader(database, lambda: Cursors(bytes(32)))
    pieces = reader.export("acme", reader.begin_export(Principal("root", Role.ADMIN, "acme"), "asked"))
    first = next(pieces)
    grow(database, events=2)
    rest = list(pieces)
    assert len(rest) > 4
    assert all(len(piece) < 70_000 for piece in (first, *rest))
    report = verify_lines(b"".join([first, *rest]).splitlines(keepends=True))
    assert (report.events, report.fault) == (1101, None)


def test_a_reader_that_goes_away_leaves_no_connection_behind(database: Database) -> None:
    grow(database, events=3)
    reader = AuditReader(database, lambda: Cursors(bytes(32)))
    abandoned = [reader.export("acme", 3) for _ in range(40)]
    assert all(next(pieces) for pieces in abandoned)
    database.ping()


@pytest.mark.parametrize("path", [PAGE, EXPORT])
@pytest.mark.parametrize("address", ["postgresql://ann@127.0.0.1:1/faces", "sqlite:///{}/broken.sqlite"])
async def test_without_the_database_it_is_said(path: str, address: str, tmp_path: Path) -> None:
    (tmp_path / "broken.sqlite").write_bytes(b"no database" * 500)
    url = SecretStr(address.format(tmp_path))
    away = Database(DatabaseSettings(url=url, pool_size=1, timeout_s=2))
    async with serving(away) as client:
        answer = await client.get(path)
    assert error_of(answer) == (503, "DEPENDENCY_UNAVAILABLE")
    assert answer.json()["error"]["details"] == {"dependency": "database"}
    assert answer.headers["retry-after"]
    away.close()


async def test_the_document_describes_both(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/docs.json")).json()["paths"]
    listing, export = paths[PAGE]["get"], paths[EXPORT]["get"]
    assert {one["name"] for one in listing["parameters"]} == {"limit", "cursor"}
    assert listing["security"] == export["security"] == [{"bearer": []}]
    assert list(export["responses"]["200"]["content"]) == ["application/x-ndjson"]
    assert {"400", "401", "403", "503"} <= export["responses"].keys() & listing["responses"].keys()
