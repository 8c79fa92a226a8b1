"""The face recognition service with its galleries, on both sets of stores, as a caller uses it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from service_process import ServiceProcess

API = "/api/v1"
Recognition = Callable[..., ServiceProcess]
"""Makes a recognition service with these settings."""


@dataclass
class Caller:
    """Somebody with a token of one tenant."""

    service: ServiceProcess
    tenant: str = "acme"
    role: str = "operator"

    def call(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Any request."""
        token = self.service.token(self.role, tenant=self.tenant)
        headers = {"Authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.request(method, f"{self.service.url}{API}{path}", headers=headers, **kwargs)

    def data(self, method: str, path: str, status: int = 200, **kwargs: Any) -> Any:
        """``data`` of an answer that has to have this status."""
        answer = self.call(method, path, **kwargs)
        assert answer.status_code == status, answer.text
        return answer.json()["data"]

    def error(self, method: str, path: str, status: int, **kwargs: Any) -> str:
        """The code of an answer that has to have this status."""
        answer = self.call(method, path, **kwargs)
        assert answer.status_code == status, answer.text
        code: str = answer.json()["error"]["code"]
        return code

    def enrol(
        self,
        subject: str,
        image: bytes,
        collection: str = "staff",
        key: str | None = None,
        **fields: str,
    ) -> dict[str, Any]:
        found: dict[str, Any] = self.data(
            "POST",
            f"/collections/{collection}/subjects",
            201,
            files={"image": image},
            data={"subject_id": subject, **fields},
            headers={"Idempotency-Key": key} if key else {},
        )
        return found

    def identify(self, image: bytes, collection: str = "staff", **fields: str) -> list[list[dict[str, Any]]]:
        """Matches of each face."""
        found = self.data("POST", f"/collections/{collection}/identify", files={"image": image}, data=fields)
        return [face["matches"] for face in found["faces"]]

    def as_role(self, role: str) -> Caller:
        return Caller(self.service, self.tenant, role)


def wait_until_ready(service: ServiceProcess, limit_s: float = 90) -> None:
    """After a start that somebody else caused."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{service.url}/readyz", trust_env=False, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready again within {limit_s} s")


def settings_of(database: str, redis: str, milvus: str) -> Mapping[str, str]:
    """A service on servers."""
    return {
        "FACESOCIAL_DATABASE_URL": database,
        "FACESOCIAL_REDIS_URL": redis,
        "FACESOCIAL_MILVUS_URI": milvus,
    }
