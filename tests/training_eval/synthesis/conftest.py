"""Drawn portraits for every test of the folder."""

from __future__ import annotations

import pytest
from drawn_portraits import Drawn, draw


@pytest.fixture
def portrait() -> Drawn:
    return draw()


@pytest.fixture
def other() -> Drawn:
    return draw(200, 260, seed=5)
