"""Figures of our own embedder on people it was not trained on, beside its teacher's on the same pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from models.catalogue.card import Figure
from models.catalogue.recognition import MOBILEFACENET
from models.runtime.session import Session
from training_eval.calibration.fit import accepted
from training_eval.metrics.intervals import Estimate
from training_eval.metrics.verification import equal_error_rate, tar_at_far, verification_auc
from training_eval.own.embedder_thresholds import Judged
from training_eval.own.material import Material
from training_eval.own.verification import (
    Pairs,
    Scores,
    grey_people,
    named_people,
    strangers,
    to_other,
    to_small_self,
)

SOURCE = "python -m training_eval.own face-recognition --measure"
SMALL = 40
"""Pixels of a small face's side."""
RATE = "0.001"
FALSE_REJECTS = f"false-reject rate at the threshold for {RATE}"
CLOSE = f"cosine to the vector of {MOBILEFACENET.name}, mean"
SMALL_SELF = f"similarity to itself reduced to {SMALL} pixels, median"

_GREY = "AT&T Database of Faces, the 10 people held back, all pairs"
_PHOTOS = "held-back photographs of groups, every two faces of one photograph"
_NAMED = "held-back photographs of two people, all pairs"
_LARGE = "held-back faces of 50 pixels and more"
_ROUNDS = 400


def figures(material: Material, session: Session, thresholds: Mapping[str, float]) -> tuple[Figure, ...]:
    """All figures of the card."""
    teacher = material.session(MOBILEFACENET.name)
    own, other = Judged.of(material, session), Judged.of(material, teacher)
    return (
        *_curves(own.grey, other.grey),
        *_kept(own, other, thresholds),
        *_let_in(own, other, thresholds),
        *_closeness(material, session, teacher),
    )


def _curves(own: Pairs, other: Pairs) -> list[Figure]:
    metrics: tuple[tuple[str, Callable[..., Estimate]], ...] = (
        ("verification AUC", verification_auc),
        ("equal error rate", equal_error_rate),
        ("true-accept rate at a false-accept rate of 0.01", partial(tar_at_far, far=0.01)),
    )
    return [
        _beside(
            name,
            _GREY,
            measure(own.scores, own.same, people=own.people, rounds=_ROUNDS),
            _value(measure, other),
        )
        for name, measure in metrics
    ]


def _value(measure: Callable[..., Estimate], pairs: Pairs) -> float:
    return measure(pairs.scores, pairs.same, rounds=1).value


def _kept(own: Judged, other: Judged, thresholds: Mapping[str, float]) -> list[Figure]:
    """Pairs of one person at or above the thresholds, the teacher's at its own."""
    sets = ((_GREY, own.grey, other.grey, thresholds), (_NAMED, own.named, other.named, (RATE,)))
    made = [
        _share(
            kept(rate, named=what == _NAMED),
            what,
            (mine.genuine, thresholds[rate]),
            (theirs.genuine, MOBILEFACENET.thresholds[rate]),
        )
        for what, mine, theirs, rates in sets
        for rate in rates
    ]
    rejected = 1 - accepted(own.grey.genuine, thresholds[RATE])
    return [*made, Figure(metric=FALSE_REJECTS, value=_round(rejected), dataset=_GREY, source=SOURCE)]


def kept(rate: str, named: bool = False) -> str:
    """Name of the figure that says how many pairs of one person are accepted at a threshold."""
    return _metric("true-accept rate", rate, named)


def _metric(what: str, rate: str, named: bool) -> str:
    return f"{what} at the threshold for {rate}{', colour photographs' if named else ''}"


def _let_in(own: Judged, other: Judged, thresholds: Mapping[str, float]) -> list[Figure]:
    """Pairs of two people at or above the thresholds, the teacher's at its own."""
    sets = (
        (_GREY, own.grey.impostors, other.grey.impostors, ("0.1", "0.01", RATE)),
        (_PHOTOS, own.strangers, other.strangers, ("0.1", "0.01", RATE)),
        (_NAMED, own.named.impostors, other.named.impostors, (RATE,)),
    )
    return [
        _share(
            _metric("false-accept rate", rate, named=what == _NAMED),
            what,
            (mine, thresholds[rate]),
            (theirs, MOBILEFACENET.thresholds[rate]),
        )
        for what, mine, theirs, rates in sets
        for rate in rates
    ]


def _share(metric: str, what: str, own: tuple[Scores, float], other: tuple[Scores, float]) -> Figure:
    counted = f"{int((own[0] >= own[1]).sum())} of {len(own[0])} pairs"
    dataset = f"{what}: {counted}; {MOBILEFACENET.name} at its own threshold {accepted(*other):.4f}"
    return Figure(metric=metric, value=_round(accepted(*own)), dataset=dataset, source=SOURCE)


def _beside(metric: str, what: str, found: Estimate, other: float) -> Figure:
    ends = found.interval
    spread = f"; 95 % interval {ends.low:.4f} to {ends.high:.4f} by drawing people" if ends else ""
    dataset = f"{what}: {found.count}{spread}; {MOBILEFACENET.name} on the same pairs {other:.4f}"
    return Figure(metric=metric, value=_round(found.value), dataset=dataset, source=SOURCE)


def _closeness(material: Material, session: Session, teacher: Session) -> list[Figure]:
    colour = [face for faces in strangers(material, "held back") for face in faces]
    colour += named_people(material)[0]
    grey, _ = grey_people(material, "held back")
    own, other = (to_small_self(each, colour, SMALL) for each in (session, teacher))
    return [
        _mean(CLOSE, f"{_LARGE}, {len(colour)} in colour photographs", to_other(session, teacher, colour)),
        _mean(CLOSE, f"{len(grey)} held-back AT&T pictures", to_other(session, teacher, grey)),
        Figure(
            metric=SMALL_SELF,
            value=_round(float(np.median(own))),
            dataset=f"{len(own)} held-back faces of 100 pixels and more; {MOBILEFACENET.name} {np.median(other):.4f}",
            source=SOURCE,
        ),
    ]


def _mean(metric: str, what: str, values: Scores) -> Figure:
    spread = f"lowest {values.min():.2f}" if len(values) else "none"
    return Figure(
        metric=metric, value=_round(float(values.mean())), dataset=f"{what}; {spread}", source=SOURCE
    )


def _round(value: float) -> float:
    return round(value, 4)
