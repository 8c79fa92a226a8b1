"""One attempt at a job: chunk after chunk, each kept, and the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path

from bentos.contracts import VideoResult
from bentos.deepfake_detection.video.analysis import VideoAnalysis
from bentos.deepfake_detection.video.decoding import Frame, sampled_frames
from bentos.deepfake_detection.video.findings import Findings, UnreadableFindings
from bentos.deepfake_detection.video.records import Claim


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is to be looked at, and where it is kept.

    Attributes:
        claim: The job.
        path: Its upload.
        chunk_s: Seconds of video of a chunk.
        save: Keeps the findings of a chunk by its number; False where the job is another's.
        note: Is told the progress, from 0 to 1.
    """

    claim: Claim
    path: Path
    chunk_s: float
    save: Callable[[int, bytes], bool]
    note: Callable[[float], None]

    def run(self, analysis: VideoAnalysis, kept: Mapping[int, bytes]) -> VideoResult | None:
        """Go on after the chunks that earlier attempts kept; None where the job was lost on the way.

        The result is the same however often it was interrupted.

        Raises:
            InvalidVideo: It cannot be decoded.
            NoFace: No frame shows one.
        """
        mark = analysis.mark(self.claim.options, self._per_chunk)
        done = list(_usable(kept, mark))
        frames = self._frames(len(done) * self._per_chunk)
        for number, part in groupby(frames, key=lambda frame: frame.index // self._per_chunk):
            payload = analysis.chunk(part, self.claim.options, mark)
            if not self.save(number, payload):
                return None
            done.append(Findings.from_bytes(payload))
        return analysis.conclude(done, self.claim.facts, self.claim.options)

    @property
    def _per_chunk(self) -> int:
        """Frames of a chunk."""
        return max(1, round(self.chunk_s * self.claim.options.sample_fps))

    def _frames(self, start: int) -> Iterator[Frame]:
        claim = self.claim
        expected = max(1.0, claim.facts.duration_s * claim.options.sample_fps)
        for frame in sampled_frames(self.path, claim.facts, sample_fps=claim.options.sample_fps, start=start):
            yield frame
            self.note(min(1.0, (frame.index + 1) / expected))


def _usable(kept: Mapping[int, bytes], mark: str) -> Iterator[Findings]:
    """Findings of the first chunks, as far as there is no gap and they fit together."""
    for number in count():
        try:
            found = Findings.from_bytes(kept.get(number, b""))
        except UnreadableFindings:
            return
        if found.mark != mark:
            return
        yield found
