"""From what was found in all chunks to the result: tracks, timeline, moments."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bentos.contracts import Moment, TimelinePoint, VideoOptions, VideoResult, VideoTrack
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.findings import Findings
from bentos.deepfake_detection.video.thumbnails import second_of
from models.errors import NoFace
from models.processing.temporal import Windowing, track_score, video_score
from models.processing.tracking import Observation, Track, follow

MOMENTS = 5
APART_S = 1.0
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Judgement:
    """What scores mean.

    Attributes:
        threshold: Score from which a video is called fake.
        prior: Score of a face of which nothing is known.
    """

    threshold: float
    prior: float


def conclude(
    chunks: Iterable[Findings], facts: VideoFacts, options: VideoOptions, judgement: Judgement
) -> VideoResult:
    """The result of a video.

    A point of the timeline has the score of its frame alone; tracks and video have theirs by
    ``models.processing.temporal``, so that a single high point makes no fake.

    Args:
        chunks: All of the video, in order.
        facts: Of the video.
        options: Of the job.
        judgement: Of the models' cards.

    Raises:
        NoFace: No frame shows one.
    """
    times: dict[int, float] = {}
    seen: list[Observation] = []
    pictures: dict[int, bytes] = {}
    for chunk in chunks:
        pictures.update({id(chunk.observations[place]): jpeg for place, jpeg in chunk.thumbnails.items()})
        times.update(chunk.times)
        seen.extend(chunk.observations)
    if not seen:
        raise NoFace(
            "No face was found in the frames of the video that were looked at; forgery is judged on faces of "
            "40 pixels or more.",
            {"frames": len(times)},
        )
    by_frame: dict[int, list[Observation]] = defaultdict(list)
    for one in seen:
        by_frame[one.frame].append(one)
    tracks = follow(by_frame)
    scores = _track_scores(tracks, options.sample_fps, judgement)
    score = video_score(scores, judgement.prior)
    return VideoResult(
        fake=score >= judgement.threshold,
        score=_rounded(score),
        duration_s=round(facts.duration_s, 3),
        frames_analyzed=len(times),
        sample_fps=options.sample_fps,
        timeline=_timeline(times, by_frame),
        tracks=[_track(track, score) for track, score in zip(tracks, scores, strict=True)],
        moments=_moments(seen, tracks, pictures if options.keep_thumbnails else {}),
    )


def _track_scores(tracks: Sequence[Track], sample_fps: float, judgement: Judgement) -> list[float]:
    window = Windowing().size(sample_fps)
    return [
        track_score([one.score for one in track.observations], window, judgement.prior) for track in tracks
    ]


def _timeline(
    times: Mapping[int, float], by_frame: Mapping[int, Sequence[Observation]]
) -> list[TimelinePoint]:
    return [_point(times[frame], by_frame.get(frame, ())) for frame in sorted(times)]


def _point(time_s: float, faces: Sequence[Observation]) -> TimelinePoint:
    worst = max((one.score for one in faces), default=0.0)
    return TimelinePoint(time_s=time_s, score=_rounded(worst), faces=len(faces))


def _track(track: Track, score: float) -> VideoTrack:
    return VideoTrack(
        track_id=track.track_id,
        start_s=track.start_s,
        end_s=track.end_s,
        score=_rounded(score),
        faces=len(track.observations),
    )


def _moments(
    seen: Sequence[Observation], tracks: Sequence[Track], pictures: Mapping[int, bytes]
) -> list[Moment]:
    """The worst looks, each the worst of its second, at least a second apart; the worst first."""
    held = {id(one): track.track_id for track in tracks for one in track.observations}
    worst: dict[int, Observation] = {}
    for one in seen:
        known = worst.get(second_of(one))
        if known is None or one.score > known.score:
            worst[second_of(one)] = one
    chosen: list[Observation] = []
    for one in sorted(worst.values(), key=lambda one: (-one.score, one.frame)):
        if len(chosen) < MOMENTS and all(abs(one.time_s - other.time_s) >= APART_S for other in chosen):
            chosen.append(one)
    return [_moment(one, held[id(one)], pictures.get(id(one))) for one in chosen]


def _moment(one: Observation, track_id: int, jpeg: bytes | None) -> Moment:
    thumbnail = None if jpeg is None else base64.b64encode(jpeg).decode()
    return Moment(time_s=one.time_s, track_id=track_id, score=_rounded(one.score), thumbnail=thumbnail)


def _rounded(score: float) -> float:
    return round(score, DECIMALS)
