"""A deployment is lost, and comes back from its backup: the same answers, and nobody who was erased."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from drawn_faces import CARD, DrawnAnalysis, drawn
from enrolling import NAME, enrol, identify
from integration.galleries import Caller as Visitor
from integration.galleries import Recognition
from integration.pictures import encoded, sample
from postgres import PostgresServer
from pydantic import SecretStr
from redis import Redis
from rich.console import Console
from sqlalchemy import func, select

from bentos.common import backups, tenants
from bentos.common.audit import chain
from bentos.common.audit.caller import Caller
from bentos.common.cache import ResultCache
from bentos.common.database import now
from bentos.common.errors import DependencyUnavailable
from bentos.common.idempotency import Idempotency, Saved
from bentos.common.keyvalue import open_key_value
from bentos.common.settings import Settings
from bentos.common.tombstones import Tombstones
from bentos.contracts import Match
from bentos.face_recognition.gallery.assembly import Gallery, open_stores
from bentos.face_recognition.gallery.records import to_bytes
from bentos.face_recognition.tables import Collection, Face, Subject
from deploy.local.backup import operations
from deploy.local.backup.checking import check
from deploy.local.backup.drilling import drill
from deploy.local.backup.keys import identities_of, make_identity
from deploy.local.backup.making import Maker
from deploy.local.backup.restoring import Report, restore
from deploy.local.backup_settings import BackupSettings
from deploy.local.opening import opened
from models.processing.similarity import unit

QUIET = Console(quiet=True)
TENANTS = ("acme", "globex")
PEOPLE = 20
"""Of each tenant, enrolled one by one with their pictures; the others come in bulk, into a second collection."""
MANY = 480
REDIS = 7
"""Number of the database in the tests' Redis."""


class Near(float):
    """A similarity: an index that was made anew adds up in another order."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and abs(float(self) - float(other)) < 1e-4

    __hash__ = float.__hash__


@dataclass
class Deployment:
    """Stores with a thousand faces of two tenants, without a model."""

    settings: Settings
    own: BackupSettings
    many: int = MANY
    server: PostgresServer | None = None
    database: str = ""
    galleries: list[Gallery] = field(default_factory=list)

    @property
    def gallery(self) -> Gallery:
        """A process's view, opened when it is first needed."""
        if not self.galleries:
            cache = ResultCache(open_key_value(self.settings.key_value), self.settings.cache)
            stores = open_stores(self.settings, lambda: CARD, cache)
            gallery = Gallery.of(stores, DrawnAnalysis())  # type: ignore[arg-type]
            gallery.keeping.prepare()
            gallery.keeping.upkeep.bring_in_order()
            self.galleries.append(gallery)
        return self.galleries[0]

    def close(self) -> None:
        """End the process, and what it alone remembered."""
        while self.galleries:
            self.galleries.pop().keeping.close()
        self.__dict__.pop("_idempotency", None)

    def enrol(self, tenant: str, subject: str, who: int, key: str) -> tuple[bool, dict[str, object]]:
        """As the service does: whether anything was done, and the answer."""
        worked = []

        async def work() -> Saved:
            worked.append(key)
            found = enrol(self.gallery, caller(tenant), subject, drawn(who), key=key)
            return Saved(201, json.dumps({"success": True, "data": found.model_dump(mode="json")}).encode())

        saved = asyncio.run(self._idempotency.run(tenant, key, f"print of {subject}", work))
        data: dict[str, object] = json.loads(saved.body)["data"]
        return bool(worked), data

    @cached_property
    def _idempotency(self) -> Idempotency:
        return Idempotency(open_key_value(self.settings.key_value), 3600)

    def fill(self) -> None:
        for tenant in TENANTS:
            self.gallery.collections.create(caller(tenant), NAME)
            self.gallery.collections.create(caller(tenant), "visitors")
            for who in range(PEOPLE):
                self.enrol(tenant, f"{tenant}-{who}", who, f"key-{who}")
            self._add_many(tenant)
        assert self.gallery.keeping.verification.rebuild() == len(TENANTS) * (PEOPLE + self.many)

    def _add_many(self, tenant: str) -> None:
        rng = np.random.default_rng([7, *tenant.encode()])
        with self.gallery.keeping.stores.database.write() as session:
            owner = tenants.find(session, tenant)
            query = select(Collection).where(Collection.tenant_id == owner, Collection.name == "visitors")
            collection = session.scalars(query).one()
            shared = {"tenant_id": collection.tenant_id, "collection_id": collection.id}
            people = [
                Subject(id=uuid.uuid4().hex, subject_id=f"visitor-{number}", details={}, **shared)
                for number in range(self.many)
            ]
            session.add_all(people)
            session.flush()
            for person in people:
                face = uuid.uuid4().hex
                values = rng.standard_normal(self.gallery.keeping.stores.dimension).astype(np.float32)
                session.add(
                    Face(
                        id=face,
                        face_id=face,
                        subject_key=person.id,
                        embedding=to_bytes(unit(values)),
                        model_digest=CARD.sha256,
                        quality={},
                        **shared,
                    )
                )

    def answers(self) -> dict[str, list[tuple[str, str, float]]]:
        """Who everybody is found to be, by which face, and how similar."""
        return {
            f"{tenant}-{who}": [
                (match.subject_id, match.face_id, Near(match.similarity))
                for face in identify(self.gallery, caller(tenant), drawn(who, 1)).faces
                for match in face.matches
            ]
            for tenant in TENANTS
            for who in range(PEOPLE)
        }

    def erase(self, tenant: str, who: int) -> None:
        self.gallery.keeping.erasure.subject(caller(tenant), NAME, f"{tenant}-{who}")

    def erased(self) -> set[str]:
        return Tombstones(self.settings.gallery.tombstones).ids()

    def destroy(self) -> None:
        """Database, Redis, index, pictures: all gone. The list of erased faces is another matter."""
        self.close()
        if self.server is not None:
            self.server.drop(self.database)
            self.server.ask(f"CREATE DATABASE {self.database} TEMPLATE template0")
        for name in ("facesocial.sqlite", "facesocial.sqlite-wal", "facesocial.sqlite-shm"):
            (self.settings.state_dir / name).unlink(missing_ok=True)
        if self.settings.redis_url is not None:
            with Redis.from_url(self.settings.redis_url.get_secret_value()) as client:
                client.flushdb()
        shutil.rmtree(self.settings.state_dir / "milvus.db")
        shutil.rmtree(self.settings.gallery.images)

    def restore(self) -> Report:
        self.close()
        return restore(self.settings, self.own, "latest", QUIET)

    def drill(self) -> Report:
        return drill(self.settings, self.own, "latest", QUIET)

    def count(self, table: type[Face] | type[Subject]) -> int:
        with self.gallery.keeping.stores.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def chains_hold(self) -> bool:
        with self.gallery.keeping.stores.database.read(snapshot=True) as session:
            reports = list(chain.verify_all(session))
        return len(reports) == len(TENANTS) and all(report.fault is None for report in reports)

    def left_behind(self) -> list[str]:
        """Scratch folders and databases."""
        found = [path.name for path in self.settings.state_dir.iterdir() if path.name.startswith(".")]
        if self.server is not None:
            query = "SELECT datname FROM pg_database WHERE datname LIKE '%drill%'"
            found += [str(name) for (name,) in self.server.ask(query)]
        return found


def caller(tenant: str) -> Caller:
    return Caller(tenant, "ada", "operator", "request-1")


@pytest.fixture
def own(tmp_path: Path) -> BackupSettings:
    """Of backups that can be opened here."""
    public = make_identity(tmp_path / "key.txt")
    return BackupSettings(dir=tmp_path / "backups", recipients=(public,), identity_file=tmp_path / "key.txt")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of embedded stores."""
    return Settings(state_dir=tmp_path / "state", keep_images=True, model_source="published")


@pytest.fixture
def servers(
    settings: Settings, own: BackupSettings, postgres: PostgresServer, upgraded: str, redis_url: str
) -> Iterator[Deployment]:
    """Empty, on PostgreSQL and Redis, with an index of its own."""
    name = postgres.create(upgraded)
    addresses = {
        "database_url": SecretStr(postgres.url(name)),
        "redis_url": SecretStr(f"{redis_url}/{REDIS}"),
    }
    with Redis.from_url(f"{redis_url}/{REDIS}") as client:
        client.flushdb()
    deployment = Deployment(settings.model_copy(update=addresses), own, server=postgres, database=name)
    yield deployment
    deployment.close()
    postgres.drop(name)


@pytest.fixture(params=["embedded", "servers"])
def deployment(
    request: pytest.FixtureRequest, settings: Settings, own: BackupSettings
) -> Iterator[Deployment]:
    """Full, with a thousand faces."""
    if request.param == "servers":
        found: Deployment = request.getfixturevalue("servers")
        found.fill()
        yield found
        return
    embedded = Deployment(settings, own)
    embedded.fill()
    yield embedded
    embedded.close()


@pytest.fixture
def few(servers: Deployment) -> Deployment:
    """Full, with fewer faces."""
    servers.many = 5
    servers.fill()
    return servers


def test_everything_comes_back_but_the_erased(deployment: Deployment) -> None:
    """The list of erased faces lies on another disk and is there still."""
    deployment.erase("acme", 0)
    before = deployment.answers()
    manifest = Maker(deployment.settings, deployment.own).create()
    assert manifest.database.counts["faces"] == 2 * (PEOPLE + MANY) - 1
    assert check(
        Maker(deployment.settings, deployment.own).shelf.find("latest"), identities_of(deployment.own)
    ).opened
    for tenant, who in (("acme", 1), ("acme", 2), ("globex", 1)):
        deployment.erase(tenant, who)
    deployment.enrol("globex", "too-late", 99, "key-late")
    erased = {"acme-1", "acme-2", "globex-1"}
    deployment.destroy()
    report = deployment.restore()
    assert report.sound, report
    assert not report.warnings
    after = deployment.answers()
    assert {name for name in after if not after[name]} == erased | {"acme-0"}
    assert {name: found for name, found in after.items() if name not in erased} == {
        name: found for name, found in before.items() if name not in erased
    }
    assert deployment.count(Face) == deployment.count(Subject) == 2 * (PEOPLE + MANY) - 4
    assert len(list(deployment.gallery.keeping.stores.pictures.ids())) == 2 * PEOPLE - 4
    assert deployment.chains_hold()
    _retries(deployment)
    deployment.close()
    rehearsed = deployment.drill()
    assert rehearsed.sound, rehearsed
    assert deployment.left_behind() == []
    with deployment.gallery.keeping.stores.database.read() as session:
        noted = [backups.last(session, "backup"), backups.last(session, "drill")]
    assert [run and run.backup_id for run in noted] == [manifest.id] * 2


def _retries(deployment: Deployment) -> None:
    """An old key enrols nobody twice; no answer of an erased person is given again."""
    faces = deployment.count(Face)
    replayed = deployment.settings.redis_url is not None
    worked, _ = deployment.enrol("acme", "acme-7", 7, "key-7")
    assert worked is not replayed
    assert deployment.count(Face) == faces
    if deployment.settings.redis_url is None:
        return
    with Redis.from_url(deployment.settings.redis_url.get_secret_value()) as client:
        bodies = b"".join(client.get(key) or b"" for key in client.keys("*"))
    for name in (b'"acme-0"', b'"acme-1"', b'"acme-2"', b'"globex-1"', b"too-late"):
        assert name not in bodies
    assert bodies.count(b'"acme-7"') == 1


def test_without_the_list_of_erased_faces_the_backups_is_used_and_what_may_be_missing_is_said(
    few: Deployment,
) -> None:
    """Lost with the machine: who was erased before the backup stays erased, and the moment is named."""
    few.erase("acme", 0)
    listed = few.settings.gallery.tombstones.read_text()
    manifest = Maker(few.settings, few.own).create()
    taken_at = manifest.part("tombstones").taken_at  # type: ignore[union-attr]
    few.erase("acme", 1)
    few.destroy()
    few.settings.gallery.tombstones.unlink()
    report = few.restore()
    assert report.sound, report
    (warning,) = report.warnings
    assert f"erased after {taken_at:%Y-%m-%d %H:%M:%S} UTC may be back" in warning
    assert few.settings.gallery.tombstones.read_text() == listed
    answers = few.answers()
    assert not answers["acme-0"]
    assert answers["acme-1"], "nobody knows any more that she was erased"
    # an older copy of the list is put beside: both count
    few.erase("acme", 2)
    newer = few.settings.gallery.tombstones.read_text().removeprefix(listed)
    few.destroy()
    few.settings.gallery.tombstones.write_text(newer)
    report = few.restore()
    assert len(report.warnings) == 1
    assert few.erased() == {json.loads(line)["id"] for line in (listed + newer).splitlines()}
    assert [name for name, found in few.answers().items() if not found] == ["acme-0", "acme-2"]


def test_whoever_is_erased_while_a_backup_is_made_is_named_in_no_answer(few: Deployment) -> None:
    """Redis had been read with her in it, and the database knows her name no more: no answer is put back."""
    moments: list[datetime] = []

    def clock() -> datetime:
        moments.append(now())
        if len(moments) == 3:  # when it was begun twice, and now the answers are read
            few.erase("acme", 3)
        return moments[-1]

    manifest = Maker(few.settings, few.own, clock).create()
    counts = {part.name: part.counts for part in manifest.parts}
    assert counts["redis"] == {"answers": 2 * PEOPLE, "erased_before": 0}
    assert counts["tombstones"] == {"faces": 1}
    assert manifest.database.counts["tombstones"] == 1
    few.destroy()
    report = few.restore()
    assert report.sound, report
    assert report.done["answers"].startswith(f"0 put back, {2 * PEOPLE} held back")
    faces = few.count(Face)
    worked, _ = few.enrol("acme", "acme-7", 7, "key-7")
    assert worked, "the database knows the key as well"
    assert few.count(Face) == faces


def test_a_restore_that_fails_says_what_was_done_and_can_be_run_again(few: Deployment) -> None:
    """Beside the services' Redis, which has answers to what the backup does not know."""
    Maker(few.settings, few.own).create()
    before = few.answers()
    few.enrol("acme", "too-late", 99, "key-late")
    few.close()
    address = few.settings.gallery.images
    shutil.rmtree(address)
    address.write_text("a file stands where the folder was")
    with pytest.raises(DependencyUnavailable) as caught:
        few.restore()
    for said in ("ended at: pictures", "database: as of", "index: made anew", "run the restore again"):
        assert said in caught.value.message
    assert few.left_behind() == []
    address.unlink()
    report = few.restore()
    assert report.sound, report
    assert few.answers() == before
    worked, _ = few.enrol("acme", "too-late", 99, "key-late")
    assert worked, "the answer spoke of a face that is not there"
    assert any(match.subject_id == "too-late" for match in _matches(few, 99))
    few.close()
    with few.gallery.keeping.stores.database.read() as session:
        restores = [event for event in chain.page_of(session, "acme", 0) if event.action == "backup.restore"]
    assert [(event.actor, event.target["backup"]) for event in restores] == [("system", report.id)]


def _matches(deployment: Deployment, who: int) -> list[Match]:
    return [
        match
        for face in identify(deployment.gallery, caller("acme"), drawn(who)).faces
        for match in face.matches
    ]


def test_a_drill_finds_what_is_wrong_and_leaves_nothing(
    few: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Embeddings, an audit event, a picture: changed behind the digests, as a fault of the program would."""
    maker = Maker(few.settings, few.own)
    maker.create()
    few.close()
    left = f"{few.database}_drill_0123abcd"
    few.server.ask(f"CREATE DATABASE {left}")  # type: ignore[union-attr]  # of one that was killed
    replace = operations.replace

    def spoiled(settings: Settings, file: Path, console: Console) -> None:
        replace(settings, file, console)
        with opened(settings) as database, database.write() as session:
            face = session.scalars(select(Face).where(Face.kept.is_not(None)).limit(1)).one()
            face.kept = None

    monkeypatch.setattr(operations, "replace", spoiled)
    report = few.drill()
    assert [(one.what, one.good) for one in report.findings] == [
        ("rows", False),
        ("gallery", True),
        ("audit", True),
        ("searches", True),
    ]
    assert not report.sound
    assert few.left_behind() == []

    def broken(settings: Settings, file: Path, console: Console) -> None:
        replace(settings, file, console)
        raise DependencyUnavailable("broken", {})

    monkeypatch.setattr(operations, "replace", broken)
    with pytest.raises(DependencyUnavailable, match="broken"):
        few.drill()
    assert few.left_behind() == []
    with few.gallery.keeping.stores.database.read() as session:
        assert backups.last(session, "drill") is None


@pytest.mark.parametrize("backend", ["servers"], indirect=True)
def test_a_service_answers_as_before_once_its_stores_are_restored(
    recognition: Recognition, stores: Mapping[str, str], postgres: PostgresServer, tmp_path: Path
) -> None:
    """By HTTP and the command line: backed up while it answers, everything lost, restored, started again."""
    service = recognition(FACESOCIAL_MILVUS_URI="", FACESOCIAL_KEEP_IMAGES="true")
    key = tmp_path / "key.txt"
    settings = {
        "FACESOCIAL_BACKUP_DIR": str(tmp_path / "backups"),
        "FACESOCIAL_BACKUP_RECIPIENTS": make_identity(key),
        "FACESOCIAL_BACKUP_IDENTITY_FILE": str(key),
    }

    def facesocial(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "deploy.local.cli", "backup", *arguments],
            env={**os.environ, **service.environment(), **settings},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    portrait, user = sample("portrait"), Visitor(service)
    pictures = [encoded(portrait.crop((i, i, portrait.width, portrait.height))) for i in range(3)]
    with service:
        user.data("POST", "/collections", 201, json={"name": "staff"})
        first = user.enrol("ada", pictures[0], key="key-ada")
        user.enrol("bob", pictures[1], key="key-bob")
        before = user.identify(pictures[2])
        facesocial("create")
        user.data("DELETE", "/collections/staff/subjects/bob")
    state = Path(service.environment()["FACESOCIAL_STATE_DIR"])
    name = stores["FACESOCIAL_DATABASE_URL"].rpartition("/")[2]
    postgres.drop(name)
    postgres.ask(f"CREATE DATABASE {name} TEMPLATE template0")
    with Redis.from_url(stores["FACESOCIAL_REDIS_URL"]) as client:
        client.flushdb()
    shutil.rmtree(state / "milvus.db")
    shutil.rmtree(state / "images")
    facesocial("restore")
    facesocial("drill")
    with service:
        (matches,) = before
        assert [match["subject_id"] for match in matches] == ["ada", "bob"]
        (now_found,) = user.identify(pictures[2])
        assert [match["subject_id"] for match in now_found] == ["ada"]
        assert now_found[0]["similarity"] == pytest.approx(matches[0]["similarity"], abs=1e-4)
        assert user.enrol("ada", pictures[0], key="key-ada") == first
        subjects = user.data("GET", "/collections/staff/subjects")["subjects"]
        assert [(one["subject_id"], one["faces"]) for one in subjects] == [("ada", 1)]
        assert user.as_role("admin").data("POST", "/gallery/verify")["clean"]
