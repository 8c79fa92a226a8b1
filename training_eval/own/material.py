"""The photographs that our own models are trained and measured on, and the faces in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from models.catalogue import CATALOGUE
from models.runtime.session import OrtSession, SessionOptions
from training_eval.calibration.faces import Face, Loader, Pixels, framed, frames, pictures
from training_eval.errors import DataMissing
from training_eval.own.split import held_back
from training_eval.settings import TrainingSettings

Part = Literal["training", "held back"]
_ATT_SCORE = 0.3
"""Grey pictures filled by a face: the detector is less sure of them."""
_EVERY_FRAME = 1_000_000


@dataclass(frozen=True)
class Picture:
    """A photograph or a frame of a video.

    Attributes:
        path: The file; of a frame, the video's.
        pixels: BGR uint8 [H, W, 3].
    """

    path: Path
    pixels: Pixels
    find: Callable[[Pixels], list[Face]]

    @property
    def person(self) -> str:
        """Name of the file's folder: who it is, in the AT&T set."""
        return self.path.parent.name

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """What the published detector finds in it, best first; looked for once."""
        return tuple(self.find(self.pixels))


class Material:
    """Everything is read when it is first asked for, then kept; training and held-back parts never mix."""

    def __init__(self, photos: Path, faces: Path | None, loader: Loader) -> None:
        self._photos, self._faces, self._loader = photos, faces, loader
        self._kept: dict[tuple[object, ...], tuple[Picture, ...]] = {}
        self._sessions: dict[str, OrtSession] = {}

    @classmethod
    def of(cls, settings: TrainingSettings) -> Self:
        """The material that the settings name.

        Raises:
            DataMissing: There are no photographs, or no published weights to learn from.
        """
        if settings.photos is None or not settings.photos.is_dir():
            raise DataMissing("FACESOCIAL_PHOTOS names no folder with photographs to train on.")
        if settings.model_mirror is None:
            raise DataMissing("FACESOCIAL_MODEL_MIRROR names no published weights to learn from.")
        options = SessionOptions(threads=1)  # the other processors make and train on batches
        return cls(settings.photos, settings.faces, Loader(settings.model_mirror, settings.cache, options))

    def photographs(self, folder: str, part: Part) -> tuple[Picture, ...]:
        """Photographs of ``groups``, ``people``, ``liveness``, ``deepfake/df`` or ``deepfake/real``."""
        return self._once((folder, part), lambda: self._pictures(self._photos / folder, "*.jpg", part))

    def att(self, part: Part) -> tuple[Picture, ...]:
        """The AT&T pictures, enlarged with a border as the calibration does; ``person`` says who.

        Raises:
            DataMissing: The set is not here.
        """
        if self._faces is None or not (self._faces / "att").is_dir():
            raise DataMissing("FACESOCIAL_FACES names no folder with the AT&T Database of Faces in `att`.")
        root = self._faces / "att"
        return self._once(("att", part), lambda: self._att(root, part))

    def frames(self, part: Part, step: int = 5) -> tuple[Picture, ...]:
        """Every ``step``-th frame of the videos, in their order."""
        return self._once(("video", part, step), lambda: self._frames(part, step))

    def digest(self) -> Mapping[str, str]:
        """SHA-256 over names and contents of the files of the training part, by what they are."""
        found = {"photographs": _digest(self._photos, ("*/*.jpg", "*/*.mp4"))}
        if self._faces is not None:
            found["AT&T Database of Faces"] = _digest(self._faces / "att", ("*/*.pgm",))
        return found

    def session(self, name: str) -> OrtSession:
        """A published model of the catalogue, from the mirror."""
        if name not in self._sessions:
            self._sessions[name] = self._loader.session(CATALOGUE[name])
        return self._sessions[name]

    def graph(self, name: str) -> Path:
        """Where the graph of a published model lies."""
        return self._loader.graph(CATALOGUE[name])

    def find(self, pixels: Pixels) -> list[Face]:
        """Faces by the published detector, best first."""
        return self._loader.faces(pixels)

    def _once(self, key: tuple[object, ...], read: Callable[[], Sequence[Picture]]) -> tuple[Picture, ...]:
        if key not in self._kept:
            self._kept[key] = tuple(read())
        return self._kept[key]

    def _pictures(self, folder: Path, pattern: str, part: Part) -> list[Picture]:
        read = pictures(folder, pattern, lambda path: _part(path) == part)
        return [Picture(path, pixels, self.find) for path, pixels in read]

    def _att(self, root: Path, part: Part) -> list[Picture]:
        def find(pixels: Pixels) -> list[Face]:
            return self._loader.faces(pixels, _ATT_SCORE)

        read = pictures(root, "*/*.pgm", lambda path: _part(path) == part)
        return [Picture(path, framed(pixels), find) for path, pixels in read]

    def _frames(self, part: Part, step: int) -> list[Picture]:
        videos = [path for path in sorted((self._photos / "video").glob("*.mp4")) if _part(path) == part]
        shown = [(path, pixels) for path in videos for pixels in frames(path, step, _EVERY_FRAME)]
        return [Picture(path, pixels, self.find) for path, pixels in shown]


def _digest(root: Path, patterns: Sequence[str]) -> str:
    total = hashlib.sha256()
    paths = sorted(path for pattern in patterns for path in root.glob(pattern) if _part(path) == "training")
    for path in paths:
        total.update(path.relative_to(root).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _part(path: Path) -> Part:
    return "held back" if held_back(path) else "training"
