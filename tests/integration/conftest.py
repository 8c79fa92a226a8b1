"""The five services, started once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from service_process import ServiceProcess

from deploy.local.services import TARGETS


@pytest.fixture(scope="session")
def five(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, ServiceProcess]]:
    """All services by name, batching in their own processes, with one cache of models."""
    cache = tmp_path_factory.mktemp("models")
    settings = {"FACESOCIAL_BATCH_MODE": "process", "FACESOCIAL_MODEL_DIR": str(cache)}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                ServiceProcess(
                    service=name,
                    target=target,
                    folder=tmp_path_factory.mktemp(name),
                    mirror=mirror,
                    settings=settings,
                )
            )
            for name, target in TARGETS.items()
        }
