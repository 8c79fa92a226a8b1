from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract_stub import ContractStub


@pytest.fixture
def stub() -> Iterator[ContractStub]:
    with ContractStub() as server:
        yield server
