"""JPEG, smaller sizes and H.264 keep the size and lose detail; real codecs."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_portraits import Drawn, energy

from training_eval.synthesis.compression import h264, jpeg, resized


def test_jpeg_loses_more_at_lower_quality(portrait: Drawn) -> None:
    errors = [
        np.abs(jpeg(portrait.pixels, quality).astype(int) - portrait.pixels).mean()
        for quality in (95, 50, 10)
    ]
    assert 0 < errors[0] < errors[1] < errors[2]


def test_a_smaller_size_loses_what_is_fine(portrait: Drawn) -> None:
    made = resized(portrait.pixels, 0.25)
    assert made.shape == portrait.pixels.shape
    assert energy(made, 0.25, 0.8) < 0.2 * energy(portrait.pixels, 0.25, 0.8)
    assert energy(made, 0.0, 0.05) > 0.8 * energy(portrait.pixels, 0.0, 0.05)


@pytest.mark.parametrize("share", [1.0, 3.0])
def test_nothing_is_enlarged(portrait: Drawn, share: float) -> None:
    np.testing.assert_array_equal(resized(portrait.pixels, share), portrait.pixels)


def test_h264_keeps_order_and_size_and_loses_more_at_a_higher_factor(portrait: Drawn, other: Drawn) -> None:
    second = np.ascontiguousarray(portrait.pixels[::-1])
    errors = []
    for crf in (18, 40):
        first, turned = h264([portrait.pixels, second], crf)
        assert first.shape == turned.shape == portrait.pixels.shape
        assert np.abs(turned[::-1].astype(int) - first).mean() < np.abs(turned.astype(int) - first).mean()
        errors.append(np.abs(first.astype(int) - portrait.pixels).mean())
    assert 0 < errors[0] < errors[1]


@pytest.mark.parametrize("size", [(1, 1), (1, 33), (17, 15), (31, 16)])
def test_odd_and_tiny_pictures(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 90, np.uint8)
    assert jpeg(pixels, 50).shape == pixels.shape
    assert resized(pixels, 0.1).shape == pixels.shape
    (made,) = h264([pixels])
    assert made.shape == pixels.shape
    assert np.abs(made.astype(int) - 90).max() <= 6


def test_no_pictures_are_no_pictures() -> None:
    assert h264([]) == []
