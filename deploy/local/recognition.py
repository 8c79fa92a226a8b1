"""The face recognition service as a command sees it: by HTTP, with a token of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import httpx

from bentos.common.auth import Role
from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import Settings
from bentos.common.tenants import policies
from bentos.contracts import GalleryFindings, ReindexReport
from bentos.contracts.base import Message
from deploy.local.opening import opened
from deploy.local.run import with_secret
from deploy.local.state import StateFolder
from deploy.local.tokens import make_token

T = TypeVar("T", bound=Message)

NAME = "face-recognition-service"
TIMEOUT_S = 600.0


class RecognitionService:
    """The running service.

    Args:
        settings: Where the local one is and what signs its tokens.
        url: Of another one.
        token: For it; made here if not given.
    """

    def __init__(self, settings: Settings, url: str | None = None, token: str | None = None) -> None:
        self._settings = settings
        self._state = StateFolder(settings.state_dir)
        self._token = token
        self._client = httpx.Client(
            base_url=url or self._address(),
            timeout=TIMEOUT_S,
            trust_env=url is not None,
            transport=httpx.HTTPTransport(retries=2),
        )

    def tenants(self) -> Sequence[str]:
        """All tenants of the local database."""
        with opened(self._settings, upgraded=False) as database, database.read() as session:
            return [one.name for one in policies(session)]

    def all_tenants(self, operation: str, held: ConfigurationError) -> GalleryFindings:
        """What ``POST /gallery/OPERATION`` finds, over all tenants together.

        Raises:
            ConfigurationError: ``held``, where no service answers either.
        """
        try:
            found = [
                self._gallery(operation, tenant, GalleryFindings) for tenant in self.tenants() or ["default"]
            ]
        except httpx.TransportError:
            raise held from None
        counts = {
            name: sum(getattr(one, name) for one in found)
            for name in GalleryFindings.model_fields
            if name != "clean"
        }
        return GalleryFindings(**counts, clean=all(one.clean for one in found))

    def reindex(self, tenant: str, dry: bool) -> ReindexReport:
        """Move a tenant's collections to the service's model, or say what that would do."""
        return self._gallery("reindex/preview" if dry else "reindex", tenant, ReindexReport)

    def request(
        self, method: str, path: str, tenant: str, role: Role = Role.OPERATOR, **kwargs: Any
    ) -> httpx.Response:
        """Any call below ``/api/v1``, its answer unchecked."""
        headers = {"Authorization": f"Bearer {self._bearer(role, tenant)}", **kwargs.pop("headers", {})}
        return self._client.request(method, f"/api/v1{path}", headers=headers, **kwargs)

    def _gallery(self, operation: str, tenant: str, result: type[T]) -> T:
        answer = self.request("POST", f"/gallery/{operation}", tenant, Role.ADMIN)
        return result.model_validate(data_of(answer))

    def _bearer(self, role: Role, tenant: str) -> str:
        return self._token or make_token(with_secret(self._settings, self._state), role, tenant)

    def _address(self) -> str:
        record = self._state.running()
        if record is not None and NAME in record.services:
            return record.services[NAME]
        return f"http://127.0.0.1:{self._settings.port_base + 1}"


def data_of(answer: httpx.Response) -> Any:
    """``data`` of a successful answer.

    Raises:
        DependencyUnavailable: The service refused; the message is its own.
    """
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not answer.is_success or not body.get("success"):
        message = body.get("error", {}).get("message", f"answered {answer.status_code}")
        raise DependencyUnavailable(f"The face recognition service: {message}", {"dependency": NAME})
    return body["data"]
