"""The decoder against a loop over cells: prior by prior, number by number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.processing.yunet import BOX, COLUMNS, POINTS, SCORE, decode_yunet

STRIDES = (8, 16, 32)
Floats = NDArray[np.float32]


def outputs_of(seed: int, height: int, width: int) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    outputs: dict[str, Floats] = {}
    for stride in STRIDES:
        cells = (height // stride) * (width // stride)
        for name, columns in (("bbox", 4), ("kps", 10)):
            outputs[f"{name}_{stride}"] = random.normal(size=(cells, columns)).astype(np.float32)
        for name in ("cls", "obj"):
            outputs[f"{name}_{stride}"] = random.random((cells, 1)).astype(np.float32)
    return outputs


def slowly(outputs: dict[str, Floats], height: int, width: int, floor: float) -> list[list[float]]:
    found = []
    for stride in STRIDES:
        index = 0
        for row in range(height // stride):
            for column in range(width // stride):
                score = outputs[f"cls_{stride}"][index, 0] * outputs[f"obj_{stride}"][index, 0]
                if score >= floor:
                    dx, dy, dw, dh = (float(v) for v in outputs[f"bbox_{stride}"][index])
                    wide, high = math.exp(dw) * stride, math.exp(dh) * stride
                    line = [(column + dx) * stride - wide / 2, (row + dy) * stride - high / 2, wide, high]
                    points = [float(v) for v in outputs[f"kps_{stride}"][index]]
                    for x, y in zip(points[::2], points[1::2], strict=True):
                        line += [(column + x) * stride, (row + y) * stride]
                    found.append([*line, float(score)])
                index += 1
    return found


@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
    floor=st.sampled_from([0.0, 0.02, 0.3, 0.6, 0.95]),
)
@settings(max_examples=40, deadline=None)
def test_every_cell_as_a_slow_loop_has_it(seed: int, rows: int, columns: int, floor: float) -> None:
    height, width = rows * 32, columns * 32
    outputs = outputs_of(seed, height, width)
    decoded = decode_yunet(outputs, (height, width), STRIDES, floor)
    expected = np.array(slowly(outputs, height, width, floor), np.float64).reshape(-1, COLUMNS)
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, expected, rtol=1e-4, atol=1e-3)


def one_face(stride: int, cell: int) -> dict[str, Floats]:
    outputs = {name: np.zeros_like(value) for name, value in outputs_of(0, 64, 96).items()}
    outputs[f"cls_{stride}"][cell] = 0.9
    outputs[f"obj_{stride}"][cell] = 0.8
    return outputs


@pytest.mark.parametrize(
    ("stride", "cell", "corner"), [(8, 13, (8, 8)), (16, 7, (16, 16)), (32, 5, (64, 32))]
)
def test_a_cell_of_zeros_is_a_box_of_one_stride_around_its_corner(
    stride: int, cell: int, corner: tuple[int, int]
) -> None:
    (row,) = decode_yunet(one_face(stride, cell), (64, 96), STRIDES, 0.5)
    x, y = corner
    np.testing.assert_allclose(row[BOX], [x - stride / 2, y - stride / 2, stride, stride])
    np.testing.assert_allclose(row[POINTS].reshape(5, 2), [[x, y]] * 5)
    assert row[SCORE] == pytest.approx(0.72)


def test_a_score_below_the_floor_is_no_candidate() -> None:
    assert decode_yunet(one_face(8, 0), (64, 96), STRIDES, 0.73).shape == (0, COLUMNS)


def test_a_score_that_is_no_number_is_no_candidate() -> None:
    outputs = one_face(16, 3)
    outputs["obj_16"][3] = np.nan
    assert decode_yunet(outputs, (64, 96), STRIDES, 0.0)[:, SCORE].tolist() == [0.0] * (96 + 24 + 6 - 1)
