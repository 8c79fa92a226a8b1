"""People who do not exist, for the notebooks: drawn as the samples of the workbench are, the same each time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.samples.backdrop import studio
from workbench.samples.person import Colour, Hair, Person
from workbench.samples.render import Placement, colours_at

Pixels = NDArray[np.uint8]

DARKER: Colour = (0.11, 0.055, 0.03)
LIGHTER: Colour = (0.68, 0.44, 0.33)
HAIR: tuple[Colour, ...] = (
    (0.012, 0.010, 0.009),
    (0.09, 0.045, 0.02),
    (0.30, 0.18, 0.07),
    (0.45, 0.43, 0.41),
)
IRIS: tuple[Colour, ...] = ((0.06, 0.03, 0.015), (0.10, 0.17, 0.28), (0.16, 0.22, 0.12), (0.16, 0.10, 0.04))
WALLS: tuple[tuple[Colour, Colour], ...] = (
    ((0.66, 0.70, 0.69), (0.28, 0.35, 0.38)),
    ((0.74, 0.66, 0.55), (0.40, 0.31, 0.24)),
    ((0.52, 0.58, 0.68), (0.18, 0.22, 0.32)),
)


@dataclass(frozen=True, slots=True)
class Portrait:
    """A drawn picture of one person.

    Attributes:
        pixels: BGR uint8 [side, side, 3].
        box: float32 [4]: left, top, width, height of the face in pixels.
    """

    pixels: Pixels
    box: NDArray[np.float32]


def person(number: int) -> Person:
    """The person of a number: even ones have darker skin than odd ones."""
    random = np.random.default_rng([7, number])
    shade = random.uniform(0, 0.35) + (0.0, 0.6)[number % 2]
    red, green, blue = (float(low + shade * (high - low)) for low, high in zip(DARKER, LIGHTER, strict=True))
    cloth = random.uniform(0.04, 0.4, 3)
    return Person(
        skin=(red, green, blue),
        hair=HAIR[random.integers(len(HAIR))],
        iris=IRIS[random.integers(len(IRIS))],
        cloth=(float(cloth[0]), float(cloth[1]), float(cloth[2])),
        style=list(Hair)[random.integers(len(Hair))],
        width=random.uniform(0.9, 1.12),
        jaw=random.uniform(0.85, 1.15),
        nose=random.uniform(0.85, 1.2),
        lips=random.uniform(0.7, 1.35),
        brows=random.uniform(0.7, 1.3),
        beard=float(random.choice([0.0, 0.0, 0.85])),
        age=random.uniform(0.1, 0.9),
        glasses=bool(random.random() < 0.25),
    )


def portrait(who: Person, view: int, side: int = 320, scale: float = 60) -> Portrait:
    """One picture of a person; the head turns, the mouth and the wall change with the number of the view.

    Args:
        who: The person.
        view: The same number gives the same picture.
        side: Of the picture, in pixels.
        scale: Half a head, in pixels.
    """
    random = np.random.default_rng([11, view])
    yaw, pitch, roll = (float(angle) for angle in random.normal(0, (9, 4, 4)))
    posed = replace(who, yaw=yaw, pitch=pitch, roll=roll, smile=random.uniform(0.2, 0.9))
    place = Placement(side / 2, side * 0.45, scale)
    wall = studio(side, side, *WALLS[random.integers(len(WALLS))])
    rows, columns = (axis.ravel().astype(np.float32) for axis in np.indices((side, side)))
    near = (np.abs(columns - place.x) < 1.75 * scale) & (rows > place.y - 1.75 * scale)
    seen = colours_at(posed, place, columns[near], rows[near])
    flat = wall.reshape(-1, 3)
    flat[near] = (flat[near].T * (1 - seen[3]) + seen[:3] * seen[3]).T
    light = np.clip(flat.reshape(wall.shape) * random.uniform(0.8, 1.1), 0, 1)
    smooth = cv2.GaussianBlur(light[..., ::-1], (0, 0), 0.6)
    box = [place.x - 0.68 * scale, place.y - 0.75 * scale, 1.36 * scale, 1.75 * scale]
    return Portrait(np.rint(smooth * 255).astype(np.uint8), np.array(box, np.float32))
