"""Deepfake detectors on pictures and videos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from models.errors import LowQuality
from models.processing.forgery import forgery_score
from training_eval.data.dataset import DataSet
from training_eval.data.samples import ForgerySample
from training_eval.errors import DataMissing
from training_eval.evaluation.faces import Pixels, largest, read_picture
from training_eval.evaluation.figures import ROUNDS, Figures
from training_eval.evaluation.steps import Step
from training_eval.evaluation.subject import FaceSubject
from training_eval.metrics.forgery import by_compression, by_method, forgery_figure, video_scores
from training_eval.metrics.intervals import share

FRAMES = 16
"""Of a video, evenly spread."""
VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm"}


def measure(subject: FaceSubject, data: DataSet[ForgerySample], figures: Figures, step: Step) -> None:
    """AUC and EER of frames and of videos, by method and by compression; the decision at the card's threshold."""
    rows: list[tuple[ForgerySample, float]] = []
    missed, total = 0, 0
    for sample in data:
        scores = [_score(subject, frame) for frame in _frames(sample.media)]
        total += len(scores)
        missed += scores.count(None)
        rows.extend((sample, score) for score in scores if score is not None)
        step()
    figures.add("faces not found", "lower", lambda: share(missed, total))
    if rows:
        _add(subject, figures, rows)


def _add(subject: FaceSubject, figures: Figures, rows: list[tuple[ForgerySample, float]]) -> None:
    scores = np.array([score for _, score in rows])
    samples = [sample for sample, _ in rows]
    forged = np.array([sample.forged for sample in samples], bool)
    videos = [f"{sample.compression} {sample.video or sample.media}" for sample in samples]
    how = {"videos": videos, "rounds": ROUNDS}
    figures.add("frame AUC", "higher", lambda: forgery_figure(scores, forged, **how))  # type: ignore[arg-type]
    figures.add("frame EER", "lower", lambda: forgery_figure(scores, forged, figure="EER", **how))  # type: ignore[arg-type]
    if any(sample.media.suffix.lower() in VIDEOS for sample in samples):
        whole = video_scores(scores, forged, videos)
        figures.add("video AUC", "higher", lambda: forgery_figure(whole.scores, whole.forged, rounds=ROUNDS))
        figures.add(
            "video EER",
            "lower",
            lambda: forgery_figure(whole.scores, whole.forged, figure="EER", rounds=ROUNDS),
        )
    methods = [sample.method for sample in samples]
    figures.add_groups("frame AUC", "higher", "method", by_method(scores, forged, methods, **how))  # type: ignore[arg-type]
    compressions = [sample.compression for sample in samples]
    figures.add_groups(
        "frame AUC",
        "higher",
        "compression",
        by_compression(scores, forged, compressions, **how),  # type: ignore[arg-type]
    )
    called = scores >= subject.cards[0].thresholds["fake"]
    figures.add(
        "genuine called forged", "lower", lambda: share(int((called & ~forged).sum()), int((~forged).sum()))
    )
    figures.add("forged missed", "lower", lambda: share(int((~called & forged).sum()), int(forged.sum())))
    genuine = np.flatnonzero(~forged)
    groups = [dict(samples[index].groups) for index in genuine]
    figures.add_by(
        "genuine called forged",
        "lower",
        groups,
        lambda cases: share(int(called[genuine[cases]].sum()), len(cases)),
    )


def _score(subject: FaceSubject, pixels: Pixels) -> float | None:
    faces = subject.finder.all(pixels)
    if not faces:
        return None
    face = largest(faces)
    try:
        values = subject.of_face(pixels, face)
    except LowQuality:
        return None
    return forgery_score(values, float(max(face.box[2:])), subject.cards)


def _frames(path: Path) -> Iterator[Pixels]:
    if path.suffix.lower() not in VIDEOS:
        yield read_picture(path)
        return
    capture = cv2.VideoCapture(str(path))
    try:
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if count < 1:
            raise DataMissing(f"{path} is no video that can be read: fetch the set again, or take it out.")
        for index in np.unique(np.linspace(0, count - 1, FRAMES).astype(int)):
            capture.set(cv2.CAP_PROP_POS_FRAMES, int(index))
            present, frame = capture.read()
            if present:
                yield np.asarray(frame, np.uint8)
    finally:
        capture.release()
