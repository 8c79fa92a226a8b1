"""Uploads while videos are being probed for long, and those that are broken off; a stand-in for probing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
import jwt
import pytest
from fastapi import APIRouter
from stores import in_process
from video_jobs import FACTS

from bentos.common.answering import Answering
from bentos.common.answers import model_refs
from bentos.common.app import API, ServiceParts, create_app
from bentos.common.auth import TokenVerifier
from bentos.common.composition import Parts
from bentos.common.database import Database
from bentos.common.health import HealthMonitor
from bentos.common.metrics import Metrics
from bentos.common.settings import Settings
from bentos.common.workers import Workers
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.intake import Intake
from bentos.deepfake_detection.video.jobs import JobStore
from bentos.deepfake_detection.video.routes import PROBES_AT_ONCE, add_videos
from bentos.deepfake_detection.video.uploads import Uploads
from models.catalogue import CATALOGUE

SECRET = "0123456789abcdef" * 4
TOKEN = jwt.encode({"sub": "ann", "role": "operator", "exp": 4_102_444_800}, SECRET, "HS256")
CARDS = (CATALOGUE["yunet-n"],)
LIMIT_S = 30


class Setup:
    """An application with ``POST /videos`` alone."""

    def __init__(self, database: Database, folder: Path, workers: Workers, store: object) -> None:
        self.folder = folder
        self.go_on = threading.Event()
        self.probing = 0
        self.most = 0
        intake = Intake(
            store=JobStore(database),
            uploads=Uploads(folder),
            settings=VideoSettings(min_free_bytes=0),
            probe=self._probe,
            allow=lambda url, settings: None,
            send=lambda job_id: None,
        )
        settings = Settings(jwt_secret=SECRET)
        generations = SimpleNamespace(current=SimpleNamespace(refs=[]))
        parts = SimpleNamespace(workers=workers, generations=generations, key_value=store, settings=settings)
        router = APIRouter(prefix=API)
        add_videos(router, intake, Answering(cast(Parts, parts), database))
        service = ServiceParts(
            name="test-service",
            title="Test",
            cards=lambda: CARDS,
            health=HealthMonitor("test-service", "1.2.3", lambda: model_refs(CARDS)),
            metrics=Metrics("test-service"),
            verifier=TokenVerifier(settings.auth),
            max_body_bytes=1_000_000,
            max_in_flight=100,
            admit=lambda: None,
        )
        self.app = create_app(service, router)

    def client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://t", headers=headers
        )

    def files(self) -> list[str]:
        return [path.name for path in self.folder.iterdir()]

    def _probe(self, path: Path, _: VideoSettings) -> VideoFacts:
        self.probing += 1
        self.most = max(self.most, self.probing)
        assert self.go_on.wait(LIMIT_S)
        self.probing -= 1
        return FACTS


@pytest.fixture
def setup(database: Database, tmp_path: Path) -> Iterator[Setup]:
    workers = Workers(1)
    with in_process() as timed:
        yield Setup(database, tmp_path / "uploads", workers, timed.store)
    workers.close()


async def test_slow_probes_leave_the_service_its_threads(setup: Setup) -> None:
    async with setup.client() as client:
        calls = [
            asyncio.create_task(client.post(f"{API}/videos", files={"video": b"x" * 100})) for _ in range(40)
        ]
        while not (setup.folder.is_dir() and len(setup.files()) == 40):  # all are on the disk
            await asyncio.wait_for(asyncio.to_thread(lambda: None), LIMIT_S)
        assert setup.probing <= PROBES_AT_ONCE
        setup.go_on.set()
        answers = await asyncio.wait_for(asyncio.gather(*calls), LIMIT_S)
    assert sorted(answer.status_code for answer in answers) == [202] * 20 + [429] * 20
    assert 1 <= setup.most <= PROBES_AT_ONCE
    assert len(setup.files()) == 20, "the tenant may have 20 jobs, and the others left nothing"


async def test_an_upload_that_is_broken_off_leaves_nothing(setup: Setup) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'
        begun.set()
        await asyncio.sleep(LIMIT_S)

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    async with setup.client() as client:
        call = asyncio.create_task(client.post(f"{API}/videos", content=endless(), headers=form))
        await asyncio.wait_for(begun.wait(), LIMIT_S)
        assert len(setup.files()) == 1
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert setup.files() == []
