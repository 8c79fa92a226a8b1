"""A head turns about its own axis, and what is not the head stays where it is."""

from __future__ import annotations

import numpy as np
import pytest

from training_eval.own.turning import turn_head

SIDE = 60.0


def striped() -> np.ndarray:
    """A white line where the nose is, grey elsewhere."""
    pixels = np.full((200, 240, 3), 60, np.uint8)
    pixels[:, 119:122] = 250
    return pixels


def line(row: np.ndarray) -> float:
    return float(np.nonzero(row[:, 0] > 150)[0].mean())


@pytest.mark.parametrize("degrees", [-50.0, -20.0, 0.0, 20.0, 50.0])
def test_the_middle_moves_as_on_a_cylinder(degrees: float) -> None:
    turned = turn_head(striped(), (120, 100), SIDE, degrees)
    radius = 0.72 * SIDE
    assert line(turned[100]) == pytest.approx(120 + radius * np.sin(np.radians(degrees)), abs=1.0)


def test_only_the_head_turns() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (200, 240, 3), np.uint8)
    turned = turn_head(pixels, (120, 100), SIDE, 40)
    np.testing.assert_array_equal(turned[:20], pixels[:20])
    np.testing.assert_array_equal(turned[180:], pixels[180:])
    np.testing.assert_array_equal(turned[:, :76], pixels[:, :76])
    np.testing.assert_array_equal(turned[:, 164:], pixels[:, 164:])
    assert (turned[100, 80:160] != pixels[100, 80:160]).any()


def test_no_turn_changes_nothing() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    turned = turn_head(pixels, (40, 40), 30, 0.0)
    assert np.abs(turned.astype(int) - pixels).max() <= 2


def test_a_face_at_the_border_is_no_trouble() -> None:
    pixels = striped()
    for centre in ((0.0, 0.0), (239.0, 199.0), (-30.0, 100.0)):
        assert turn_head(pixels, centre, SIDE, 60).shape == pixels.shape
