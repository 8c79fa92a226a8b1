from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract_stub import ContractStub
from service_process import ServiceProcess


@pytest.fixture
def stub() -> Iterator[ContractStub]:
    with ContractStub() as server:
        yield server


@pytest.fixture(scope="session")
def recognition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """The real face recognition service with galleries, on the project's own weights."""
    folder = tmp_path_factory.mktemp("recognition")
    settings = {"FACESOCIAL_MODEL_SOURCE": "own", "FACESOCIAL_BATCH_MODE": "process"}
    with ServiceProcess("face-recognition-service", folder, folder, settings) as service:
        yield service
