"""An embedder on pictures of known people, or on pairs of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.processing.calibration import threshold_at_far
from models.processing.similarity import cosine_matrix
from training_eval.data.dataset import DataSet
from training_eval.data.samples import IdentitySample, PairSample
from training_eval.evaluation.faces import read_picture
from training_eval.evaluation.figures import ROUNDS, Better, Figures
from training_eval.evaluation.steps import Step
from training_eval.evaluation.subject import FaceSubject
from training_eval.metrics.groups import match_errors, shared
from training_eval.metrics.identification import search
from training_eval.metrics.intervals import Estimate, Interval, share
from training_eval.metrics.verification import (
    People,
    equal_error_rate,
    folded_accuracy,
    tar_at_far,
    verification_auc,
)

MOST_PICTURES = 2_000
"""Of a set of identities: all pairs of them are two million."""
DECISION_FAR = 0.001
RATES = (0.01, 0.001, 0.0001)
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Pairs:
    scores: NDArray[np.float64]
    same: NDArray[np.bool_]
    people: People | None
    groups: Sequence[tuple[dict[str, str], dict[str, str]]]


def measure_people(subject: FaceSubject, data: DataSet[IdentitySample], figures: Figures, step: Step) -> None:
    """Every picture with every other, and one picture of each person as a gallery for all others."""
    samples = _thinned(list(data), figures)
    vectors = [_embedding(subject, sample.image, step) for sample in samples]
    known = [(sample, vector) for sample, vector in zip(samples, vectors, strict=True) if vector is not None]
    figures.add("faces not found", "lower", lambda: share(len(vectors) - len(known), len(vectors)))
    if len(known) < 2:
        figures.notes.append(f"{data.name}: fewer than two faces were found.")
        return
    table = np.stack([vector for _, vector in known])
    upper = np.triu_indices(len(known), 1)
    people = [sample.person for sample, _ in known]
    groups = [dict(sample.groups) for sample, _ in known]
    _verification(
        subject,
        figures,
        _Pairs(
            scores=np.asarray(cosine_matrix(table, table)[upper], np.float64),
            same=(np.array(people)[:, None] == np.array(people))[upper],
            people=[(people[a], people[b]) for a, b in zip(*upper, strict=True)],
            groups=[(groups[a], groups[b]) for a, b in zip(*upper, strict=True)],
        ),
    )
    _identification(table, people, figures)


def measure_pairs(subject: FaceSubject, data: DataSet[PairSample], figures: Figures, step: Step) -> None:
    """Pairs as listed; one with a face that is not found counts as two people."""
    known: dict[Path, Vector | None] = {}
    scores, missed, samples = [], 0, list(data)
    for sample in samples:
        for path in (sample.first, sample.second):
            if path not in known:
                known[path] = _embedding(subject, path, lambda: None)
        first, second = known[sample.first], known[sample.second]
        missed += first is None or second is None
        scores.append(-1.0 if first is None or second is None else float(first @ second))
        step()
    same = np.array([sample.same for sample in samples], bool)
    figures.add("pairs with a face not found", "lower", lambda: share(missed, len(samples)))
    if len({sample.fold for sample in samples}) > 1:
        folds = [sample.fold for sample in samples]
        figures.add("10-fold accuracy", "higher", lambda: _accuracy(scores, same, folds))
    groups = [(dict(sample.groups), dict(sample.groups)) for sample in samples]
    _verification(subject, figures, _Pairs(np.array(scores), same, None, groups))


def _verification(subject: FaceSubject, figures: Figures, pairs: _Pairs) -> None:
    scores, same = pairs.scores, pairs.same
    people = pairs.people

    def auc() -> Estimate:
        return verification_auc(scores, same, people=people, rounds=ROUNDS)

    def accepts(far: float) -> Estimate:
        return tar_at_far(scores, same, far, people=people, rounds=ROUNDS)

    figures.add("verification AUC", "higher", auc)
    figures.add(
        "verification EER", "lower", lambda: equal_error_rate(scores, same, people=people, rounds=ROUNDS)
    )
    for rate in RATES:
        figures.add(f"TAR at FAR {rate:g}", "higher", partial(accepts, rate))
    threshold = threshold_at_far(subject.cards[0].thresholds, DECISION_FAR)
    accepted = scores >= threshold
    name = f"at the card's threshold for {DECISION_FAR:g}"
    figures.add(f"FNMR {name}", "lower", lambda: share(int((~accepted & same).sum()), int(same.sum())))
    figures.add(f"FMR {name}", "lower", lambda: share(int((accepted & ~same).sum()), int((~same).sum())))
    for kind in sorted({kind for both in pairs.groups for one in both for kind in one}):
        labels = shared([a.get(kind) for a, _ in pairs.groups], [b.get(kind) for _, b in pairs.groups])
        errors = match_errors(scores, same, labels, threshold)
        lower: Better = "lower"
        figures.add_groups(f"FMR {name}", lower, kind, errors.false_match)
        figures.add_groups(f"FNMR {name}", lower, kind, errors.false_non_match)


def _identification(table: Vector, people: Sequence[str], figures: Figures) -> None:
    """The first picture of each person is the gallery; in the open set of every second one, others are strangers."""
    names = list(dict.fromkeys(people))
    enrolled = [people.index(name) for name in names]
    probes = [index for index in range(len(people)) if index not in set(enrolled)]
    if not probes or len(names) < 2:
        return
    similar = cosine_matrix(table[probes], table[enrolled])
    everybody = search(similar, [people[index] for index in probes], names)
    figures.add("rank-1 identification", "higher", lambda: everybody.rank_rate(1))
    half = list(range(0, len(names), 2))
    some = search(similar[:, half], [people[index] for index in probes], [names[index] for index in half])
    figures.add("FNIR at FPIR 0.01", "lower", lambda: some.fnir(some.threshold_at(0.01)))


def _accuracy(scores: Sequence[float], same: NDArray[np.bool_], folds: Sequence[int]) -> Estimate:
    found = folded_accuracy(scores, same, folds)
    spread = 1.96 * found.standard_error
    return Estimate(found.mean, Interval(found.mean - spread, found.mean + spread), found.count)


def _embedding(subject: FaceSubject, path: Path, step: Step) -> Vector | None:
    found = subject.main_face(read_picture(path))
    step()
    return None if found is None else found[1]


def _thinned(samples: list[IdentitySample], figures: Figures) -> list[IdentitySample]:
    if len(samples) <= MOST_PICTURES:
        return samples
    kept = [samples[int(index)] for index in np.linspace(0, len(samples) - 1, MOST_PICTURES)]
    figures.notes.append(f"{figures.dataset}: {MOST_PICTURES} of {len(samples)} pictures, evenly spread.")
    return kept
