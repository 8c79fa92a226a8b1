"""Opening the store."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

import mlflow
from mlflow_server import MlflowServer
from service_process import free_port

from models.catalogue.card import Task
from training_eval.errors import RegistryUnavailable
from training_eval.registry.tracking import Store, opened
from training_eval.registry.versions import listed
from training_eval.settings import TrainingSettings


def _settings(folder: Path, uri: str | None = None, token: str | None = None) -> TrainingSettings:
    return TrainingSettings(state_dir=folder, mlflow_uri=uri, mlflow_token=token)


def test_a_new_file_is_said_once_and_belongs_to_its_owner(tmp_path: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        with opened(_settings(tmp_path / "state"), told.append) as store:
            assert listed(store, Task.ANTISPOOFING) == ()
    folder = tmp_path / "state" / "mlflow"
    assert told == [f"Making MLflow's database {folder / 'mlflow.sqlite'} …"]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_global_is_left(local_settings: TrainingSettings, tmp_path: Path) -> None:
    def state() -> object:
        return dict(os.environ), mlflow.get_tracking_uri(), mlflow.get_registry_uri(), mlflow.active_run()

    before = state()
    with opened(local_settings.model_copy(update={"mlflow_token": None})) as store:
        store.experiment(Task.ANTISPOOFING)
    with pytest.raises(RegistryUnavailable), opened(_settings(tmp_path, _nowhere(), "secret")) as store:
        store.experiment(Task.ANTISPOOFING)
    assert state() == before


def test_an_experiment_is_made_once(store: Store) -> None:
    first = store.experiment(Task.ANTISPOOFING)
    assert store.experiment(Task.ANTISPOOFING) == first
    assert store.experiment(Task.AGE_GENDER) != first


@pytest.mark.parametrize(
    "uri",
    ["file:///tmp/runs", "postgresql://me:secret@host/db", "sqlite://", "sqlite:///:memory:", "databricks"],
)
def test_an_address_of_another_kind_is_refused(tmp_path: Path, uri: str) -> None:
    with (
        pytest.raises(RegistryUnavailable, match="FACESOCIAL_MLFLOW_URI") as caught,
        opened(_settings(tmp_path, uri)),
    ):
        pass
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.sqlite"
    file.write_text("no database\n" * 100)
    with (
        pytest.raises(RegistryUnavailable, match=f"{file} cannot be used: .*not a database"),
        opened(_settings(tmp_path, f"sqlite:///{file}")),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RegistryUnavailable, match="cannot be made"), opened(_settings(tmp_path / "file")):
        pass


def test_a_server_that_is_down_and_comes_back(
    mlflow_server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    uri = mlflow_server.uri
    with opened(_settings(tmp_path, uri)) as store:
        made = store.experiment(Task.ANTISPOOFING)
        mlflow_server.stop()
        try:
            with (
                pytest.raises(RegistryUnavailable, match=f"{uri} does not answer: start it"),
                opened(_settings(tmp_path, uri)) as again,
            ):
                again.experiment(Task.ANTISPOOFING)
        finally:
            mlflow_server.start()
        assert store.experiment(Task.ANTISPOOFING) == made


def test_a_password_in_the_address_is_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    uri = _nowhere().replace("//", "//me:secret@")
    with (
        pytest.raises(RegistryUnavailable, match="does not answer") as caught,
        opened(_settings(tmp_path, uri)) as store,
    ):
        store.experiment(Task.ANTISPOOFING)
    assert "secret" not in str(caught.value)


def test_the_token_is_sent_and_its_refusal_said(tmp_path: Path) -> None:
    with (
        _refusing() as (uri, tokens),
        pytest.raises(RegistryUnavailable, match="refuses access: set FACESOCIAL_MLFLOW_TOKEN"),
        opened(_settings(tmp_path, uri, "swordfish")) as store,
    ):
        store.experiment(Task.ANTISPOOFING)
    assert tokens == ["Bearer swordfish"]
    assert "MLFLOW_TRACKING_TOKEN" not in os.environ


def _nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}"


@contextmanager
def _refusing() -> Iterator[tuple[str, list[str | None]]]:
    """A server that lets nobody in, and what it was shown."""
    shown: list[str | None] = []

    class Guard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers["Authorization"])
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Guard)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", shown
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
