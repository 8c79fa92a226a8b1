"""One evaluation: the models of a task on sets of data, as a report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.catalogue.card import ModelCard
from models.runtime.bundle import Bundle
from training_eval.data.dataset import DataSet
from training_eval.data.samples import (
    DemographicSample,
    DetectionSample,
    ForgerySample,
    IdentitySample,
    LivenessSample,
    PairSample,
)
from training_eval.errors import DataMissing
from training_eval.evaluation import demographics, detection, forgery, presentation, recognition
from training_eval.evaluation.faces import Finder
from training_eval.evaluation.figures import Figures
from training_eval.evaluation.speed import milliseconds
from training_eval.evaluation.steps import Progress, Silent, Step
from training_eval.evaluation.subject import FaceSubject, Subject, open_subject
from training_eval.reports import ModelFacts, Report


def evaluate(
    bundle: Bundle,
    sets: Sequence[DataSet[Any]],
    *,
    finder: Finder,
    progress: Progress | None = None,
) -> Report:
    """Measure models on sets of data.

    Args:
        bundle: Models of one task.
        sets: Of labels for that task.
        finder: Shows faces to models that judge faces; it is named in the report's data, because figures of two
            models compare only if both were shown the same faces.
        progress: Hears how it goes on.

    Raises:
        DataMissing: There is no set, or one is of another task or cannot be read.
        ModelUnavailable: A graph cannot be loaded.
    """
    if not sets:
        raise DataMissing(f"There is no set of data to measure {bundle.task.value} on: name one.")
    subject = open_subject(bundle, finder)
    found: list[Figures] = []
    for data in sets:
        if data.task is not bundle.task:
            raise DataMissing(f"{data.name} has labels for {data.task.value}, not for {bundle.task.value}.")
        figures = Figures(data.name, notes=[f"{data.name}: {note}" for note in data.notes])
        _measure(subject, data, figures, (progress or Silent()).begin(data.name, len(data)))
        found.append(figures)
    own, reference = milliseconds(subject)
    return Report(
        task=bundle.task,
        models=tuple(_facts(bundle, card) for card in bundle.cards),
        data={data.name: _digest(data, subject) for data in sets},
        measures=tuple(measure for figures in found for measure in figures.measures),
        milliseconds=own,
        reference_milliseconds=reference,
        notes=tuple(note for figures in found for note in figures.notes),
    )


def _measure(subject: Subject, data: DataSet[Any], figures: Figures, step: Step) -> None:
    if not isinstance(subject, FaceSubject):
        detection.measure(subject, data.of(DetectionSample), figures, step)
        return
    by_kind: Mapping[type[Any], Callable[..., None]] = {
        IdentitySample: recognition.measure_people,
        PairSample: recognition.measure_pairs,
        LivenessSample: presentation.measure,
        ForgerySample: forgery.measure,
        DemographicSample: demographics.measure,
    }
    by_kind[data.kind](subject, data, figures, step)


def _digest(data: DataSet[Any], subject: Subject) -> str:
    """Of the set, and of the detector that showed its faces."""
    own = data.digest()
    if not isinstance(subject, FaceSubject):
        return own
    return hashlib.sha256(f"{own} {subject.finder.card.sha256}".encode()).hexdigest()


def _facts(bundle: Bundle, card: ModelCard) -> ModelFacts:
    size = bundle.path(card).stat().st_size
    return ModelFacts(name=card.name, version=card.version, sha256=card.sha256, size_bytes=size)
