"""The boxes of CelebA-Spoof: on a picture stretched to 224 by 224, as its own example reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from training_eval.data.paths import Root
from training_eval.data.samples import Boxes
from training_eval.errors import DataMissing

_SIDE = 224
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)


def beside(root: Root, image: Path) -> list[float] | None:
    """What the picture's ``_BB.txt`` says; None where there is none in the set's folder, or it is damaged."""
    try:
        with root.inside(image.with_name(f"{image.stem}_BB.txt")).open("rb") as file:
            return four(file.readline(256).split()[:4])
    except (OSError, DataMissing):
        return None


def four(values: Sequence[object]) -> list[float] | None:
    """Left, top, width, height; None where these are no numbers of a box."""
    try:
        box = [float(str(value, "ascii") if isinstance(value, bytes) else str(value)) for value in values]
    except ValueError:
        return None
    sound = len(box) == 4 and all(map(math.isfinite, box)) and min(box[2:]) > 0
    return box if sound else None


def scaled(image: Path, box: list[float] | None) -> Boxes | None:
    """The box, float32 [4], in pixels of the upright picture, of which the header is read.

    Raises:
        DataMissing: The file is no picture.
    """
    if box is None:
        return None
    try:
        with Image.open(image) as header:
            width, height = header.size
            # Pillow decodes a PNG to look for EXIF behind its pixels.
            turned = "exif" in header.info and header.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError) as error:
        raise DataMissing(f"{image} is no picture.") from error
    across, down = (height, width) if turned else (width, height)
    return np.array(box, np.float32) * np.array([across, down, across, down], np.float32) / np.float32(_SIDE)
