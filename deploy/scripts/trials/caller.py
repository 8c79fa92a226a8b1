"""Asking a deployment, and saying in one sentence what was wrong with the answer."""

from __future__ import annotations

import ssl
import time
from types import TracebackType
from typing import Any, Self

import httpx

from deploy.scripts.trials.target import Target
from models.errors import FaceSocialError

LIMIT_S = 60.0
BUSY = (429, 503)
TRIES = 3
LONGEST_WAIT_S = 5.0
SHOWN = 200


class TrialFailed(FaceSocialError):
    """A deployment did not do what it should; the message says what it did."""


class Caller:
    """Requests with one token; use it as a context.

    Args:
        target: Where the services are.
        token: A JSON Web Token of an administrator of the tenant that the trials belong to.
        authority: A file with the certificate of the authority that signed the gateway's, in PEM.
    """

    def __init__(self, target: Target, token: str, authority: str | None = None) -> None:
        self.target = target
        self._headers = {"Authorization": f"Bearer {token}"}
        verify = ssl.create_default_context(cafile=authority) if authority else True
        self._http = httpx.Client(timeout=LIMIT_S, verify=verify)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def data(self, method: str, service: str, path: str, *, status: int = 200, **what: Any) -> Any:
        """The ``data`` of a successful answer.

        Raises:
            TrialFailed: No answer, or another status.
        """
        return self.answer(method, service, path, status=status, **what).json()["data"]

    def answer(self, method: str, service: str, path: str, *, status: int, **what: Any) -> httpx.Response:
        """The answer to a request with the token, which has to have this status.

        Raises:
            TrialFailed: No answer, or another status.
        """
        url = self.target.operation(service, path)
        return self.plain(method, url, status=status, headers=self._headers, **what)

    def plain(self, method: str, url: str, *, status: int, **what: Any) -> httpx.Response:
        """The same without the token, at any address."""
        answer = self._patiently(method, url, **what)
        if answer.status_code != status:
            said = " ".join(answer.text.split())[:SHOWN]
            raise TrialFailed(f"{method} {url}: {answer.status_code} where {status} was expected: {said}")
        return answer

    def _patiently(self, method: str, url: str, **what: Any) -> httpx.Response:
        """Ask; again where the service is busy and says when, because others use it at the same time."""
        for left in reversed(range(TRIES)):
            try:
                answer = self._http.request(method, url, **what)
            except httpx.HTTPError as error:
                raise TrialFailed(f"{method} {url}: no answer ({type(error).__name__}: {error})") from error
            wait = answer.headers.get("Retry-After", "")
            if answer.status_code not in BUSY or not left or not wait.isdecimal():
                break
            time.sleep(min(float(wait), LONGEST_WAIT_S))
        return answer
