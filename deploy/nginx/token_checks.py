"""What the gateway learns of a token: who calls, or why not, as the headers of an answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.registry import Collector

from bentos.common.auth import Principal, TokenVerifier
from bentos.common.errors import AuthError, DependencyUnavailable, InvalidTokenFormat
from bentos.common.http_errors import body_of, status_of

SAFE = "-._~@:|/+"
MAX_NAME_BYTES = 256
MAX_MESSAGE = 300
"""Characters of a message, twelve bytes each at most once escaped: NGINX holds 4 KiB of an answer's headers."""
RETRY_AFTER_S = 5
BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0)

logger = logging.getLogger(__name__)

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""
RawHeaders = Iterable[tuple[bytes, bytes]]


class Checks:
    """What the checks of tokens come to, and how many there were.

    Args:
        verifier: Checks.
        beside: What else ``/metrics`` tells.
    """

    def __init__(self, verifier: TokenVerifier, beside: Sequence[Collector] = ()) -> None:
        self._verifier = verifier
        self._registry = CollectorRegistry()
        for collector in beside:
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        self._outcomes = Counter(
            "gateway_token_checks", "Tokens checked, by outcome.", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "gateway_token_check_duration_seconds",
            "Time to check a token.",
            buckets=BUCKETS,
            registry=self._registry,
        )

    async def answer(self, headers: RawHeaders) -> Answer:
        """204 with the caller's names, 401 or 403 with code and message; 500 for what nobody foresaw."""
        outcome = "accepted"
        with self._seconds.time():
            try:
                return 204, names_of(await self._check(authorization_of(headers))), b""
            except (AuthError, DependencyUnavailable) as error:
                outcome = body_of(error).code.lower()
                return refusal_of(error)
            except Exception as error:
                outcome = body_of(error).code.lower()
                logger.exception("a token could not be checked")
                return 500, {}, b""
            finally:
                self._outcomes.labels(outcome).inc()

    async def _check(self, header: str | None) -> Principal:
        if self._verifier.blocking:
            return await asyncio.to_thread(self._verifier.verify, header)
        return self._verifier.verify(header)

    def metrics(self) -> Answer:
        return 200, {"content-type": CONTENT_TYPE_LATEST}, generate_latest(self._registry)


def authorization_of(headers: RawHeaders) -> str | None:
    """The Authorization header.

    Raises:
        InvalidTokenFormat: There are two that differ, of which a service might take the other.
    """
    values = {value for name, value in headers if name.lower() == b"authorization"}
    if len(values) > 1:
        raise InvalidTokenFormat("The request has Authorization headers that differ; send one.")
    return values.pop().decode("latin-1") if values else None


def names_of(caller: Principal) -> Mapping[str, str]:
    """Who calls, as headers of printable ASCII."""
    return {
        "x-user-id": _printable(caller.subject),
        "x-user-role": _printable(caller.role),
        "x-tenant-id": _printable(caller.tenant),
    }


def _printable(name: str) -> str:
    # A surrogate alone is sound in JSON and not in UTF-8.
    encoded = quote(name, safe=SAFE, errors="backslashreplace")
    if len(encoded) <= MAX_NAME_BYTES:
        return encoded
    return f"sha256:{hashlib.sha256(name.encode(errors='backslashreplace')).hexdigest()}"


def refusal_of(error: AuthError | DependencyUnavailable) -> Answer:
    """The refusal with its code and message; NGINX passes on 401 and 403 alone, so every other becomes 403."""
    body, status = body_of(error), status_of(error)
    headers = {
        "x-error-code": body.code.value,
        "x-error-message": json.dumps(body.message[:MAX_MESSAGE])[1:-1],
    }
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    elif status != 403:
        status, headers["retry-after"] = 403, str(RETRY_AFTER_S)
    return status, headers, b""
