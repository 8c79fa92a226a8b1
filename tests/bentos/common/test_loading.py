"""Models that are loaded when they are first needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bentos.common.loading import LazyModel, Parallelism, open_session, parallelism_of
from bentos.common.metrics import Metrics
from bentos.common.settings import Settings
from models.catalogue.card import ModelCard
from models.catalogue.detection import YUNET_N
from models.errors import ModelUnavailable, WeightsMissing
from models.runtime.session import CPU, Floats, Pixels

CORES = os.cpu_count() or 1


class Doubler:
    """Twice the first byte of each item."""

    cards: tuple[ModelCard, ...] = (YUNET_N,)
    provider = "none"

    def __init__(self) -> None:
        self.warm = 0

    def warm_up(self) -> None:
        self.warm += 1

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        return [np.array([2 * int(item.flat[0])], np.float32) for item in items]


class Loader:
    """Counts what it is asked for, and fails so many times first."""

    def __init__(self, failures: int = 0) -> None:
        self.model = Doubler()
        self.calls = 0
        self._failures = failures

    def __call__(self) -> Doubler:
        self.calls += 1
        if self.calls <= self._failures:
            raise WeightsMissing("not there yet")
        return self.model


class Crowded(Loader):
    """Gives a second thread that loads at the same time a moment to show itself."""

    def __init__(self) -> None:
        super().__init__()
        self._second = threading.Event()

    def __call__(self) -> Doubler:
        model = super().__call__()
        if self.calls > 1:
            self._second.set()
        self._second.wait(0.2)
        return model


def settings(**values: object) -> Settings:
    return Settings.model_validate({"providers": (CPU,), "session_threads": 0, "batch_workers": 0, **values})


def lazy(load: Loader, metrics: Metrics | None = None) -> LazyModel:
    return LazyModel((YUNET_N,), load, metrics or Metrics("test-service"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"batch_mode": "process"}, Parallelism(CORES, 1 if CORES > 1 else 0)),
        ({"batch_mode": "process", "batch_workers": 1}, Parallelism(1, 0)),
        ({"batch_mode": "process", "batch_workers": 3}, Parallelism(3, 1)),
        ({"batch_mode": "process", "batch_workers": 3, "session_threads": 2}, Parallelism(3, 2)),
        ({"batch_mode": "service"}, Parallelism(1, 0)),
        ({"batch_mode": "service", "session_threads": 4}, Parallelism(1, 4)),
    ],
)
def test_batches_at_once_and_threads_of_each(values: dict[str, object], expected: Parallelism) -> None:
    assert parallelism_of(settings(**values)) == expected


def test_a_provider_that_is_not_installed_does_not_count() -> None:
    one = settings(providers=("NoSuchProvider", CPU), batch_mode="process", batch_workers=2)
    assert parallelism_of(one) == Parallelism(2, 1)
    with pytest.raises(ModelUnavailable, match="NoSuchProvider"):
        parallelism_of(settings(providers=("NoSuchProvider",)))


def test_nothing_is_loaded_before_it_is_needed() -> None:
    load = Loader()
    model = lazy(load)
    assert model.cards == (YUNET_N,)
    assert load.calls == 0
    (answer,) = model.predict([np.full((1, 1, 3), 21, np.uint8)])
    assert answer.tolist() == [42.0]
    assert model.provider == "none"
    model.warm_up()
    assert (load.calls, load.model.warm) == (1, 1)


def test_a_failed_load_is_said_and_can_be_tried_again() -> None:
    load = Loader(failures=2)
    model = lazy(load)
    for _ in range(2):
        with pytest.raises(WeightsMissing, match="not there yet"):
            model.warm_up()
    model.warm_up()
    model.warm_up()
    assert load.calls == 3


def test_many_threads_load_once() -> None:
    load, together = Crowded(), threading.Barrier(8, timeout=10)
    model = lazy(load)

    def ask(value: int) -> float:
        together.wait()
        (answer,) = model.predict([np.full((1, 1, 3), value, np.uint8)])
        return float(answer[0])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert answers == [2.0 * value for value in range(8)]
    assert (load.calls, load.model.warm) == (1, 1)


def test_batches_are_counted_for_the_card() -> None:
    metrics = Metrics("test-service")
    lazy(Loader(), metrics).predict([np.zeros((1, 1, 3), np.uint8)] * 3)
    text = metrics.render().decode()
    labels = 'model_name="yunet-n",model_version="1.0.0",service="test-service"'
    assert f"ai_model_batch_size_sum{{{labels}}} 3.0" in text
    assert "ai_model_info{" in text


def test_a_session_without_weights_names_the_remedy(tmp_path: Path) -> None:
    store = {"model_dir": tmp_path / "cache", "model_mirror": str(tmp_path / "mirror"), "model_offline": True}
    missing = replace(YUNET_N, sha256="0" * 64)
    with pytest.raises(WeightsMissing, match="make models"):
        open_session(missing, settings(**store))
