"""What was found in one chunk of a video, as bytes that outlive the process."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.processing.similarity import unit
from models.processing.tracking import Observation

FORMAT = 1
"""Raised with every change: what an earlier version found is looked at anew."""

_DAMAGE = (KeyError, ValueError, IndexError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)

Arrays = Mapping[str, NDArray[np.generic]]


class UnreadableFindings(ValueError):
    """Bytes of another version, or damaged."""


@dataclass(frozen=True, slots=True)
class Findings:
    """A chunk's frames and the faces in them.

    Attributes:
        mark: How it was looked at; findings with another mark do not belong together.
        times: Seconds of each frame that was looked at, by the frame's number.
        observations: In order of their frames.
        thumbnails: JPEGs of some observations, by their position.
    """

    mark: str
    times: Mapping[int, float]
    observations: Sequence[Observation]
    thumbnails: Mapping[int, bytes]

    def to_bytes(self) -> bytes:
        """A compressed NPZ: about 300 bytes a face, descriptors as half floats, and the thumbnails."""
        buffer = io.BytesIO()
        arrays = {**_frames(self), **_faces(self.observations), **_pictures(self.thumbnails)}
        np.savez_compressed(buffer, allow_pickle=False, format=np.array(FORMAT), **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Findings:
        """What ``to_bytes`` wrote; scores and descriptors are as exact as they are kept there.

        Raises:
            UnreadableFindings: It was another version, or something else.
        """
        try:
            arrays = _arrays(data)
            if int(arrays["format"]) != FORMAT:
                raise UnreadableFindings(f"format {arrays['format']}, not {FORMAT}")
            return _read(arrays)
        except _DAMAGE as error:
            raise UnreadableFindings(str(error)) from error


def _arrays(data: bytes) -> Arrays:
    """All arrays; checksums come first, so that no array is as large as a damaged header says."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if damaged := archive.testzip():
            raise UnreadableFindings(damaged)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def _frames(found: Findings) -> Arrays:
    return {
        "mark": np.frombuffer(found.mark.encode(), np.uint8),
        "frame": np.array(list(found.times), np.int32),
        "time_s": np.array(list(found.times.values()), np.float64),
    }


def _faces(seen: Sequence[Observation]) -> Arrays:
    described = [one.descriptor for one in seen if one.descriptor is not None]
    return {
        "face_frame": np.array([one.frame for one in seen], np.int32),
        "box": np.array([one.box for one in seen], np.float32).reshape(-1, 4),
        "score": np.array([one.score for one in seen], np.float64),
        "described": np.array([one.descriptor is not None for one in seen], bool),
        "descriptor": np.array(described, np.float16),
    }


def _pictures(pictures: Mapping[int, bytes]) -> Arrays:
    return {
        "pictured": np.array(list(pictures), np.int32),
        "picture_bytes": np.array([len(jpeg) for jpeg in pictures.values()], np.int32),
        "picture": np.frombuffer(b"".join(pictures.values()), np.uint8),
    }


def _read(arrays: Arrays) -> Findings:
    times = dict(zip(arrays["frame"].tolist(), arrays["time_s"].tolist(), strict=True))
    ends = np.cumsum(arrays["picture_bytes"], dtype=np.int64).tolist()
    pictures = arrays["picture"].tobytes()
    cut = [pictures[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return Findings(
        mark=arrays["mark"].tobytes().decode(),
        times=times,
        observations=_observations(arrays, times),
        thumbnails=dict(zip(arrays["pictured"].tolist(), cut, strict=True)),
    )


def _observations(arrays: Arrays, times: Mapping[int, float]) -> list[Observation]:
    descriptors = iter(unit(arrays["descriptor"].astype(np.float32)))
    rows = zip(*(arrays[name].tolist() for name in ("face_frame", "box", "score", "described")), strict=True)
    return [
        Observation(frame, times[frame], tuple(box), score, next(descriptors) if described else None)
        for frame, box, score, described in rows
    ]
