"""People to put into an index, and the index in both of its forms."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from bentos.common.settings import VectorSettings
from bentos.face_recognition.vectors import MilvusIndex, Vector

DIMENSION = 64

People = Callable[..., list[Vector]]
Opened = Callable[..., MilvusIndex]


def settings_for(uri: str | Path, timeout_s: float = 10.0) -> VectorSettings:
    return VectorSettings(uri=str(uri), token=None, timeout_s=timeout_s, m=16, ef_construction=200, ef=512)


@pytest.fixture
def people() -> People:
    """Makes so many people, at random angles, in a gallery of a tenant."""
    random = np.random.default_rng(7)

    def make(count: int, tenant: str | None = None, gallery: str | None = None) -> list[Vector]:
        tenant, gallery = tenant or uuid.uuid4().hex, gallery or uuid.uuid4().hex
        values = random.normal(size=(count, DIMENSION)).astype(np.float32)
        return [Vector(uuid.uuid4().hex, tenant, gallery, each) for each in values]

    return make


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Makes an index that is closed at the end of the test."""
    made: list[MilvusIndex] = []

    def make(uri: str | Path, digest: str = "ab" * 32, timeout_s: float = 10.0) -> MilvusIndex:
        made.append(MilvusIndex(settings_for(uri, timeout_s), digest, DIMENSION))
        return made[-1]

    yield make
    for index in made:
        index.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of an embedded index, not there yet."""
    return tmp_path / "state" / "milvus.db"


@pytest.fixture
def embedded(folder: Path, opened: Opened) -> MilvusIndex:
    return opened(folder)


@pytest.fixture(params=["embedded", "served"])
def index(request: pytest.FixtureRequest, opened: Opened, folder: Path) -> Iterator[MilvusIndex]:
    """An empty index of each form."""
    if request.param == "embedded":
        yield opened(folder)
        return
    made = opened(request.getfixturevalue("milvus_server_uri"), uuid.uuid4().hex * 2)
    yield made
    made.drop()
