"""Galleries, chains and backups in ``/metrics``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from chains import tamper
from drawn_faces import CARD, drawn
from enrolling import NAME, enrol
from made_models import drawn_generations
from metering import sampled, value_of
from pydantic import SecretStr

from bentos.common.app import API, ServiceParts, create_app
from bentos.common.audit.caller import Caller
from bentos.common.audit.checks import ChainChecks
from bentos.common.audit.tables import ChainCheck
from bentos.common.auth import TokenVerifier
from bentos.common.backups import BackupRun, note
from bentos.common.composition import build_parts
from bentos.common.database import Database, now
from bentos.common.health import HealthMonitor
from bentos.common.keyvalue import ProcessStore
from bentos.common.metrics import Metrics
from bentos.common.settings import DatabaseSettings, Settings
from bentos.common.workers import Workers
from bentos.face_recognition.gallery.assembly import Gallery
from bentos.face_recognition.gallery.metering import gallery_gauges
from bentos.face_recognition.routes import create_routes
from bentos.face_recognition.service import SPEC
from bentos.face_recognition.tables import OutboxEntry

NAMES = {
    "gallery_collections",
    "gallery_subjects",
    "gallery_faces",
    "gallery_outbox_entries",
    "gallery_outbox_oldest_seconds",
    "gallery_tombstones",
    "audit_chains_broken",
    "audit_events",
    "audit_chains_checked_timestamp_seconds",
    "backup_last_success_timestamp_seconds",
    "backup_last_size_bytes",
    "backup_last_drill_timestamp_seconds",
}
LIMIT_S = 60
SECRET = "0123456789abcdef" * 4
DIMENSION = 4


def told(database: Database) -> dict[str, float]:
    """Read anew: what another collector keeps does not matter."""
    metrics = Metrics("face-recognition-service")
    metrics.add(gallery_gauges(database))
    said = metrics.render().decode()
    return {name: value for name in NAMES if (value := value_of(said, name)) is not None}


def database_of(gallery: Gallery) -> Database:
    return gallery.keeping.stores.database


def test_an_empty_deployment_has_them_all_at_nothing(database: Database) -> None:
    assert told(database) == dict.fromkeys(NAMES, 0)


def test_galleries_are_counted_and_an_erased_one_counts_down(staff: Gallery, caller: Caller) -> None:
    for who in range(3):
        enrol(staff, caller, f"person-{who}", drawn(who))
    enrol(staff, caller, "person-0", drawn(0, view=9))
    found = told(database_of(staff))
    assert (found["gallery_collections"], found["gallery_subjects"], found["gallery_faces"]) == (1, 3, 4)
    assert (found["gallery_tombstones"], found["gallery_outbox_entries"]) == (0, 0)
    assert found["audit_events"] == 5
    staff.keeping.erasure.subject(caller, NAME, "person-0")
    found = told(database_of(staff))
    assert (found["gallery_subjects"], found["gallery_faces"], found["gallery_tombstones"]) == (2, 2, 2)
    staff.keeping.erasure.collection(caller, NAME)
    found = told(database_of(staff))
    assert found["gallery_collections"] == found["gallery_subjects"] == found["gallery_faces"] == 0
    assert found["gallery_tombstones"] == 4
    assert found["audit_events"] == 7


def test_what_waits_in_the_outbox_is_as_old_as_its_oldest_entry(database: Database) -> None:
    ages = (5, 3600, 60)
    with database.write() as session:
        for number, age in enumerate(ages):
            session.add(
                OutboxEntry(
                    face=f"{number:032x}",
                    tenant_id="a" * 32,
                    model_digest="b" * 64,
                    dimension=4,
                    created_at=now() - timedelta(seconds=age),
                )
            )
    found = told(database)
    assert found["gallery_outbox_entries"] == 3
    assert 3600 <= found["gallery_outbox_oldest_seconds"] < 3600 + LIMIT_S


def test_the_clock_of_another_replica_makes_no_negative_age(database: Database) -> None:
    with database.write() as session:
        entry = OutboxEntry(face="c" * 32, tenant_id="a" * 32, model_digest="b" * 64, dimension=4)
        entry.created_at = now() + timedelta(hours=1)
        session.add(entry)
    assert told(database)["gallery_outbox_oldest_seconds"] == 0


def test_backups_and_drills_by_their_ends(database: Database) -> None:
    ended = now() - timedelta(hours=2)
    with database.write() as session:
        note(session, BackupRun("backup", "a", ended - timedelta(hours=9), ended, 2**40))
        note(session, BackupRun("backup", "b", ended - timedelta(days=2), ended - timedelta(days=1), 7))
    found = told(database)
    assert found["backup_last_success_timestamp_seconds"] == pytest.approx(ended.timestamp(), abs=1e-3)
    assert found["backup_last_size_bytes"] == 2**40
    assert found["backup_last_drill_timestamp_seconds"] == 0
    with database.write() as session:
        note(session, BackupRun("drill", "b", ended, ended + timedelta(hours=1), 7))
    found = told(database)
    assert found["backup_last_drill_timestamp_seconds"] == pytest.approx(ended.timestamp() + 3600, abs=1e-3)
    assert found["backup_last_size_bytes"] == 2**40


def test_a_broken_chain_shows_until_it_is_found_sound(staff: Gallery, caller: Caller) -> None:
    database = database_of(staff)
    before = now().timestamp()
    assert ChainChecks(database, 3600).check_if_due()
    found = told(database)
    assert found["audit_chains_broken"] == 0
    assert before <= found["audit_chains_checked_timestamp_seconds"] <= now().timestamp()
    tamper(database, "UPDATE {events} SET actor = 'mallory' WHERE seq = 1")
    assert told(database)["audit_chains_broken"] == 0, "not checked yet"
    assert ChainChecks(database, 1e-9).check_if_due()
    assert told(database)["audit_chains_broken"] == 1
    tamper(database, "UPDATE {events} SET actor = :actor WHERE seq = 1", actor=caller.subject)
    assert ChainChecks(database, 1e-9).check_if_due()
    assert told(database)["audit_chains_broken"] == 0


def test_without_a_database_they_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    url = SecretStr("postgresql://nobody:x@127.0.0.1:1/none")
    database = Database(DatabaseSettings(url=url, pool_size=1, timeout_s=1))
    assert told(database) == {}
    assert "are not read" in caplog.text
    database.close()


def test_without_tables_they_are_left_out(tmp_path: Path) -> None:
    address = SecretStr(f"sqlite:///{tmp_path}/empty.sqlite")
    database = Database(DatabaseSettings(url=address, pool_size=1, timeout_s=1))
    assert told(database) == {}
    database.close()


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The service's own routes around drawn models, begun as it begins; its chains are checked all the time."""
    settings = Settings(state_dir=folder, jwt_secret=SECRET, audit_interval_s=0.2, enrol_min_quality=0)
    metrics, workers = Metrics(SPEC.name), Workers(2)
    generations = drawn_generations(SPEC, DIMENSION, metrics)
    parts = build_parts(SPEC, settings, generations, workers, ProcessStore(), metrics)
    routes = create_routes(parts)
    service = ServiceParts(
        name=SPEC.name,
        title=SPEC.title,
        cards=lambda: generations.current.cards,
        health=HealthMonitor(SPEC.name, "1.2.3", lambda: generations.current.refs),
        metrics=metrics,
        verifier=TokenVerifier(settings.auth),
        max_body_bytes=10_000_000,
        max_in_flight=8,
        admit=lambda: None,
    )
    await generations.start()
    await parts.lifecycle.start()
    claims = {"sub": "ann", "tenant": "acme", "role": "admin", "exp": 4_102_444_800}
    headers = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}
    transport = httpx.ASGITransport(create_app(service, routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client
    await parts.lifecycle.close()
    workers.close()


async def metrics_of(client: httpx.AsyncClient) -> str:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    return answer.text


async def until_checked(database: Database, broken: bool) -> None:
    limit = time.monotonic() + LIMIT_S
    while time.monotonic() < limit:
        with database.read() as session:
            row = session.get(ChainCheck, "acme")
        if row is not None and (row.fault is not None) is broken:
            return
        await asyncio.sleep(0.02)
    pytest.fail("the chain was not checked")


async def test_a_running_service_checks_its_chains_and_says_that_one_is_broken(tmp_path: Path) -> None:
    async with serving(tmp_path) as client:
        assert (await client.post(f"{API}/collections", json={"name": "staff"})).status_code == 201
        database = Database(Settings(state_dir=tmp_path).database)
        await until_checked(database, broken=False)
        tamper(database, "UPDATE {events} SET actor = 'mallory'")
        await until_checked(database, broken=True)
        text = await metrics_of(client)
        assert value_of(text, "audit_chains_broken") == 1
        assert value_of(text, "audit_events") == 1
        assert value_of(text, "gallery_collections") == 1
        assert value_of(text, "audit_chains_checked_timestamp_seconds") is not None
        database.close()


async def test_a_comparison_and_the_best_match_are_counted(tmp_path: Path) -> None:
    picture = drawn(7)
    async with serving(tmp_path) as client:
        await client.post(f"{API}/collections", json={"name": "staff"})
        labels = {"score": "similarity", "model_name": CARD.name}
        assert set(sampled(await metrics_of(client), "ai_model_score_count").values()) == {0}
        pair = {"image_a": picture, "image_b": picture}
        answer = await client.post(f"{API}/verify", files=pair)
        assert answer.status_code == 200, answer.text
        assert value_of(await metrics_of(client), "ai_model_score_sum", **labels) == pytest.approx(1)
        for matches in (0, 1):
            found = await client.post(f"{API}/collections/staff/identify", files={"image": picture})
            assert len(found.json()["data"]["faces"][0]["matches"]) == matches, found.text
            assert value_of(await metrics_of(client), "ai_model_score_count", **labels) == 1 + matches
            enrolled = await client.post(
                f"{API}/collections/staff/subjects", files={"image": picture}, data={"subject_id": "ann"}
            )
            assert enrolled.status_code == 201, enrolled.text
        text = await metrics_of(client)
        assert value_of(text, "ai_model_score_bucket", **labels, le="0.95") == 0
