"""Fixtures that several folders share: the two settings for material that is no part of the project."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from service_process import ServiceProcess

from deploy.local.services import TARGETS

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


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With FACESOCIAL_TEST_STRICT=1 everything is there that a test can need: a skip is a failure."""
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
    """All services by name, batching in their own processes, with one cache of models."""
    cache = tmp_path_factory.mktemp("models")
    settings = {"FACESOCIAL_BATCH_MODE": "process", "FACESOCIAL_MODEL_DIR": str(cache)}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(ServiceProcess(name, tmp_path_factory.mktemp(name), mirror, settings))
            for name in TARGETS
        }
