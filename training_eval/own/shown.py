"""The faces and backgrounds that attacks and forgeries are made of, in three parts that share no person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training_eval.calibration.faces import Face, Pixels
from training_eval.errors import DataMissing
from training_eval.own.material import Material, Picture

ShownPart = Literal["training", "reserved", "held back"]
RESERVED_PHOTOGRAPHS = frozenset({"23.jpg", "kate_siegel.jpg"})
"""Of the training part, what no weight is fitted on: it watches the training and calibrates its scores."""
RESERVED_ATT = frozenset({"s29", "s30"})
_FRAME_STEP = {"training": 8, "held back": 15}
_FOLDERS = ("groups", "people")


@dataclass(frozen=True, slots=True)
class Shown:
    """One part of the material.

    Attributes:
        faces: Of photographs and of frames of videos.
        sources: Name of the file of each face: faces of one file are not independent.
        grey: Faces of the AT&T set, grey; none unless asked for.
        people: Who each grey face is.
        backgrounds: Whole pictures.
    """

    faces: tuple[Face, ...]
    sources: tuple[str, ...]
    grey: tuple[Face, ...]
    people: tuple[str, ...]
    backgrounds: tuple[Pixels, ...]

    def face(self, random: np.random.Generator) -> Face:
        """A face of a photograph or frame: a file with four times the faces is drawn twice as often.

        So a video of few people outweighs neither the photographs nor is left out.
        """
        files, counts = np.unique(self.sources, return_counts=True)
        file = random.choice(files, p=np.sqrt(counts) / np.sqrt(counts).sum())
        return self.faces[int(random.choice(np.flatnonzero(np.array(self.sources) == file)))]

    def place(self, random: np.random.Generator) -> tuple[Pixels, NDArray[np.float32]]:
        """Any picture and a box anywhere in it, of the proportions of a face, [4] in pixels."""
        pixels = self.background(random)
        height, width = pixels.shape[:2]
        tall = random.uniform(0.15, 0.5) * height
        size = np.array([min(0.78 * tall, width), tall])
        start = random.uniform(0, 1, 2) * (np.array([width, height]) - size)
        return pixels, np.concatenate([start, size]).astype(np.float32)

    def background(self, random: np.random.Generator) -> Pixels:
        """Any picture."""
        return self.backgrounds[int(random.integers(len(self.backgrounds)))]


def shown(
    material: Material, part: ShownPart, *, smallest: float, grey: bool = False, videos: bool = True
) -> Shown:
    """The faces of a part whose longer side has at least ``smallest`` pixels.

    Raises:
        DataMissing: There is none.
    """
    pictures = [*_photographs(material, part), *(_frames(material, part) if videos else ())]
    found = [(face, picture.path.name) for picture in pictures for face in _large(picture, smallest)]
    att = [(picture.faces[0], picture.person) for picture in _att(material, part)] if grey else []
    if not found:
        raise DataMissing(f"The photographs of the {part} part show no face of {smallest:.0f} pixels.")
    return Shown(
        faces=tuple(face for face, _ in found),
        sources=tuple(name for _, name in found),
        grey=tuple(face for face, _ in att),
        people=tuple(person for _, person in att),
        backgrounds=tuple(picture.pixels for picture in pictures),
    )


def _large(picture: Picture, smallest: float) -> Iterator[Face]:
    return (face for face in picture.faces if face.side >= smallest)


def _photographs(material: Material, part: ShownPart) -> list[Picture]:
    source: Literal["training", "held back"] = "held back" if part == "held back" else "training"
    every = [picture for folder in _FOLDERS for picture in material.photographs(folder, source)]
    return [picture for picture in every if _belongs(picture.path.name in RESERVED_PHOTOGRAPHS, part)]


def _frames(material: Material, part: ShownPart) -> tuple[Picture, ...]:
    """Neighbouring frames are nearly alike, so few are taken; the reserved part has none."""
    if part == "reserved":
        return ()
    return material.frames(part, _FRAME_STEP[part])


def _att(material: Material, part: ShownPart) -> list[Picture]:
    source: Literal["training", "held back"] = "held back" if part == "held back" else "training"
    every = [picture for picture in material.att(source) if picture.faces]
    return [picture for picture in every if _belongs(picture.person in RESERVED_ATT, part)]


def _belongs(reserved: bool, part: ShownPart) -> bool:
    return part == "held back" or reserved == (part == "reserved")
