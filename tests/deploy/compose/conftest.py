"""The Compose deployment as it stands in the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.checks.composing.reading import FOLDER, Composition, read

ROOT = Path(__file__).parents[3]


@pytest.fixture
def composition() -> Composition:
    """Read anew for each test, which may change it."""
    return read(ROOT, ("compose.yaml", "compose.gpu.yaml"))


@pytest.fixture
def folder() -> Path:
    return ROOT / FOLDER
