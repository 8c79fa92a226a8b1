"""What looking into a video may take."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """The defaults are for 500 MB and 8K on a slow machine.

    Attributes:
        max_pixels: Of a frame.
        max_duration_s: Seconds of the video.
        memory_bytes: Address space of the process: 0.6 GB for itself, the rest for what a decoder holds.
        cpu_s: Seconds on a core.
        wall_s: Seconds altogether.
    """

    max_pixels: int
    max_duration_s: float
    memory_bytes: int = 2_000_000_000
    cpu_s: int = 30
    wall_s: int = 60

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ProbeLimits:
        """From what ``to_json`` made."""
        return cls(**json.loads(text))
