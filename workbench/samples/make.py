"""Draws the sample pictures: ``python -m workbench.samples.make``."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from workbench.samples import people
from workbench.samples.backdrop import garden, landscape, studio
from workbench.samples.layer import person_layer
from workbench.samples.person import Person
from workbench.samples.render import Placement
from workbench.samples.shapes import Floats

FOLDER = Path(__file__).parent
QUALITY = 88

Group = Sequence[tuple[Person, Placement]]

# Those who stand behind come first.
GROUP: Group = (
    (people.SHORT_BEARD, Placement(390, 200, 84)),
    (people.BALD, Placement(735, 185, 85)),
    (people.LONG_HAIR, Placement(195, 300, 92)),
    (people.BUN, Placement(920, 305, 90)),
    (people.GLASSES, Placement(565, 325, 94)),
)


def portrait() -> Floats:
    """One person in front of a wall; float32 [800, 640, 3] in [0, 1]."""
    wall = studio(640, 800, (0.66, 0.70, 0.69), (0.28, 0.35, 0.38))
    return _with_people(wall, [(people.CURLS, Placement(315, 350, 150))])


def group() -> Floats:
    """Five people in a garden; float32 [640, 1120, 3] in [0, 1]."""
    return _with_people(garden(1120, 640, seed=7), GROUP)


def nobody() -> Floats:
    """A landscape; float32 [640, 960, 3] in [0, 1]."""
    return landscape(960, 640)


PICTURES: Mapping[str, Callable[[], Floats]] = MappingProxyType(
    {"group": group, "portrait": portrait, "landscape": nobody}
)


def encode(picture: Floats) -> bytes:
    """The picture as JPEG, with the grain of a camera."""
    grain = np.random.default_rng(3).normal(0, 1.4, picture.shape[:2])[..., None]
    pixels = np.clip(picture * 255 + grain + 0.5, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return stream.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all of them into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder: Path = parser.parse_args(arguments).folder
    for name, draw in PICTURES.items():
        (folder / f"{name}.jpg").write_bytes(encode(draw()))


def _with_people(picture: Floats, cast: Group) -> Floats:
    height, width = picture.shape[:2]
    for person, place in cast:
        layer = person_layer(person, place, width, height)
        picture = picture * (1 - layer[..., 3:]) + layer[..., :3]
    return picture


if __name__ == "__main__":
    main()
