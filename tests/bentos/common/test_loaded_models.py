"""The inner process of a service: it loads what it is told to while it answers by what it holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from made_models import DrawnModel, cards_of, drawn
from metering import value_of

from bentos.common.batching.service import UNKNOWN, Loading
from bentos.common.loaded_models import KEPT, LoadedModels
from bentos.common.model_set import Chosen, key_of
from bentos.common.settings import Settings
from bentos.common.spec import DETECTOR, FACES, ServiceSpec
from models.catalogue.card import Task
from models.catalogue.serial import card_to_json
from models.errors import ModelUnavailable
from models.runtime.batch import BatchModel

LIMIT_S = 10
TASK = Task.FACE_RECOGNITION
SPEC = ServiceSpec(
    "tests-service", "Tests", MappingProxyType({FACES: TASK, DETECTOR: Task.FACE_DETECTION}), routes=""
)
CROP = np.zeros((1, 64, 64, 3), np.uint8)


def loaded_models(load: Callable[[Chosen], BatchModel] = drawn) -> LoadedModels:
    return LoadedModels(SPEC, Settings(), load)


def told(models: LoadedModels, version: int) -> Loading:
    cards = [card_to_json(card) for card in cards_of(TASK, version)]
    return models.load(FACES, cards, {})


def loaded(models: LoadedModels, version: int) -> Loading:
    """Told, until it is done."""
    deadline = time.monotonic() + LIMIT_S
    while (state := told(models, version)) == Loading():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return state


def key(version: int) -> str:
    return key_of(cards_of(TASK, version))


def said(answers: list[Any]) -> list[object]:
    return [answer if answer is None or isinstance(answer, str) else int(answer[0]) for answer in answers]


def test_nothing_is_held_that_nobody_asked_for() -> None:
    assert loaded_models().predict(FACES, [(key(1), 0.0, CROP)]) == [UNKNOWN]


def test_each_item_of_a_batch_is_answered_by_its_own_version() -> None:
    models = loaded_models()
    assert loaded(models, 1) == loaded(models, 2) == Loading(provider="DrawnExecutionProvider")
    items = [(key(version), 0.0, CROP) for version in (2, 1, 3, 2, 1)]
    assert said(models.predict(FACES, items)) == [2, 1, UNKNOWN, 2, 1]
    assert models.predict(DETECTOR, [(key(1), 0.0, CROP)]) == [UNKNOWN]


def test_it_answers_while_another_version_is_being_loaded() -> None:
    go_on = threading.Event()

    def load(chosen: Chosen) -> BatchModel:
        if chosen.cards == cards_of(TASK, 2):
            assert go_on.wait(LIMIT_S)
        return drawn(chosen)

    models = loaded_models(load)
    loaded(models, 1)
    assert told(models, 2) == told(models, 2) == Loading()
    assert said(models.predict(FACES, [(key(1), 0.0, CROP), (key(2), 0.0, CROP)])) == [1, UNKNOWN]
    go_on.set()
    assert loaded(models, 2).provider
    assert said(models.predict(FACES, [(key(2), 0.0, CROP)])) == [2]


def test_a_load_that_failed_is_said_once_and_tried_anew() -> None:
    faults = [ModelUnavailable("no such graph"), KeyError("strides"), None]

    def load(chosen: Chosen) -> BatchModel:
        if (fault := faults.pop(0)) is not None:
            raise fault
        return drawn(chosen)

    models = loaded_models(load)
    assert loaded(models, 1) == Loading(fault="no such graph")
    assert loaded(models, 1) == Loading(fault="KeyError: 'strides'")
    assert models.predict(FACES, [(key(1), 0.0, CROP)]) == [UNKNOWN]
    assert loaded(models, 1).provider


def test_those_used_last_are_kept_and_no_more() -> None:
    models = loaded_models()
    for version in range(1, KEPT + 1):
        loaded(models, version)
    assert said(models.predict(FACES, [(key(1), 0.0, CROP)])) == [1]
    loaded(models, KEPT + 1)
    items = [(key(version), 0.0, CROP) for version in range(1, KEPT + 2)]
    assert said(models.predict(FACES, items)) == [1, UNKNOWN, *range(3, KEPT + 2)]


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), MemoryError()])
def test_an_item_that_a_version_fails_on_disturbs_no_other(fault: Exception) -> None:
    def load(chosen: Chosen) -> BatchModel:
        return DrawnModel(chosen.cards, fault=fault if chosen.cards == cards_of(TASK, 2) else None)

    models = loaded_models(load)
    loaded(models, 1)
    loaded(models, 2)
    assert said(models.predict(FACES, [(key(1), 0.0, CROP), (key(2), 0.0, CROP)])) == [1, None]


def test_a_batch_tells_once_how_long_its_oldest_item_waited() -> None:
    models = loaded_models()
    loaded(models, 1)
    assert waits(models, "count") == 0
    now = time.monotonic()
    models.predict(FACES, [(key(1), sent, CROP) for sent in (now, now - 100, now - 3)])
    models.predict(FACES, [])
    assert waits(models, "count") == 1
    assert waits(models, "sum") >= 100
    assert waits(models, "count", DETECTOR) == 0


def waits(models: LoadedModels, what: str, queue: str = FACES) -> float:
    text = models._metrics.render().decode()
    found = value_of(text, f"ai_queue_duration_seconds_{what}", queue=queue, service=SPEC.name)
    assert found is not None
    return found
