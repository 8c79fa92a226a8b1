"""Five-point alignment of a face onto the template of a network."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import LowQuality

_MIN_SPREAD = 0.5
"""Pixels: standard deviation of the points below which they say nothing about a face."""


def similarity_transform(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rotation, scale and shift that bring ``source`` closest to ``target`` in the least-squares sense.

    No reflection: a mirrored face is turned, never flipped. Source: S. Umeyama, "Least-squares
    estimation of transformation parameters between two point patterns", IEEE TPAMI 13(4), 1991,
    equations 39 to 43.

    Args:
        source: [N, 2] points (x, y) in pixels.
        target: [N, 2] points, in the same order.

    Returns:
        [2, 3] matrix that maps (x, y, 1) of the source to the target.

    Raises:
        LowQuality: The points (nearly) coincide, are not finite, or fit only mirrored.
    """
    src, dst = np.asarray(source, np.float64), np.asarray(target, np.float64)
    spread = _spread(src)
    if spread < _MIN_SPREAD:
        raise _unusable(spread)
    src_mean, dst_mean = src.mean(axis=0), dst.mean(axis=0)
    left, singular, right = np.linalg.svd((dst - dst_mean).T @ (src - src_mean) / len(src))
    signs = np.array([1.0, -1.0 if np.linalg.det(left) * np.linalg.det(right) < 0 else 1.0])
    factor = float((singular * signs).sum()) / spread**2
    if factor * spread < 1e-6:
        raise _unusable(spread)
    linear = factor * left @ np.diag(signs) @ right
    return np.column_stack([linear, dst_mean - linear @ src_mean])


def align(
    pixels: NDArray[np.uint8],
    points: NDArray[np.float32],
    template: NDArray[np.float32],
    size: int,
) -> NDArray[np.uint8]:
    """Cut out a face so that its five points lie as near to the template as a similarity allows.

    Args:
        pixels: BGR uint8 [h, w, 3].
        points: [5, 2] points (x, y) in pixels of the picture, in the order of the template.
        template: [5, 2] points in pixels of the result.
        size: Side of the result in pixels.

    Returns:
        uint8 [size, size, 3]; black where the picture ends.

    Raises:
        LowQuality: The points do not determine a face.
    """
    matrix = similarity_transform(points, template)
    left, top, right, bottom = _source_window(matrix, size, pixels.shape)
    if right <= left or bottom <= top:
        return np.zeros((size, size, 3), np.uint8)
    window = pixels[top:bottom, left:right]
    matrix[:, 2] += matrix[:, :2] @ np.array([left, top])
    window, matrix = _shrunk(window, matrix)
    return np.asarray(cv2.warpAffine(window, matrix, (size, size), flags=cv2.INTER_LINEAR), np.uint8)


def _spread(points: NDArray[np.float64]) -> float:
    """Standard deviation about the mean in pixels; 0 where a point is not finite."""
    if not np.isfinite(points).all():
        return 0.0
    return float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean()))


def _unusable(spread: float) -> LowQuality:
    return LowQuality(
        "The five points of the face do not determine its position; send a larger or clearer face.",
        {"reasons": ["landmarks"], "landmark_spread_px": round(spread, 3)},
    )


def _source_window(
    matrix: NDArray[np.float64], size: int, shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Part of the picture that the result shows, a pixel wider: OpenCV warps at most 32,767 pixels a side."""
    frame = np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64)
    seen = (frame - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    limit = np.array([shape[1], shape[0]], np.float64)
    left, top = np.clip(np.floor(seen.min(axis=0)) - 1, 0, limit)
    right, bottom = np.clip(np.ceil(seen.max(axis=0)) + 2, 0, limit)
    return int(left), int(top), int(right), int(bottom)


def _shrunk(
    window: NDArray[np.uint8], matrix: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Average whole blocks first where the face is far larger than the result: bilinear warping aliases."""
    step = int(1 / np.sqrt(np.linalg.det(matrix[:, :2])))
    if step < 2:
        return window, matrix
    width, height = max(1, window.shape[1] // step), max(1, window.shape[0] // step)
    small = np.asarray(cv2.resize(window, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    ratio = np.array([window.shape[1] / width, window.shape[0] / height])
    # Pixel centres: x = (x_small + 0.5) * ratio - 0.5.
    shift = matrix[:, :2] @ (0.5 * ratio - 0.5) + matrix[:, 2]
    return small, np.column_stack([matrix[:, :2] * ratio, shift])
