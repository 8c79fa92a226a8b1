"""What the bench found about a video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEAD = (
    "| video | frames | faces a frame | wall s | times real time | frames/s | CPU s | MB at 10 % | at 50 % | at 100 % "
    "| most MB |"
)


@dataclass(frozen=True, slots=True)
class VideoRow:
    """One video through the process that analyses.

    Attributes:
        name: Codec, size and length.
        duration_s: Of the video.
        frames: That were looked at.
        faces: A frame, in the mean.
        wall_s: From the start of the process to its end, models loaded in it.
        cpu_s: CPU time of the process.
        resident_mb: Its resident memory when it was a tenth, half and all of the way through.
        peak_mb: The most at any time.
        steps: Seconds by step.
    """

    name: str
    duration_s: float
    frames: int
    faces: float
    wall_s: float
    cpu_s: float
    resident_mb: tuple[float, float, float]
    peak_mb: float
    steps: Mapping[str, float]

    def line(self) -> str:
        """The row of the table."""
        cells = [
            self.name,
            str(self.frames),
            f"{self.faces:.1f}",
            f"{self.wall_s:.1f}",
            f"{self.duration_s / self.wall_s:.1f}",
            f"{self.frames / self.wall_s:.1f}",
            f"{self.cpu_s:.1f}",
            *(f"{value:.0f}" for value in self.resident_mb),
            f"{self.peak_mb:.0f}",
        ]
        return "| " + " | ".join(cells) + " |"

    def shares(self) -> str:
        """Where the time went, in words; the rest is Python's start and the database."""
        named = [(name, seconds / self.wall_s) for name, seconds in self.steps.items()]
        rest = 1 - sum(share for _, share in named)
        return ", ".join(f"{name} {share:.0%}" for name, share in [*named, ("rest", rest)])


def video_tables(rows: Sequence[VideoRow]) -> list[str]:
    """Lines of Markdown; none where nothing was measured."""
    if not rows:
        return []
    shares = [f"{row.name}: {row.shares()}." for row in rows]
    return ["### Videos", "", HEAD, "|" + "---|" * 11, *(row.line() for row in rows), "", *shares, ""]
