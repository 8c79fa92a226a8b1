"""Material of drawn people, and networks that see nothing but mean colours: for tests without photographs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
from drawn_canvases import drawn_canvas

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.runtime.detector import Detection
from models.runtime.session import Outputs, Pixels
from training_eval.calibration.faces import Face
from training_eval.own.crops import POINTS
from training_eval.own.material import Material, Part, Picture

_PEOPLE = {"training": range(1, 5), "held back": range(31, 37)}
_LIGHT = 6


def drawn_faces(person: int, take: int, count: int = 1) -> tuple[Face, ...]:
    """Faces of ``count`` people, each in a light of its own in this take."""
    made = []
    for number in range(person, person + count):
        canvas = drawn_canvas(number)
        light = np.random.default_rng([number, take]).normal(0, _LIGHT, 3)
        pixels = np.clip(canvas.pixels + light, 0, 255).astype(np.uint8)
        made.append(Face(pixels, Detection(canvas.box, POINTS, 0.9)))
    return tuple(made)


class ColouredPeople:
    """Stands in for ``Material``; as there, other people are held back than are trained on."""

    def __init__(self, session: Callable[[ModelCard], ColourSession] | None = None) -> None:
        self._session = session or ColourSession

    def session(self, name: str) -> ColourSession:
        return self._session(CATALOGUE[name])

    def att(self, part: Part) -> tuple[Picture, ...]:
        return tuple(
            _picture(Path(f"s{person}/{take}.pgm"), drawn_faces(person, take))
            for person in _PEOPLE[part]
            for take in range(5)
        )

    def photographs(self, folder: str, part: Part) -> tuple[Picture, ...]:
        first = 100 if part == "training" else 200
        if folder == "groups":
            return tuple(_picture(Path(f"{n}.jpg"), drawn_faces(first + 10 * n, n, 5)) for n in range(4))
        named = {"anna": (80, 2), "anna2": (80, 3), "bea": (90, 2), "bea-2": (90, 4)}
        return tuple(
            _picture(Path(f"{name}.jpg"), drawn_faces(first + person, take))
            for name, (person, take) in named.items()
        )

    def frames(self, part: Part, step: int = 5) -> tuple[Picture, ...]:
        first = 300 if part == "training" else 400
        return tuple(_picture(Path("clip.mp4"), drawn_faces(first, take, 2)) for take in range(3))

    def material(self) -> Material:
        return cast(Material, self)


class ColourSession:
    """A network that answers by the mean colours of a grid of fields.

    Args:
        card: Of the network.
        blur: Size of the random change of its weights; 0 for the teacher's.
    """

    provider = "drawn"

    def __init__(self, card: ModelCard, blur: float = 0.0) -> None:
        self.card = card
        own, other = (np.random.default_rng(seed).normal(0, 1, (48, 128)) for seed in (1, 2))
        self._weights = own + blur * other

    def run(self, images: Pixels) -> Outputs:
        fields = images.reshape(len(images), 4, 28, 4, 28, 3).mean(axis=(2, 4)).reshape(len(images), -1)
        raw = (fields - 128) / 64 @ self._weights
        vectors = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)
        male = 1 / (1 + np.exp(-raw[:, 1:2]))
        found = {"embedding": vectors, "age": 40 + raw[:, :1], "gender": np.hstack([male, 1 - male])}
        return {name: values.astype(np.float32) for name, values in found.items()}


def _picture(path: Path, faces: tuple[Face, ...]) -> Picture:
    return Picture(path, faces[0].pixels, lambda _: list(faces))
