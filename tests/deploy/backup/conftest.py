"""A small deployment with something in every store, and backups that can be opened."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from databases import add, opened, tombstones
from pydantic import SecretStr
from redis import Redis

from bentos.common.database.upgrade import upgrade
from bentos.common.settings import Settings
from bentos.face_recognition.gallery.pictures import KeptPictures
from deploy.local.backup.keys import make_identity
from deploy.local.backup.making import Maker
from deploy.local.backup_settings import BackupSettings

REDIS = 8
"""Number of the database in the tests' Redis."""


@pytest.fixture
def own(tmp_path: Path) -> BackupSettings:
    public = make_identity(tmp_path / "key.txt")
    return BackupSettings(dir=tmp_path / "backups", recipients=(public,), identity_file=tmp_path / "key.txt")


@pytest.fixture
def small(tmp_path: Path, redis_url: str) -> Settings:
    """On SQLite and Redis: a tenant, an erased face, a picture, an answer; no face and no vector."""
    address = f"{redis_url}/{REDIS}"
    settings = Settings(state_dir=tmp_path / "state", redis_url=SecretStr(address), model_source="published")
    with opened(settings) as database:
        upgrade(database)
    add(settings, "acme")
    tombstones(settings).add([uuid.uuid4().hex])
    KeptPictures(settings.gallery.images).put(uuid.uuid4().hex, b"picture" * 1000)
    with Redis.from_url(address) as client:
        client.flushdb()
        record = json.dumps({"fingerprint": "f", "owner": None, "status": 201}) + '\n{"data": {"faces": 1}}'
        client.set("facesocial:idempotency:abc", record, ex=3600)
    return settings


@pytest.fixture
def maker(small: Settings, own: BackupSettings) -> Maker:
    return Maker(small, own)
