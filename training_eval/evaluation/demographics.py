"""Age and gender on pictures of people whose age or gender is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.catalogue.card import ModelCard
from models.processing.demographics import decode_demographics
from models.runtime.session import Floats
from training_eval.data.dataset import DataSet
from training_eval.data.samples import DemographicSample
from training_eval.evaluation.faces import read_picture
from training_eval.evaluation.figures import ROUNDS, Figures
from training_eval.evaluation.steps import Step
from training_eval.evaluation.subject import FaceSubject
from training_eval.metrics.demographics import (
    cumulative_score,
    error_by_age,
    gender_accuracy,
    mean_error,
    range_errors,
)
from training_eval.metrics.intervals import share


@dataclass(frozen=True, slots=True)
class Estimated:
    """What a network says of a face; a network of one answer alone leaves the others out."""

    age: float | None
    low: float | None
    high: float | None
    gender: str | None


Judged = tuple[DemographicSample, Estimated]


def measure(subject: FaceSubject, data: DataSet[DemographicSample], figures: Figures, step: Step) -> None:
    """Mean error and cumulative score of ages, accuracy of genders, all by group too."""
    rows: list[Judged] = []
    samples = 0
    for sample in data:
        found = subject.main_face(read_picture(sample.image))
        if found is not None:
            rows.append((sample, estimated(found[1], subject.cards[0])))
        samples += 1
        step()
    figures.add("faces not found", "lower", lambda: share(samples - len(rows), samples))
    _ages([row for row in rows if _range(row[0]) is not None and row[1].age is not None], figures)
    _genders([row for row in rows if row[0].gender is not None and row[1].gender is not None], figures)


def _ages(rows: list[Judged], figures: Figures) -> None:
    if not rows:
        return
    ranges = [_range(sample) or (0.0, 0.0) for sample, _ in rows]
    lows, highs = (np.array(ends) for ends in zip(*ranges, strict=True))
    errors = range_errors([found.age or 0.0 for _, found in rows], lows, highs)
    groups = [dict(sample.groups) for sample, _ in rows]
    figures.add("age MAE (years)", "lower", lambda: mean_error(errors, rounds=ROUNDS))
    figures.add("CS at 5 years", "higher", lambda: cumulative_score(errors, 5))
    figures.add_by("age MAE (years)", "lower", groups, lambda cases: mean_error(errors[cases], rounds=ROUNDS))
    figures.add_groups("age MAE (years)", "lower", "age", error_by_age(errors, lows, rounds=ROUNDS))
    held = [
        found.low <= high and found.high >= low
        for (_, found), (low, high) in zip(rows, ranges, strict=True)
        if found.low is not None and found.high is not None
    ]
    if held:
        figures.add("age within the interval given", "higher", lambda: share(sum(held), len(held)))


def _genders(rows: list[Judged], figures: Figures) -> None:
    if not rows:
        return
    guesses = [str(found.gender) for _, found in rows]
    known = [str(sample.gender) for sample, _ in rows]
    groups = [{**sample.groups, "gender": label} for (sample, _), label in zip(rows, known, strict=True)]
    figures.add("gender accuracy", "higher", lambda: gender_accuracy(guesses, known))
    figures.add_by(
        "gender accuracy",
        "higher",
        groups,
        lambda cases: gender_accuracy([guesses[i] for i in cases], [known[i] for i in cases]),
    )


def estimated(values: Floats, card: ModelCard) -> Estimated:
    """The services' decoding where the card has it; SSR-Net's two networks answer one question each."""
    if "age_limits" in card.decoding:
        found = decode_demographics(values, card)
        return Estimated(found.age, found.low, found.high, found.gender)
    if "age" in card.decoding:
        return Estimated(float(values[0]), None, None, None)
    return Estimated(None, None, None, "male" if values[0] > 0.5 else "female")


def _range(sample: DemographicSample) -> tuple[float, float] | None:
    """First and last age that the label allows."""
    if sample.age is not None:
        return sample.age, sample.age
    return sample.age_range
