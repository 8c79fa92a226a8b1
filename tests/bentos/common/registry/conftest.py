"""A service that follows a registry, both moved by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_registry import Service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)
