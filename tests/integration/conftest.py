"""The recognition service on embedded stores and on servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from integration.galleries import Recognition, settings_of
from postgres import PostgresServer
from service_process import ServiceProcess

NAME = "face-recognition-service"


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graphs are built once for all services of the run."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(params=["embedded", "servers"])
def backend(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def stores(backend: str, request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    """Settings of empty stores of each kind."""
    if backend == "embedded":
        yield {}
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("upgraded"))
    redis, milvus = request.getfixturevalue("redis_url"), request.getfixturevalue("milvus_server_uri")
    yield settings_of(server.url(name), f"{redis}/3", milvus)
    server.drop(name)


@pytest.fixture
def recognition(
    mirror: Path, model_cache: Path, stores: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Recognition:
    """Makes a recognition service on these stores, in a folder of its own; ``with`` starts it.

    An empty setting takes away that of the stores.
    """

    def make(**settings: str) -> ServiceProcess:
        wanted = {"FACESOCIAL_MODEL_DIR": str(model_cache), **stores, **settings}
        own = {name: value for name, value in wanted.items() if value}
        return ServiceProcess(NAME, tmp_path_factory.mktemp(NAME), mirror, own)

    return make
