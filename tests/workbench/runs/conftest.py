from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract_stub import ContractStub

from workbench.endpoints import Endpoints
from workbench.runs.access import Access
from workbench.runs.manager import RunManager


@pytest.fixture
def access(stub: ContractStub) -> Access:
    return Access(Endpoints(gateway=stub.url), "a.b.c", timeout_s=10)


@pytest.fixture
def managers(tmp_path: Path) -> Iterator[Callable[[], RunManager]]:
    """Opens managers on one data folder, one after the other, as restarts of a workbench do."""
    opened: list[RunManager] = []

    def restart() -> RunManager:
        if opened:
            opened[-1].close()
        opened.append(RunManager(tmp_path / "data"))
        return opened[-1]

    yield restart
    if opened:
        opened[-1].close()


@pytest.fixture
def manager(managers: Callable[[], RunManager]) -> RunManager:
    return managers()
