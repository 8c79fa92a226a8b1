"""What a video says of itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter


@dataclass(frozen=True)
class VideoFacts:
    """A video in a few words, as far as it matters here.

    Attributes:
        container: ``mp4``, ``mov``, ``avi``, ``webm`` or ``mkv``, by content.
        codec: Of the video stream that counts, such as ``h264``.
        width: Pixels of the picture as it is shown, upright and with square pixels.
        height: The same.
        duration_s: Seconds from the first frame to the end of the last one, as they are in the file.
        frame_rate: Frames a second, on average.
        rotation: Degrees clockwise, 0, 90, 180 or 270, by which stored pictures are turned to stand upright.
    """

    container: str
    codec: str
    width: int
    height: int
    duration_s: float
    frame_rate: float
    rotation: int = 0

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> VideoFacts:
        """From what ``to_json`` made.

        Raises:
            ValueError: It is something else.
        """
        return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(VideoFacts)
