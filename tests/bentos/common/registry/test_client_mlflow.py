"""Against a real MLflow server: what was registered arrives, however it was kept there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from registered import a_bundle

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from mlflow import MlflowClient
from mlflow_server import MlflowServer

from bentos.common.errors import DependencyUnavailable
from bentos.common.registry.client import RegistryClient, Version
from models.errors import ModelUnavailable
from models.runtime.bundle import CARDS, Bundle, read_bundle

NAME = "antispoofing"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(scope="module")
def mlflow(server: MlflowServer) -> MlflowClient:
    client = MlflowClient(tracking_uri=server.uri, registry_uri=server.uri)
    client.create_registered_model(NAME)
    return client


@pytest.fixture
def client(server: MlflowServer) -> RegistryClient:
    return RegistryClient(server.uri)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return a_bundle(tmp_path / "bundle", b"graph" * 100_000)


def _experiment(mlflow: MlflowClient, location: str | None) -> str:
    known = len(mlflow.search_experiments())
    return str(mlflow.create_experiment(f"experiment {known}", artifact_location=location))


def _as_run(mlflow: MlflowClient, bundle: Bundle, location: str | None = None) -> str:
    run = mlflow.create_run(_experiment(mlflow, location))
    mlflow.log_artifacts(run.info.run_id, str(bundle.folder), "bundle")
    source = f"{run.info.artifact_uri}/bundle"
    return str(mlflow.create_model_version(NAME, source, run_id=run.info.run_id).version)


def _as_logged_model(mlflow: MlflowClient, bundle: Bundle, location: str | None = None) -> str:
    made = mlflow.create_logged_model(_experiment(mlflow, location), name="bundle")
    mlflow.log_model_artifacts(made.model_id, str(bundle.folder))
    source = f"models:/{made.model_id}"
    return str(mlflow.create_model_version(NAME, source, model_id=made.model_id).version)


def _brought(client: RegistryClient, number: str, folder: Path) -> Bundle:
    version = Version(NAME, number)
    folder.mkdir()
    client.download(version, client.cards(version), folder)
    return read_bundle(folder)


@pytest.mark.parametrize("keep", [_as_run, _as_logged_model])
@pytest.mark.parametrize("proxied", [True, False])
def test_a_bundle_arrives(
    keep: object, proxied: bool, mlflow: MlflowClient, client: RegistryClient, bundle: Bundle, tmp_path: Path
) -> None:
    location = None if proxied else (tmp_path / "artifacts").as_uri()
    number = keep(mlflow, bundle, location)  # type: ignore[operator]
    found = _brought(client, number, tmp_path / "brought")
    assert found.cards == bundle.cards
    assert found.path(found.cards[0]).read_bytes() == b"graph" * 100_000


def test_aliases_move_and_go(mlflow: MlflowClient, client: RegistryClient, bundle: Bundle) -> None:
    first, second = _as_run(mlflow, bundle), _as_run(mlflow, bundle)
    assert client.aliases(NAME) == {}
    mlflow.set_registered_model_alias(NAME, "champion", first)
    mlflow.set_registered_model_alias(NAME, "challenger", second)
    assert client.aliases(NAME) == {"champion": Version(NAME, first), "challenger": Version(NAME, second)}
    mlflow.set_registered_model_alias(NAME, "champion", second)
    mlflow.delete_registered_model_alias(NAME, "challenger")
    assert client.aliases(NAME) == {"champion": Version(NAME, second)}
    mlflow.delete_registered_model_alias(NAME, "champion")


def test_a_model_that_was_never_registered(client: RegistryClient) -> None:
    assert client.aliases("face-detection") == {}


def test_a_version_that_is_no_bundle(
    mlflow: MlflowClient, client: RegistryClient, bundle: Bundle, tmp_path: Path
) -> None:
    (bundle.folder / CARDS).rename(bundle.folder / "other.json")
    with pytest.raises(ModelUnavailable, match="bundle"):
        client.cards(Version(NAME, _as_run(mlflow, bundle)))
    with pytest.raises(ModelUnavailable, match="bundle"):
        client.cards(Version(NAME, "99999"))


def test_a_version_whose_graph_is_missing(
    mlflow: MlflowClient, client: RegistryClient, bundle: Bundle, tmp_path: Path
) -> None:
    bundle.path(bundle.cards[0]).unlink()
    version = Version(NAME, _as_run(mlflow, bundle))
    with pytest.raises(ModelUnavailable, match=r"\.onnx"):
        client.download(version, client.cards(version), tmp_path)


def test_a_server_that_is_stopped_and_started_again(tmp_path: Path) -> None:
    with MlflowServer(tmp_path / "own") as server:
        client = RegistryClient(server.uri)
        assert client.aliases(NAME) == {}
        server.stop()
        with pytest.raises(DependencyUnavailable, match="no answer"):
            client.aliases(NAME)
        server.start()
        assert client.aliases(NAME) == {}
