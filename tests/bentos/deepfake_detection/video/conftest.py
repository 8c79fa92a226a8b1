"""A store of jobs on each kind of database."""

from __future__ import annotations

import pytest
from video_jobs import Events, Hand

from bentos.common.database import Database
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.jobs import JobStore


@pytest.fixture
def hand() -> Hand:
    """The store's clock."""
    return Hand()


@pytest.fixture
def store(database: Database, hand: Hand) -> JobStore:
    return JobStore(database, clock=hand)


@pytest.fixture
def video_settings() -> VideoSettings:
    return VideoSettings(lease_s=20, max_attempts=3, jobs_per_tenant=4, bytes_per_tenant=10_000)


@pytest.fixture
def events(database: Database) -> Events:
    return Events(database)
