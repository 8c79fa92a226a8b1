"""Whether a report and the cards of its models are complete, and fit each other."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from models.catalogue.card import ModelCard
from training_eval.reports import Measure, Report

DIGEST = re.compile("[0-9a-f]{64}")


def faults_of_cards(report: Report, cards: Sequence[ModelCard]) -> Iterator[str]:
    """What is missing in the cards, or is not what the report measured; a sentence each."""
    if not cards:
        yield "there is no model"
    measured = Counter((model.name, model.version, model.sha256) for model in report.models)
    if measured != Counter((card.name, card.version, card.sha256) for card in cards):
        yield "the report is about other models than the cards: evaluate these"
    for card in cards:
        if card.task is not report.task:
            yield f"{card.name} answers {card.task.value}, the report {report.task.value}"
        if not DIGEST.fullmatch(card.sha256):
            yield f"the card of {card.name} names no digest"
        if missing := [name for name, there in _parts(card) if not there]:
            yield f"the card of {card.name} does not say: {', '.join(missing)}"


def faults_of_report(report: Report) -> Iterator[str]:
    """Why a report cannot be judged; a sentence each."""
    if not report.measures:
        yield "it holds no measure"
    if not report.data:
        yield "it names no data"
    for measure in report.measures:
        yield from _faults_of_measure(measure, report)
    for key, count in Counter(measure.key for measure in report.measures).items():
        if count > 1:
            yield f"{_place(*key)} stands in it {count} times"
    for what, value in (("speed", report.milliseconds), ("reference's speed", report.reference_milliseconds)):
        if not (math.isfinite(value) and value > 0):
            yield f"the {what} is no number above 0"
    if report.size_bytes <= 0 or any(model.size_bytes <= 0 for model in report.models):
        yield "a model has no size"


def _faults_of_measure(measure: Measure, report: Report) -> Iterator[str]:
    place = _place(*measure.key)
    if not math.isfinite(measure.value):
        yield f"{place} is no number"
    if measure.count < 1:
        yield f"{place} rests on no case"
    if measure.dataset not in report.data:
        yield f"{place} is of data without a digest"


def _place(metric: str, dataset: str, group: str | None) -> str:
    return " of ".join(part for part in (metric, group, dataset) if part)


def _parts(card: ModelCard) -> Iterator[tuple[str, bool]]:
    yield "a summary", bool(card.summary)
    yield "the licence", bool(card.licence.code and card.licence.url and card.licence.training_data)
    yield "a figure of merit", bool(card.measured or card.published)
    yield "what it finds", bool(card.finds)
    yield "what it misses", bool(card.misses)
