"""Sets made of the photographs that the settings name, where no public set is at hand.

Nobody labelled these photographs. What the published models say of them stands in for labels, so on such a set the
figures of another model say how far it agrees with the published one; the set's name says so. All are of the
held-back part, which no training of our own models sees (``training_eval.own.split``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from models.catalogue import CATALOGUE, DEFAULTS, OWN
from models.catalogue.card import ModelCard, Task
from models.errors import ModelUnavailable
from models.runtime.bundle import Bundle
from models.runtime.store import WeightStore
from training_eval.data.dataset import DataSet
from training_eval.data.samples import (
    DemographicSample,
    DetectionSample,
    ForgerySample,
    IdentitySample,
    LivenessSample,
)
from training_eval.evaluation.demographics import estimated
from training_eval.evaluation.faces import Finder, boxes_of, read_picture
from training_eval.evaluation.subject import FaceSubject
from training_eval.own.split import held_back
from training_eval.settings import TrainingSettings

SMALLEST_FACE = 40.0
"""Pixels of a face's longer side; smaller ones neither count as missed nor as found."""


@dataclass(frozen=True, slots=True)
class LocalSets:
    """Sets by task.

    Attributes:
        photos: Folder with ``groups``, ``people``, ``liveness`` and ``deepfake``.
        faces: Folder with the AT&T Database of Faces in ``att``, or None.
        finder: The published detector.
        demographics: The published age and gender network, or None where it is not here.
    """

    photos: Path
    faces: Path | None
    finder: Finder
    demographics: FaceSubject | None

    def of(self, task: Task, cards: Sequence[ModelCard] = ()) -> list[DataSet[Any]]:
        """The sets that say something about models of a task.

        Args:
            task: What is asked.
            cards: The models that are measured: what one of them labelled itself says nothing about it, nor what
                it was trained on.
        """
        labelled_by = {Task.FACE_DETECTION: self.finder.card}
        if self.demographics is not None:
            labelled_by[Task.AGE_GENDER] = self.demographics.cards[0]
        if labelled_by.get(task) in cards:
            return []
        if task is Task.FACE_RECOGNITION:
            return self._recognition(trained_here=any(card.name in OWN.get(task, ()) for card in cards))
        made = {
            Task.FACE_DETECTION: self._detection,
            Task.ANTISPOOFING: self._antispoofing,
            Task.DEEPFAKE_DETECTION: self._deepfake,
            Task.AGE_GENDER: self._age_gender,
        }
        return made[task]()

    def _detection(self) -> list[DataSet[Any]]:
        name = f"held-back group photographs, as {self.finder.card.name} sees them"
        return [_set(name, Task.FACE_DETECTION, DetectionSample, self.photos, self._group_photographs)]

    def _group_photographs(self) -> Iterator[DetectionSample]:
        for path in _held_back(self.photos / "groups"):
            boxes = boxes_of(self.finder.all(read_picture(path)))
            small = boxes[:, 2:].max(axis=1, initial=0.0) < SMALLEST_FACE
            yield DetectionSample(image=path, boxes=boxes, ignored=small)

    def _recognition(self, trained_here: bool) -> list[DataSet[Any]]:
        """Of our own embedder the held-back people alone: it was trained on the others."""
        if self.faces is None:
            return []
        root = self.faces / "att"
        task, kind = Task.FACE_RECOGNITION, IdentitySample
        everybody = _set("AT&T, 40 people", task, kind, root, partial(_att, root, False))
        held = _set("AT&T, 10 held-back people", task, kind, root, partial(_att, root, True))
        return [held] if trained_here else [everybody, held]

    def _antispoofing(self) -> list[DataSet[Any]]:
        name = "the authors' print and live sample, and stored photographs as live"
        return [_set(name, Task.ANTISPOOFING, LivenessSample, self.photos, self._presentations)]

    def _presentations(self) -> Iterator[LivenessSample]:
        for path in _held_back(self.photos / "liveness"):
            live = "_T" in path.stem
            yield LivenessSample(image=path, live=live, attack=None if live else "print")
        for path in _held_back(self.photos / "people"):
            yield LivenessSample(image=path, live=True)

    def _deepfake(self) -> list[DataSet[Any]]:
        name = "the authors' samples, and photographs of held-back people as genuine"
        return [_set(name, Task.DEEPFAKE_DETECTION, ForgerySample, self.photos, self._forgeries)]

    def _forgeries(self) -> Iterator[ForgerySample]:
        for path in _held_back(self.photos / "deepfake" / "df"):
            yield ForgerySample(media=path, forged=True, method="autoencoder swap")
        for folder in ("deepfake/real", "people"):
            for path in _held_back(self.photos / folder):
                yield ForgerySample(media=path, forged=False)

    def _age_gender(self) -> list[DataSet[Any]]:
        if self.demographics is None:
            return []
        name = f"held-back people, as {self.demographics.cards[0].name} sees them"
        root = self.photos if self.faces is None else Path(*_shared(self.photos, self.faces))
        return [_set(name, Task.AGE_GENDER, DemographicSample, root, self._ages)]

    def _ages(self) -> Iterator[DemographicSample]:
        assert self.demographics is not None
        people = _held_back(self.photos / "people")
        if self.faces is not None:
            people += [sample.image for sample in _att(self.faces / "att", True)]
        for path in people:
            found = self.demographics.main_face(read_picture(path))
            if found is not None:
                said = estimated(found[1], self.demographics.cards[0])
                yield DemographicSample(image=path, age=said.age, gender=said.gender)


def open_local_sets(settings: TrainingSettings, store: WeightStore, finder: Finder) -> LocalSets | None:
    """Sets of the photographs that the settings name; None where they name none, or nothing can label them."""
    if settings.photos is None or finder.card.name not in DEFAULTS[Task.FACE_DETECTION]:
        return None
    (card,) = (CATALOGUE[name] for name in DEFAULTS[Task.AGE_GENDER])
    try:
        path = store.resolve(card)
    except ModelUnavailable:
        return LocalSets(settings.photos, settings.faces, finder, None)
    bundle = Bundle(path.parent, (card,))
    return LocalSets(settings.photos, settings.faces, finder, FaceSubject.of(bundle, finder))


def _set(name: str, task: Task, kind: type[Any], root: Path, read: Any) -> DataSet[Any]:
    """A set whose samples are made once, however often it is read: a model makes some of them."""
    kept: list[Any] = []

    def samples() -> Iterator[Any]:
        if not kept:
            kept.extend(read())
        return iter(kept)

    return DataSet(name=name, task=task, kind=kind, root=root, read=samples)


def _held_back(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.jpg")) if held_back(path)]


def _att(root: Path, only_held_back: bool) -> Iterator[IdentitySample]:
    for path in sorted(root.glob("*/*.pgm")):
        if held_back(path) or not only_held_back:
            yield IdentitySample(image=path, person=path.parent.name)


def _shared(first: Path, second: Path) -> tuple[str, ...]:
    """The parts that two paths begin with."""
    pairs = zip(first.parts, second.parts, strict=False)
    differ = np.array([one != other for one, other in pairs] + [True])
    return first.parts[: int(differ.argmax())]
