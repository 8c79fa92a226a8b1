"""Reads an MLflow server over its REST API (MLflow, "REST API", 2.0); nothing is ever written here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from workbench.endpoints import LOOPBACK, http_host
from workbench.registry.model import Row, Version, rows_of, version_of

API = "api/2.0/mlflow"
ANSWER_BYTES = 8 * 2**20
PAGES = 50
PAGE = 200
UNKNOWN = "RESOURCE_DOES_NOT_EXIST"


class RegistryFailed(Exception):
    """The registry could not be read.

    Attributes:
        message: What is wrong, and what to do.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RegistryReader:
    """Reads versions of models; close it, or use it as a context.

    Args:
        address: Of an MLflow server, http or https; may hold a user's name and password.
        token: Sent as bearer token.
        timeout_s: Seconds for each answer.

    Raises:
        RegistryFailed: The address is none.
    """

    def __init__(self, address: str, token: str | None = None, timeout_s: float = 10.0) -> None:
        host = http_host(address)
        if host is None:
            raise RegistryFailed("FACESOCIAL_WORKBENCH_REGISTRY_URI is no http or https address: correct it.")
        parts = urlsplit(address)
        self.shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        self._base = address.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(timeout=timeout_s, headers=headers, trust_env=host not in LOOPBACK)

    def __enter__(self) -> RegistryReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def versions(self, task: str) -> list[Version]:
        """Versions of a task, the newest first; none where the registry does not know the task.

        Raises:
            RegistryFailed: The registry does not answer, refuses, or is none.
        """
        held = self._asked("registered-models/get", {"name": task})
        if held is None:
            return []
        try:
            named = held["registered_model"].get("aliases") or []
            aliases = {str(one["alias"]): int(one["version"]) for one in named}
            found = [version_of(task, entity, aliases) for entity in self._all_versions(task)]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._no_registry() from error
        return sorted(found, key=lambda version: -version.number)

    def measures(self, version: Version) -> dict[str, float]:
        """Figures of the run that made a version, by ``set/group/metric``.

        Raises:
            RegistryFailed: As ``versions``.
        """
        if not version.run_id or (held := self._asked("runs/get", {"run_id": version.run_id})) is None:
            return {}
        try:
            metrics = held["run"]["data"].get("metrics") or []
            return dict(sorted((str(one["key"]), float(one["value"])) for one in metrics))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._no_registry() from error

    def decision(self, version: Version) -> list[Row] | None:
        """The gate's last table about a version; None before it was asked.

        Raises:
            RegistryFailed: As ``versions``.
        """
        if not version.run_id or not version.decision:
            return None
        response = self._get("get-artifact", {"path": "decision.json", "run_uuid": version.run_id})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        self._require(response)
        try:
            return list(rows_of(response.content))
        except ValueError as error:
            raise RegistryFailed(f"decision.json of version {version.number} cannot be read.") from error

    def _all_versions(self, task: str) -> Iterator[Mapping[str, Any]]:
        token = ""
        for _ in range(PAGES):
            query = {"filter": f"name='{task}'", "max_results": str(PAGE), "page_token": token}
            page = self._asked("model-versions/search", {key: value for key, value in query.items() if value})
            if page is None:
                return
            yield from page.get("model_versions") or []
            token = str(page.get("next_page_token") or "")
            if not token:
                return

    def _asked(self, operation: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """An object; None where there is no such thing."""
        response = self._get(f"{API}/{operation}", query)
        try:
            data = json.loads(response.content)
        except ValueError:
            data = None
        known = isinstance(data, dict)
        if response.status_code == httpx.codes.NOT_FOUND and known and data.get("error_code") == UNKNOWN:
            return None
        self._require(response)
        if not known:
            raise self._no_registry()
        return dict(data)

    def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        try:
            with self._http.stream("GET", f"{self._base}/{path}", params=dict(query)) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > ANSWER_BYTES:
                        raise RegistryFailed(f"{self.shown} sends more than a registry would.")
                return httpx.Response(response.status_code, content=bytes(body))
        except httpx.HTTPError as error:
            raise RegistryFailed(
                f"The MLflow server at {self.shown} does not answer ({type(error).__name__}): start it, or correct "
                "FACESOCIAL_WORKBENCH_REGISTRY_URI."
            ) from error

    def _require(self, response: httpx.Response) -> None:
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise RegistryFailed(
                f"The MLflow server at {self.shown} refuses access ({response.status_code}): set "
                "FACESOCIAL_WORKBENCH_REGISTRY_TOKEN to a token of it."
            )
        if not response.is_success:
            raise RegistryFailed(f"The MLflow server at {self.shown} answers {response.status_code}.")

    def _no_registry(self) -> RegistryFailed:
        return RegistryFailed(f"What answers at {self.shown} is no MLflow server: correct the address.")
