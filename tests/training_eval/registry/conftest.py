"""Stores of both kinds: a SQLite file, and a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from candidates import bundle_of
from mlflow_server import MlflowServer
from mlflow_stores import make_template, settings_on_a_copy

from training_eval.settings import TrainingSettings

if TYPE_CHECKING:
    from training_eval.registry.tracking import Store
    from training_eval.registry.versions import Version


def _open(settings: TrainingSettings) -> AbstractContextManager[Store]:
    """MLflow is an extra: its tests are skipped without it, and this file is read all the same."""
    from training_eval.registry.tracking import opened

    return opened(settings)


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """A server for all tests that do not stop it."""
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with MLflow's tables, to be copied: making one takes seconds."""
    return make_template(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def local_settings(tmp_path: Path, empty_store: Path) -> TrainingSettings:
    return settings_on_a_copy(empty_store, tmp_path / "state")


@pytest.fixture(params=["sqlite", "server"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TrainingSettings]:
    """Of an empty registry of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("local_settings")
        return
    server: MlflowServer = request.getfixturevalue("mlflow_server")
    made = TrainingSettings(state_dir=tmp_path / "state", mlflow_uri=server.uri, mlflow_token=None)
    yield made
    with _open(made) as store:
        for model in store.client.search_registered_models():
            store.client.delete_registered_model(model.name)


@pytest.fixture
def store(settings: TrainingSettings) -> Iterator[Store]:
    with _open(settings) as store:
        yield store


@pytest.fixture
def register(store: Store, tmp_path: Path) -> Callable[..., Version]:
    """Registers a tiny model; its value tells it from others."""
    from training_eval.registry.candidates import log_candidate
    from training_eval.registry.runs import RunFacts

    def run(value: float = 1.0, **more: object) -> Version:
        bundle = bundle_of(tmp_path / f"bundle-{value}", value)
        return log_candidate(store, bundle, RunFacts(), **more)  # type: ignore[arg-type]

    return run


@pytest.fixture
def reopened(settings: TrainingSettings) -> Callable[[], AbstractContextManager[Store]]:
    """Opens the same registry once more, as another process would."""
    return lambda: _open(settings)
