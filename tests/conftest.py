"""Fixtures that several folders share: the two settings for material that is no part of the project."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from milvus_server import MilvusServer
from postgres import PostgresServer, missing
from pydantic import SecretStr
from redis_server import RedisServer
from service_process import ServiceProcess
from stores import TimedStore, in_process, in_redis

from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.settings import DatabaseSettings
from deploy.local.services import TARGETS

TESTS = Path(__file__).parent
SERVING = ("bentos", "deploy", "integration")
PATIENT = ("test_video_worker.py",)
"""Of those the ones that wait more than they work: they run beside the others."""

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember which tests were skipped, and why."""
    _remember(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Remember which modules were skipped whole: their tests are never reported."""
    _remember(report)


def _remember(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
        _skipped.append(f"{report.nodeid}: {report.longrepr[2]}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say what may run side by side: what starts servers is one group, every other file a group of its own.

    With ``-n 2 --dist loadgroup`` a group runs in one process. Two groups of servers at once would measure each other.
    """
    for item in items:
        folders = item.path.relative_to(TESTS).parts
        serving = folders[0] in SERVING and item.path.name not in PATIENT
        item.add_marker(pytest.mark.xdist_group("serving" if serving else "/".join(folders)))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker skipped while it collected, this process hears of by this alone."""
    _skipped.extend(
        one for one in getattr(node, "workeroutput", {}).get("skipped", ()) if one not in _skipped
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With FACESOCIAL_TEST_STRICT=1 everything is there that a test can need: a skip is a failure."""
    if hasattr(session.config, "workeroutput"):  # a worker's: the process that hands out tests judges
        session.config.workeroutput["skipped"] = list(_skipped)
        return
    if os.environ.get("FACESOCIAL_TEST_STRICT") == "1" and _skipped:
        print("\nskipped, although nothing may be:", *_skipped, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _folder(setting: str, what: str) -> Path:
    value = os.environ.get(setting, "")
    if not value:
        pytest.skip(f"{setting} is not set: no {what}")
    path = Path(value)
    if not path.is_dir():
        pytest.fail(f"{setting}={value} is not a folder")
    return path


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder with the published weight files."""
    return _folder("FACESOCIAL_MODEL_MIRROR", "published weights")


@pytest.fixture(scope="session")
def photos() -> Path:
    """The folder with photographs for local tests."""
    return _folder("FACESOCIAL_TEST_PHOTOS", "photographs")


@pytest.fixture(scope="session")
def detection(
    mirror: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Mapping[str, str]], ServiceProcess]:
    """Makes the face detection service with some settings, in a folder of its own; ``with`` starts it."""
    name = "face-detection-service"
    return lambda settings: ServiceProcess(name, tmp_path_factory.mktemp(name), mirror, settings)


@pytest.fixture(scope="session")
def running_service(detection: Callable[[Mapping[str, str]], ServiceProcess]) -> Iterator[ServiceProcess]:
    """The face detection service with its models in an inner one, for all tests that only ask it things."""
    with detection({"FACESOCIAL_BATCH_MODE": "service"}) as service:
        yield service


@pytest.fixture(scope="session")
def five(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, ServiceProcess]]:
    """All services by name, batching in their own processes, with one cache of models and one secret."""
    cache, secret = tmp_path_factory.mktemp("models"), secrets.token_hex(32)
    settings = {"FACESOCIAL_BATCH_MODE": "process", "FACESOCIAL_MODEL_DIR": str(cache)}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                ServiceProcess(name, tmp_path_factory.mktemp(name), mirror, settings, secret=secret)
            )
            for name in TARGETS
        }


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for all tests that need one; nobody stops it."""
    if reason := missing():
        pytest.skip(reason)
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def upgraded(postgres: PostgresServer) -> str:
    """Name of a PostgreSQL database with all tables, to make others from; nobody connects to it."""
    name = postgres.create()
    database = _database(postgres.url(name))
    upgrade(database)
    database.close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An upgraded database without rows, of each kind."""
    if request.param == "sqlite":
        database = _database(f"sqlite:///{tmp_path / 'facesocial.sqlite'}")
        upgrade(database)
        yield database
        database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("upgraded"))
    database = _database(server.url(name))
    yield database
    database.close()
    server.drop(name)


def _database(url: str) -> Database:
    return Database(DatabaseSettings(url=SecretStr(url), pool_size=8, timeout_s=10))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address, without a database's number, of a real Redis for all tests that do not stop it."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(params=["process", "redis"])
def timed_store(request: pytest.FixtureRequest) -> Iterator[TimedStore]:
    """An empty store of each kind."""
    made = in_process() if request.param == "process" else in_redis(request.getfixturevalue("redis_url"))
    with made as store:
        yield store


@pytest.fixture(scope="session")
def milvus_server_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Milvus that is no part of any test's process; each test takes a model digest of its own."""
    with MilvusServer(tmp_path_factory.mktemp("milvus")) as server:
        yield server.uri
