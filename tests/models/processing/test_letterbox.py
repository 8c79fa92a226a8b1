from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.processing.letterbox import fit


@given(
    st.integers(1, 300), st.integers(1, 300), st.integers(1, 200), st.sampled_from([1, 8, 32]), st.booleans()
)
@settings(max_examples=150, deadline=None)
def test_shape_padding_and_way_back(width: int, height: int, side: int, stride: int, enlarge: bool) -> None:
    boxed = fit(np.full((height, width, 3), 200, np.uint8), side, stride, enlarge)
    inner_w, inner_h = round(width * boxed.scale_x), round(height * boxed.scale_y)
    wanted = side if enlarge else min(side, max(width, height))
    assert max(inner_w, inner_h) == wanted
    assert boxed.canvas.shape[0] % stride == boxed.canvas.shape[1] % stride == 0
    assert 0 <= boxed.canvas.shape[0] - inner_h < stride
    assert 0 <= boxed.canvas.shape[1] - inner_w < stride
    assert (boxed.canvas[:inner_h, :inner_w] == 200).all()
    assert int(boxed.canvas.sum()) == 200 * 3 * inner_w * inner_h
    corner = boxed.points(np.array([[inner_w, inner_h]], np.float32))
    np.testing.assert_allclose(corner, [[width, height]], rtol=1e-6)


def test_a_drawn_square_is_found_again_at_its_place() -> None:
    picture = np.zeros((900, 1600, 3), np.uint8)
    picture[300:500, 700:1000] = 255
    boxed = fit(picture, 640, 32)
    rows, columns = np.nonzero(boxed.canvas[..., 0] > 127)
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    found = boxed.boxes(np.array([seen], np.float32))[0]
    np.testing.assert_allclose(found, [700, 300, 1000, 500], atol=2.5)
    assert boxed.canvas.shape == (384, 640, 3)


def test_shrinking_averages_instead_of_picking_pixels() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    # The mean of 16 independent pixels spreads a quarter as far.
    assert fit(noise, 128, 1).canvas.std() == pytest.approx(noise.std() / 4, rel=0.1)


def test_a_picture_that_fits_is_not_touched() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    boxed = fit(picture, 640, 32)
    assert boxed.scale == 1.0
    np.testing.assert_array_equal(boxed.canvas, picture)
    assert not np.shares_memory(boxed.canvas, picture)


@pytest.mark.parametrize("shape", [(1, 60_000), (60_000, 1)])
def test_strips_longer_than_a_short_integer(shape: tuple[int, int]) -> None:
    boxed = fit(np.full((*shape, 3), 9, np.uint8), 640, 32)
    assert sorted(boxed.canvas.shape[:2]) == [32, 640]
    assert boxed.canvas.max() == 9
