"""Kept pictures of enrolled faces: what a better model is run on later, without asking people again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bentos.common.errors import DependencyUnavailable
from bentos.common.perception import FoundFace, Picture
from bentos.contracts import GivenFace
from models.processing.crop import crop_window

MARGIN = 2.0
"""Side of what is kept over the longer side of the face's box: enough for another model's crop, few bystanders."""
_ID = re.compile(r"[0-9a-f]{32}")
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class KeptFace:
    """A face cut out with a margin, without loss.

    Attributes:
        png: The pixels.
        place: Where the face is in them, as JSON that ``GivenFace`` reads.
    """

    png: bytes
    place: dict[str, Any]


def cut_out(picture: Picture, face: FoundFace) -> KeptFace:
    """The face of a picture as it is kept."""
    decoded = picture.decoded
    height, width = decoded.pixels.shape[:2]
    box = face.detection.box * decoded.scale
    left, top, right, bottom = crop_window(box, MARGIN, width, height, square=True)
    done, png = cv2.imencode(".png", decoded.pixels[top:bottom, left:right])
    assert done
    shift = np.array([left, top])
    x, y = (box[:2] - shift).tolist()
    points = (face.detection.points * decoded.scale - shift).tolist()
    names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    place = {
        "box": {"x": x, "y": y, "width": float(box[2]), "height": float(box[3])},
        "landmarks": dict(zip(names, points, strict=True)),
        "score": face.detection.score,
    }
    return KeptFace(png.tobytes(), GivenFace.model_validate(place).model_dump(mode="json"))


class KeptPictures:
    """A folder of pictures by the id of their face; readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, face: str, png: bytes) -> None:
        """Keep a picture, whole or not at all.

        Raises:
            DependencyUnavailable: The folder cannot be written.
        """
        path = self._path(face)
        fresh = path.with_suffix(".new")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "wb") as file:
                file.write(png)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise DependencyUnavailable(
                f"The folder of kept pictures cannot be written: {error.strerror}.",
                {"dependency": "pictures"},
            ) from error

    def get(self, face: str) -> bytes | None:
        """A kept picture."""
        try:
            return self._path(face).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, face: str) -> None:
        """Keep it no longer, if it was kept."""
        for path in (self._path(face), self._path(face).with_suffix(".new")):
            path.unlink(missing_ok=True)

    def ids(self) -> Iterator[str]:
        """Faces of which a picture is kept, one that was not written whole included."""
        for path in self._folder.glob("??/*"):
            if _ID.fullmatch(path.stem):
                yield path.stem

    def age_s(self, face: str, at: float) -> float:
        """Seconds since a picture was written; 0 where there is none."""
        try:
            return at - self._path(face).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def _path(self, face: str) -> Path:
        assert _ID.fullmatch(face)
        return self._folder / face[:2] / f"{face}.png"
