from __future__ import annotations

import cv2
import numpy as np

from bentos.deepfake_detection.video.thumbnails import SIDE, Thumbnails
from models.processing.tracking import Observation


def seen(time_s: float, score: float) -> Observation:
    return Observation(0, time_s, (0, 0, 10, 10), score)


def cut(shade: int) -> np.ndarray:
    return np.full((1, 256, 256, 3), shade, np.uint8)


def test_each_second_keeps_its_worst_face_and_the_first_among_equals() -> None:
    kept: dict[int, bytes] = {}
    pictures = Thumbnails(kept)
    for position, (time_s, score) in enumerate([(0.0, 0.2), (0.5, 0.9), (0.9, 0.9), (1.0, 0.0), (1.5, 0.0)]):
        pictures.add(position, seen(time_s, score), cut(40 * position))
    assert list(kept) == [1, 3]


def test_they_are_small_and_look_like_the_face() -> None:
    kept: dict[int, bytes] = {}
    face = cut(0)
    face[0, :, :128] = (200, 100, 50)
    Thumbnails(kept).add(7, seen(3.2, 0.5), face)
    picture = cv2.imdecode(np.frombuffer(kept[7], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (SIDE, SIDE, 3)
    assert len(kept[7]) < 5_000
    assert np.abs(picture[48, 10].astype(int) - (200, 100, 50)).max() < 6
    assert picture[48, 85].max() < 6
