"""Evaluations logged to a real MLflow server, and to what is none."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import httpx
import pytest
from contract_stub import ContractStub
from mlflow_server import MlflowServer
from service_process import free_port

from workbench.evaluating.mlflow import EvaluationLog, LoggingFailed


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    if importlib.util.find_spec("mlflow") is None:
        pytest.skip("the extra train is not installed")
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


def test_figures_parameters_and_tables_arrive(mlflow: MlflowServer) -> None:
    with EvaluationLog(mlflow.uri) as log:
        first = log.log(
            "drawn on local", {"environment": "local"}, {"auc": 0.75}, {"cases.csv": b"a,b\n1,2\n"}
        )
        second = log.log("again", {}, {}, {})
    assert first.kept
    assert first.run_id in first.address
    run = httpx.get(f"{mlflow.uri}/api/2.0/mlflow/runs/get", params={"run_id": first.run_id}).json()["run"]
    assert run["info"]["status"] == "FINISHED"
    assert run["data"]["metrics"][0]["value"] == 0.75
    assert {"key": "environment", "value": "local"} in run["data"]["params"]
    file = httpx.get(f"{mlflow.uri}/get-artifact", params={"path": "cases.csv", "run_uuid": first.run_id})
    assert file.content == b"a,b\n1,2\n"
    again = httpx.get(f"{mlflow.uri}/api/2.0/mlflow/runs/get", params={"run_id": second.run_id}).json()["run"]
    assert again["info"]["experiment_id"] == run["info"]["experiment_id"]


def test_a_run_that_cannot_be_written_whole_is_marked_as_failed(mlflow: MlflowServer) -> None:
    with EvaluationLog(mlflow.uri) as log, pytest.raises(LoggingFailed, match="answers 400"):
        log.log("bad", {"no\nname": "x"}, {}, {})
    found = httpx.post(
        f"{mlflow.uri}/api/2.0/mlflow/runs/search",
        json={"experiment_ids": ["1"], "filter": "attributes.run_name = 'bad'"},
    ).json()
    assert [run["info"]["status"] for run in found["runs"]] == ["FAILED"]


def test_a_server_that_is_away_or_is_none_says_what_to_do(stub: ContractStub) -> None:
    with (
        EvaluationLog(f"http://127.0.0.1:{free_port()}") as log,
        pytest.raises(LoggingFailed, match="does not answer"),
    ):
        log.log("x", {}, {}, {})
    with pytest.raises(LoggingFailed, match="no http or https address"):
        EvaluationLog("sqlite:///x")
    with EvaluationLog(stub.url) as log, pytest.raises(LoggingFailed, match="MLflow server"):
        log.log("x", {}, {}, {})
