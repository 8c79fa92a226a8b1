"""Frames of a video to findings, and findings to a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from bentos.common.context import Clock
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.model_set import key_of
from bentos.common.perception import FoundFace, Picture
from bentos.contracts import FaceSelection, VideoOptions, VideoResult
from bentos.deepfake_detection.video.decoding import Frame
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.findings import Findings
from bentos.deepfake_detection.video.steps import Steps
from bentos.deepfake_detection.video.thumbnails import Thumbnails
from bentos.deepfake_detection.video.verdict import Judgement, conclude
from models.catalogue.card import ModelCard
from models.errors import LowQuality
from models.processing.decode import Decoded
from models.processing.forgery import forgery_score
from models.processing.similarity import Vectors
from models.processing.tracking import Observation
from models.runtime.session import Pixels

AT_ONCE = 8
"""Frames that are in memory together; their faces are judged in one batch."""
WATCHED = FaceSelection(min_size=40.0, max_faces=16)
"""Faces of a frame that count. Smaller ones are neither judged (the networks' evidence counts from 50 pixels of the
longer side on) nor recognised; a crowd is looked at as far as its clearest faces, so that it ends in time."""
TIME_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class _Look:
    """A face in a frame, and what the networks that judge see of it."""

    frame: Frame
    picture: Picture
    face: FoundFace
    cut: Pixels


class VideoAnalysis:
    """Looks at frames; the networks and rules are those of single images.

    Args:
        judging: The networks that judge faces.
        describing: The network that makes descriptors, to follow faces by.
        cards: Of ``judging``.
        others: Of the other networks; what they find depends on them too.
        steps: Is told where the time goes.
    """

    def __init__(
        self,
        judging: FaceAnalysis,
        describing: FaceAnalysis,
        cards: Sequence[ModelCard],
        others: Sequence[ModelCard],
        steps: Steps,
    ) -> None:
        self._judging = judging
        self._describing = describing
        self._cards = cards
        self._models = key_of((*cards, *others))
        self._steps = steps

    def mark(self, options: VideoOptions, per_chunk: int) -> str:
        """What chunks have to share to belong together: rate, length, models, and whether pictures are kept."""
        what = [f"{options.sample_fps:g}", str(per_chunk), str(options.keep_thumbnails), self._models]
        return "/".join(what)

    def chunk(self, frames: Iterable[Frame], options: VideoOptions, mark: str) -> bytes:
        """What a part of a video shows, as ``Findings`` in bytes.

        At most ``AT_ONCE`` frames are held at a time. The same frames always give the same bytes, as long as a
        part begins with the same frame.

        Raises:
            InvalidVideo: From ``frames``.
        """
        times: dict[int, float] = {}
        seen: list[Observation] = []
        thumbnails: dict[int, bytes] = {}
        pictures = Thumbnails(thumbnails) if options.keep_thumbnails else None
        for group in self._groups(frames):
            times.update({frame.index: round(frame.time_s, TIME_DECIMALS) for frame in group})
            looks = self._looks(group)
            for one, look in zip(self._observed(looks), looks, strict=True):
                if pictures is not None:
                    pictures.add(len(seen), one, look.cut)
                seen.append(one)
        return Findings(mark, times, seen, thumbnails).to_bytes()

    def conclude(self, chunks: Iterable[Findings], facts: VideoFacts, options: VideoOptions) -> VideoResult:
        """The result, from what all chunks found, in their order.

        Raises:
            NoFace: No frame shows one.
        """
        nothing = np.full(len(self._cards), 0.5, np.float32)
        judgement = Judgement(
            threshold=self._cards[0].thresholds["fake"], prior=forgery_score(nothing, 0.0, self._cards)
        )
        with self._steps.step("conclude"):
            return conclude(chunks, facts, options, judgement)

    def _groups(self, frames: Iterable[Frame]) -> Iterator[list[Frame]]:
        source = self._steps.each("decode", frames)
        while group := list(islice(source, AT_ONCE)):
            yield group

    def _looks(self, frames: Sequence[Frame]) -> list[_Look]:
        with self._steps.step("detect"):
            perception = self._judging.perception
            pictures = [perception.see(_decoded(frame)) for frame in frames]
            faces = perception.find_each(pictures, WATCHED, Clock())
            rows = zip(frames, pictures, faces, strict=True)
            return [
                _Look(frame, picture, face, self._judging.cut(picture, face))
                for frame, picture, found in rows
                for face in found
            ]

    def _observed(self, looks: Sequence[_Look]) -> list[Observation]:
        """What is to be known of each face."""
        rows = zip(looks, self._scores(looks), self._descriptors(looks), strict=True)
        return [_observation(look, score, descriptor) for look, score, descriptor in rows]

    def _scores(self, looks: Sequence[_Look]) -> list[float]:
        with self._steps.step("judge"):
            outputs = self._judging.judge([look.cut for look in looks])
        sides = [float(max(look.face.detection.box[2:])) for look in looks]
        return [forgery_score(output, side, self._cards) for output, side in zip(outputs, sides, strict=True)]

    def _descriptors(self, looks: Sequence[_Look]) -> list[Vectors | None]:
        with self._steps.step("describe"):
            cuts = [self._described(look) for look in looks]
            vectors = iter(self._describing.judge([cut for cut in cuts if cut is not None]))
            return [None if cut is None else next(vectors) for cut in cuts]

    def _described(self, look: _Look) -> Pixels | None:
        """What the descriptor is made of; None where the landmarks determine nothing.

        A poor quality is no reason: faces of two genuine clips that scored 0.01 were as like themselves, half a
        second later, as good ones.
        """
        try:
            return self._describing.cut(look.picture, look.face)
        except LowQuality:
            return None


def _decoded(frame: Frame) -> Decoded:
    return Decoded(frame.pixels, frame.width, frame.height, frame.scale)


def _observation(look: _Look, score: float, descriptor: Vectors | None) -> Observation:
    x, y, width, height = (float(value) for value in look.face.detection.box)
    time_s = round(look.frame.time_s, TIME_DECIMALS)
    return Observation(look.frame.index, time_s, (x, y, width, height), score, descriptor)
