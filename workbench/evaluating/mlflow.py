"""An evaluation as a run of an MLflow server, over its REST API (MLflow, "REST API", 2.0)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from workbench.endpoints import LOOPBACK, http_host

API = "api/2.0/mlflow"
ARTIFACTS = "api/2.0/mlflow-artifacts/artifacts"
PROXIED = "mlflow-artifacts:"
EXPERIMENT = "workbench"
MOST_METRICS, MOST_PARAMETERS = 1000, 100
LONGEST_VALUE = 6000


class LoggingFailed(Exception):
    """The run was not logged, or not all of it; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A run that was logged.

    Attributes:
        run_id: Its id.
        address: Where people find it.
        kept: Whether the tables went with it: a server that does not proxy artefacts takes figures alone.
    """

    run_id: str
    address: str
    kept: bool


class EvaluationLog:
    """Writes runs; close it, or use it as a context.

    Args:
        address: Of an MLflow server, http or https.
        token: Sent as bearer token.
        timeout_s: Seconds for each answer.

    Raises:
        LoggingFailed: The address is none.
    """

    def __init__(self, address: str, token: str | None = None, timeout_s: float = 20.0) -> None:
        host = http_host(address)
        if host is None:
            raise LoggingFailed("FACESOCIAL_WORKBENCH_REGISTRY_URI is no http or https address: correct it.")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._base = address.rstrip("/")
        self._http = httpx.Client(timeout=timeout_s, headers=headers, trust_env=host not in LOOPBACK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def log(
        self,
        name: str,
        parameters: Mapping[str, str],
        figures: Mapping[str, float],
        files: Mapping[str, bytes],
    ) -> Logged:
        """Write one run.

        Args:
            name: Of the run.
            parameters: What was measured, and how.
            figures: What came of it.
            files: Artefacts by name.

        Raises:
            LoggingFailed: The server does not answer or refuses; a run that was begun is marked as failed.
        """
        now, experiment = round(time.time() * 1e3), self._experiment()
        begun = self._post("runs/create", {"experiment_id": experiment, "run_name": name, "start_time": now})
        try:
            info = begun["run"]["info"]
            run_id, uri = str(info["run_id"]), str(info.get("artifact_uri", ""))
        except (KeyError, TypeError) as error:
            raise self._no_server() from error
        try:
            self._batch(run_id, parameters, figures, now)
            kept = all(self._put(uri, file, data) for file, data in files.items())
        except LoggingFailed:
            self._end(run_id, "FAILED")
            raise
        self._end(run_id, "FINISHED")
        return Logged(run_id, f"{self._base}/#/experiments/{experiment}/runs/{run_id}", kept)

    def _experiment(self) -> str:
        found = self._send("GET", f"{API}/experiments/get-by-name", params={"experiment_name": EXPERIMENT})
        if found.status_code == httpx.codes.NOT_FOUND:
            return str(self._post("experiments/create", {"name": EXPERIMENT})["experiment_id"])
        try:
            return str(self._read(found)["experiment"]["experiment_id"])
        except (KeyError, TypeError) as error:
            raise self._no_server() from error

    def _batch(
        self, run_id: str, parameters: Mapping[str, str], figures: Mapping[str, float], at: int
    ) -> None:
        values = [{"key": key, "value": text[:LONGEST_VALUE]} for key, text in parameters.items()]
        metrics = [{"key": key, "value": value, "timestamp": at, "step": 0} for key, value in figures.items()]
        self._post(
            "runs/log-batch",
            {"run_id": run_id, "params": values[:MOST_PARAMETERS], "metrics": metrics[:MOST_METRICS]},
        )

    def _put(self, uri: str, file: str, data: bytes) -> bool:
        """Whether the server takes artefacts for its clients."""
        if not uri.startswith(PROXIED):
            return False
        place = uri.removeprefix(PROXIED).lstrip("/")
        path = f"{ARTIFACTS}/{quote(place)}/{quote(file)}"
        self._read(self._send("PUT", path, content=data))
        return True

    def _end(self, run_id: str, status: str) -> None:
        self._post("runs/update", {"run_id": run_id, "status": status, "end_time": round(time.time() * 1e3)})

    def _post(self, operation: str, body: Mapping[str, Any]) -> Any:
        return self._read(self._send("POST", f"{API}/{operation}", json=dict(body)))

    def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            return self._http.request(method, f"{self._base}/{path}", **given)
        except httpx.HTTPError as error:
            raise LoggingFailed(
                f"The MLflow server does not answer ({type(error).__name__}): start it, or correct "
                "FACESOCIAL_WORKBENCH_REGISTRY_URI."
            ) from error

    def _read(self, response: httpx.Response) -> Any:
        if not response.is_success:
            raise LoggingFailed(f"The MLflow server answers {response.status_code}: its log tells more.")
        try:
            return json.loads(response.content or b"{}")
        except ValueError as error:
            raise self._no_server() from error

    def _no_server(self) -> LoggingFailed:
        return LoggingFailed(
            "What answers there is no MLflow server: correct FACESOCIAL_WORKBENCH_REGISTRY_URI."
        )
