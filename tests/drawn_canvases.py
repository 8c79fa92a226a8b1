"""Canvases with drawn faces, for tests that need no photographs."""

from __future__ import annotations

import cv2
import numpy as np

from training_eval.own.crops import POINTS, SIDE, Bank, Canvas


def drawn_canvas(seed: int, size: int = SIDE) -> Canvas:
    """A face of ellipses in colours of its own, its landmarks where every canvas has them."""
    random = np.random.default_rng(seed)
    pixels = np.full((size, size, 3), random.integers(0, 256, 3), np.uint8)
    skin, dark = (tuple(int(v) for v in random.integers(*ends, 3)) for ends in ((120, 256), (0, 90)))
    cv2.ellipse(pixels, (96, 100), (55, 75), 0, 0, 360, skin, -1)
    for x, y in POINTS[:2]:
        cv2.circle(pixels, (round(float(x)), round(float(y))), int(random.integers(4, 9)), dark, -1)
    (left, y), (right, _) = POINTS[3], POINTS[4]
    cv2.line(pixels, (int(left), int(y)), (int(right), int(y)), dark, int(random.integers(2, 6)))
    return Canvas(pixels, np.array([41, 25, 110, 150], np.float32))


def drawn_bank(faces: int = 4) -> Bank:
    """A bank of two kinds."""
    canvases = [drawn_canvas(seed) for seed in range(faces)]
    return Bank({"first": canvases[:2], "second": canvases[2:]}, {"first": 0.5, "second": 0.5})
