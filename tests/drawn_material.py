"""A part of the training's material, drawn: no photograph is needed to test what is made of them."""

from __future__ import annotations

import numpy as np
from drawn_portraits import Drawn, draw
from numpy.typing import NDArray

from models.catalogue import CATALOGUE
from models.runtime.detector import Detection
from models.runtime.fake import FakeSession
from training_eval.calibration.faces import Face
from training_eval.own.shown import Shown


def face_of(drawn: Drawn) -> Face:
    return Face(drawn.pixels, Detection(drawn.box, drawn.points, 0.9))


def drawn_part(count: int = 4, grey: int = 2, seed: int = 0, width: int = 360) -> Shown:
    """``count`` coloured faces in files of two, ``grey`` grey ones."""
    faces = [face_of(draw(width, width * 5 // 6, seed + number)) for number in range(count)]
    dull = []
    for number in range(grey):
        drawn = draw(160, 200, seed + 100 + number)
        mean = drawn.pixels.mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
        dull.append(face_of(Drawn(mean, drawn.box, drawn.points)))
    return Shown(
        faces=tuple(faces),
        sources=tuple(f"{number // 2}.jpg" for number in range(count)),
        grey=tuple(dull),
        people=tuple(f"s{number}" for number in range(grey)),
        backgrounds=tuple(face.pixels for face in faces),
    )


def answering(name: str, output: str, values: tuple[float, ...]) -> FakeSession:
    """A published model that says the same of every face."""

    def answer(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        return {output: np.tile(np.array(values, np.float32), (len(images), 1))}

    return FakeSession(CATALOGUE[name], answer)
