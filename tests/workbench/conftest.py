from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_stub import ContractStub
from service_process import ServiceProcess


@pytest.fixture(autouse=True)
def _kept_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a page keeps is of its test alone."""
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_DATA_DIR", str(tmp_path / "workbench"))


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
