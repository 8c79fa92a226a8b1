"""Services that keep something, on embedded stores and on servers; the gateway before real and recording servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from gateway_process import ORIGIN, GatewayProcess
from integration.galleries import Caller, Recognition, settings_of
from integration.videos import Deepfake
from postgres import PostgresServer
from recording_upstream import RecordingUpstream
from service_process import ServiceProcess
from videos import numbered, write_video

from bentos.contracts import SERVICES
from deploy.nginx.routes import SERVICE_PREFIXES

NAME = "face-recognition-service"
VIDEOS = "deepfake-detection-service"
SOURCES = (f"127.0.{block}.{host}" for block in range(1, 256) for host in range(1, 255))


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


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordingUpstream]:
    """Stands behind ``front`` for all five services."""
    with RecordingUpstream(tmp_path_factory.mktemp("recorder")) as upstream:
        yield upstream


@pytest.fixture(scope="session")
def front(recorder: RecordingUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The gateway before a server that writes down what it is sent; it trusts the proxy 127.0.0.1 alone."""
    with GatewayProcess(
        tmp_path_factory.mktemp("front"),
        {prefix: [recorder.address] for prefix in SERVICE_PREFIXES},
        changes={"trusted_proxies": ("127.0.0.1/32",), "allowed_origins": (ORIGIN,)},
    ) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def gateway(
    five: Mapping[str, ServiceProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """The gateway before the five real services."""
    places = {address.prefix: [f"127.0.0.1:{five[address.name].port}"] for address in SERVICES}
    secret = five["face-recognition-service"].secret
    with GatewayProcess(tmp_path_factory.mktemp("gateway"), places, secret=secret) as process:
        yield process


@pytest.fixture
def source() -> str:
    """An address of this machine that no test came from before, so that no limit has counted it."""
    return next(SOURCES)


@pytest.fixture(scope="session")
def deepfake(mirror: Path, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Deepfake:
    """Makes a deepfake detection service with these settings, in a folder of its own; ``with`` starts it."""

    def make(**settings: str) -> ServiceProcess:
        own = {"FACESOCIAL_MODEL_DIR": str(model_cache), "FACESOCIAL_VIDEO_MIN_FREE_BYTES": "0"}
        return ServiceProcess(VIDEOS, tmp_path_factory.mktemp(VIDEOS), mirror, own | settings)

    return make


@pytest.fixture(scope="session")
def embedded_deepfake(deepfake: Deepfake) -> Iterator[ServiceProcess]:
    """The service on embedded stores, for all tests; each takes a tenant of its own."""
    with deepfake() as service:
        yield service


@pytest.fixture(scope="session")
def served_deepfake(
    deepfake: Deepfake, postgres: PostgresServer, upgraded: str, redis_url: str
) -> Iterator[ServiceProcess]:
    """The same on PostgreSQL and Redis."""
    name = postgres.create(upgraded)
    with deepfake(
        FACESOCIAL_DATABASE_URL=postgres.url(name), FACESOCIAL_REDIS_URL=f"{redis_url}/5"
    ) as service:
        yield service
    postgres.drop(name)


@pytest.fixture
def videos(backend: str, request: pytest.FixtureRequest) -> Caller:
    """An operator of a new tenant at the service of videos, on stores of each kind."""
    name = "embedded_deepfake" if backend == "embedded" else "served_deepfake"
    return Caller(request.getfixturevalue(name), uuid.uuid4().hex)


@pytest.fixture
def embedded_videos(embedded_deepfake: ServiceProcess) -> Caller:
    """An operator of a new tenant at the service of videos, on embedded stores."""
    return Caller(embedded_deepfake, uuid.uuid4().hex)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A video of two seconds without a face."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_video(path, numbered(20), fps=10).read_bytes()
