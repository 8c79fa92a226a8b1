"""Antispoofing models on live faces and attacks."""

from __future__ import annotations

import numpy as np

from models.errors import LowQuality
from models.processing.liveness import decode_liveness
from models.processing.visibility import require_visible
from training_eval.data.dataset import DataSet
from training_eval.data.samples import LivenessSample
from training_eval.evaluation.faces import largest, read_picture
from training_eval.evaluation.figures import Figures
from training_eval.evaluation.steps import Step
from training_eval.evaluation.subject import FaceSubject
from training_eval.metrics.groups import GroupFigures
from training_eval.metrics.intervals import Estimate, share
from training_eval.metrics.presentation import Presentations, presentations
from training_eval.metrics.roc import error_curve


def measure(subject: FaceSubject, data: DataSet[LivenessSample], figures: Figures, step: Step) -> None:
    """APCER by attack, BPCER and what hangs on them, at the card's threshold."""
    samples, scores = list(data), []
    for sample in samples:
        scores.append(_live(subject, sample))
        step()
    live = np.array([sample.live for sample in samples], bool)
    answered = np.array([score is not None for score in scores], bool)
    values = np.array([0.0 if score is None else score for score in scores])
    found = presentations(values, live, [sample.attack for sample in samples], answered)
    _add(figures, found, subject.cards[0].thresholds["live"])
    figures.add("EER", "lower", lambda: _equal_error(values[answered], live[answered]))
    wrong = (values < subject.cards[0].thresholds["live"]) & live
    bona_fide = np.flatnonzero(live & answered)
    groups = [dict(samples[index].groups) for index in bona_fide]
    figures.add_by(
        "BPCER", "lower", groups, lambda cases: share(int(wrong[bona_fide[cases]].sum()), len(cases))
    )


def _live(subject: FaceSubject, sample: LivenessSample) -> float | None:
    """Probability that the largest face is live; None where none is found or it cannot be judged."""
    pixels = read_picture(sample.image)
    faces = subject.finder.all(pixels, min_score=0.3)
    if not faces:
        return None
    face = largest(faces)
    rules = subject.cards[0].decoding["visible"]
    try:
        require_visible(face.box, (pixels.shape[1], pixels.shape[0]), rules)  # type: ignore[arg-type]
        return decode_liveness(subject.of_face(pixels, face), subject.cards).live
    except LowQuality:
        return None


def _add(figures: Figures, found: Presentations, threshold: float) -> None:
    figures.add("APCER", "lower", lambda: found.worst_apcer(threshold)[1])
    figures.add_groups("APCER", "lower", "attack", GroupFigures(found.apcer(threshold), {}))
    figures.add("BPCER", "lower", lambda: found.bpcer(threshold))
    figures.add("ACER", "lower", lambda: Estimate(found.acer(threshold), None, _judged(found)))
    figures.add("BPCER at APCER 0.1", "lower", lambda: found.bpcer_at(0.1))
    figures.add("BPCER at APCER 0.05", "lower", lambda: found.bpcer_at(0.05))
    figures.add("BPNRR", "lower", found.bpnrr)
    figures.add_groups("APNRR", "lower", "attack", GroupFigures(found.apnrr(), {}))


def _judged(found: Presentations) -> int:
    return len(found.live) + sum(map(len, found.attacks.values()))


def _equal_error(
    scores: np.ndarray[tuple[int], np.dtype[np.float64]], live: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Estimate:
    return Estimate(error_curve(scores, live).equal_error(), None, len(scores))
