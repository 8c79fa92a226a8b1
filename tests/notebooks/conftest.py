"""Kernels' settings and running services: with the project's own weights, or the published ones where some lack."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
from service_process import ServiceProcess

from deploy.local.services import TARGETS
from models.catalogue import OWN
from models.catalogue.card import Task

OWN_IS_WHOLE = set(OWN) == set(Task)


@pytest.fixture(scope="session")
def weights() -> Mapping[str, str]:
    """Settings of a kernel that loads models itself."""
    for name in ("matplotlib", "scipy", "sklearn"):
        pytest.importorskip(name, reason="needs the extra `train`")
    if OWN_IS_WHOLE:
        return {}
    if mirror := os.environ.get("FACESOCIAL_MODEL_MIRROR"):
        return {"FACESOCIAL_MODEL_MIRROR": mirror}
    pytest.skip("some of the project's own weights are missing, and FACESOCIAL_MODEL_MIRROR is not set")


@pytest.fixture(scope="module")
def services(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, ServiceProcess]]:
    """All five by name."""
    if not OWN_IS_WHOLE:
        yield request.getfixturevalue("five")
        return
    secret, nothing = secrets.token_hex(32), tmp_path_factory.mktemp("mirror")
    settings = {"FACESOCIAL_BATCH_MODE": "process", "FACESOCIAL_MODEL_SOURCE": "own"}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                ServiceProcess(name, tmp_path_factory.mktemp(name), nothing, settings, secret=secret)
            )
            for name in TARGETS
        }


@pytest.fixture(scope="module")
def reachable(services: Mapping[str, ServiceProcess]) -> Mapping[str, str]:
    """Settings of a kernel that asks the services."""
    addresses = {name: service.url for name, service in services.items()}
    return {
        "FACESOCIAL_WORKBENCH_ENVIRONMENTS": json.dumps({"local": {"services": addresses}}),
        "FACESOCIAL_WORKBENCH_TOKEN": next(iter(services.values())).token("admin"),
    }
