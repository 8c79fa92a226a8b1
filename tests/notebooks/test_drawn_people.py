"""The notebooks' people are the same each time, and found where the drawing says."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from notebook_runs import FOLDER


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    return pytest.importorskip("drawn_people")


def test_a_number_is_a_person(drawn: ModuleType) -> None:
    assert drawn.person(3) == drawn.person(3)
    assert len({drawn.person(number) for number in range(20)}) == 20


def test_a_view_is_a_picture(drawn: ModuleType) -> None:
    one, again, other = (drawn.portrait(drawn.person(1), view, side=96, scale=20) for view in (0, 0, 1))
    assert one.pixels.shape == (96, 96, 3)
    assert np.array_equal(one.pixels, again.pixels)
    assert not np.array_equal(one.pixels, other.pixels)


def test_the_box_holds_the_face(drawn: ModuleType) -> None:
    """Skin is redder than it is blue; the walls behind view 1 are not."""
    made = drawn.portrait(drawn.person(1), 1, side=160, scale=40)
    left, top, width, height = made.box.astype(int)
    face = made.pixels[top : top + height, left : left + width].astype(int)
    assert (face[..., 2] > face[..., 0] + 15).mean() > 0.6
