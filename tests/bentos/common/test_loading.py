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
from bentos.common.model_set import locate, store_of
from bentos.common.settings import Settings
from models.catalogue.card import ModelCard
from models.catalogue.detection import YUNET_N
from models.errors import ModelUnavailable, WeightsMissing
from models.runtime.elastic import ElasticSession
from models.runtime.session import CPU, Floats, OrtSession, Pixels, Session

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
    return Settings.model_validate(
        {"providers": (CPU,), "session_threads": 0, "batch_workers": 0, "worker_threads": 0, **values}
    )


def lazy(load: Loader, metrics: Metrics | None = None) -> LazyModel:
    return LazyModel((YUNET_N,), load, metrics or Metrics("test-service"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Parallelism(CORES + 1, CORES + 1, 1)),
        ({"worker_threads": 7}, Parallelism(7, 7, 1)),
        ({"worker_threads": 1}, Parallelism(1, 1, 0)),
        ({"batch_workers": 1}, Parallelism(CORES + 1, 1, 0)),
        ({"batch_workers": 3}, Parallelism(CORES + 1, 3, 1)),
        ({"batch_workers": 3, "session_threads": 2}, Parallelism(CORES + 1, 3, 2)),
        ({"worker_threads": 9, "batch_workers": 2, "session_threads": 4}, Parallelism(9, 2, 4)),
        ({"batch_max_size": 200}, Parallelism(CORES + 1, CORES + 1, 1)),
    ],
)
def test_on_a_cpu_each_request_runs_its_own_batches(values: dict[str, object], expected: Parallelism) -> None:
    assert parallelism_of(settings(batch_mode="process", **values)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"batch_max_size": 200}, Parallelism(400, 1, 0)),
        ({"batch_max_size": 1}, Parallelism(max(CORES, 2), 1, 0)),
        ({"worker_threads": 5}, Parallelism(5, 1, 0)),
        ({"worker_threads": 5, "session_threads": 4}, Parallelism(5, 1, 4)),
        ({"worker_threads": 5, "batch_workers": 2}, Parallelism(5, 2, 1)),
    ],
)
def test_where_requests_wait_for_an_inner_service_there_are_more_of_them_than_a_batch_has_items(
    values: dict[str, object], expected: Parallelism
) -> None:
    assert parallelism_of(settings(batch_mode="service", **values)) == expected


def test_a_provider_that_is_not_installed_does_not_count() -> None:
    one = settings(providers=("NoSuchProvider", CPU), batch_mode="process", batch_workers=2)
    assert parallelism_of(one) == Parallelism(CORES + 1, 2, 1)
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


def test_a_model_without_weights_names_the_remedy(tmp_path: Path) -> None:
    store = {"model_dir": tmp_path / "cache", "model_mirror": str(tmp_path / "mirror"), "model_offline": True}
    missing = replace(YUNET_N, sha256="0" * 64)
    with pytest.raises(WeightsMissing, match="make models"):
        locate([missing], store_of(settings(**store)))


class Opening:
    """Sessions on the published weights, and the company that a run is told to have."""

    def __init__(self, mirror: Path, cache: Path) -> None:
        self.alone = True
        self._store = {"model_dir": cache, "model_mirror": str(mirror), "model_offline": True}

    def open(self, **values: object) -> Session:
        wanted = settings(**self._store, **values)
        return open_session(YUNET_N, store_of(wanted).resolve(YUNET_N), wanted, lambda: self.alone)


@pytest.fixture
def opening(mirror: Path, tmp_path: Path) -> Opening:
    return Opening(mirror, tmp_path / "cache")


def canvases(count: int) -> Pixels:
    return np.random.default_rng(7).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)


def test_where_batches_run_side_by_side_on_a_cpu_a_run_alone_takes_all_cores(opening: Opening) -> None:
    session = opening.open(batch_mode="process")
    assert isinstance(session, ElasticSession)
    assert (session.card, session.provider) == (YUNET_N, CPU)
    wide = session.run(canvases(2))
    opening.alone = False
    narrow = session.run(canvases(2))
    assert list(wide) == list(narrow)
    for name, values in wide.items():
        np.testing.assert_allclose(values, narrow[name], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "values",
    [
        {"batch_mode": "process", "batch_workers": 1},
        {"batch_mode": "process", "session_threads": 1},
        {"batch_mode": "process", "session_threads": 2},
        {"batch_mode": "service"},
    ],
    ids=["one batch at a time", "one thread as set", "two threads as set", "an inner service"],
)
def test_where_nothing_is_to_choose_there_is_one_session(opening: Opening, values: dict[str, object]) -> None:
    session = opening.open(**values)
    assert isinstance(session, OrtSession)
    assert session.run(canvases(1))
