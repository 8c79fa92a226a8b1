"""Fixtures that several folders share: the two settings for material that is no part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


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
