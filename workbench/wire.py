"""From a call to an HTTP request, and from what came back to an answer or an error; no network here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from bentos.contracts import ErrorCode
from workbench.calls import Call
from workbench.endpoints import Endpoints, http_host
from workbench.errors import ApiError, ClientError, ConnectionFailed, NotConfigured, UnexpectedAnswer

T = TypeVar("T")
Outcome = httpx.Response | httpx.RequestError

REQUEST_ID = "X-Request-ID"
IDEMPOTENCY_KEY = "Idempotency-Key"
NDJSON = "application/x-ndjson"

# What a gateway means that answers in its own words, because the service never saw the request.
CODE_OF_STATUS: Mapping[int, ErrorCode] = MappingProxyType(
    {
        401: ErrorCode.INVALID_TOKEN,
        403: ErrorCode.FORBIDDEN,
        413: ErrorCode.PAYLOAD_TOO_LARGE,
        429: ErrorCode.RATE_LIMITED,
        502: ErrorCode.DEPENDENCY_UNAVAILABLE,
        503: ErrorCode.DEPENDENCY_UNAVAILABLE,
        504: ErrorCode.DEPENDENCY_UNAVAILABLE,
    }
)


class _ErrorBody(BaseModel):
    code: str
    message: str
    details: dict[str, Any] | None = None


class _Failure(BaseModel):
    error: _ErrorBody


def bearer(token: str | None) -> dict[str, str]:
    """The Authorization header of a token.

    Raises:
        NotConfigured: The token holds what no header can carry.
    """
    if token is None:
        return {}
    if not token.isascii() or not token.isprintable() or " " in token:
        raise NotConfigured("The token is none: it holds blanks, line breaks or letters that no token has.")
    return {"Authorization": f"Bearer {token}"}


def build_request(
    call: Call[T], endpoints: Endpoints, headers: Mapping[str, str], timeout_s: float
) -> httpx.Request:
    """The request of a call.

    Args:
        call: What is asked.
        endpoints: Where.
        headers: Such as ``bearer`` makes.
        timeout_s: Seconds to wait for an answer, where the call does not say.

    Raises:
        NotConfigured: No usable address for the service.
    """
    timeout = httpx.Timeout(call.timeout_s or timeout_s, connect=min(5.0, call.timeout_s or timeout_s))
    try:
        return httpx.Request(
            call.method,
            _address(call, endpoints),
            params=dict(call.query) or None,
            headers={REQUEST_ID: uuid.uuid4().hex, **headers, **_own_headers(call)},
            content=call.lines,
            json=dict(call.fields) or None if not call.files else None,
            data=dict(call.fields) or None if call.files else None,
            files=[(name, (name, data, "application/octet-stream")) for name, data in call.files] or None,
            extensions={"timeout": timeout.as_dict()},
        )
    except (LookupError, httpx.InvalidURL) as error:
        raise NotConfigured(f"{call.service} cannot be asked: {error}") from error


def read_answer(call: Call[T], request: httpx.Request, outcome: Outcome) -> T:
    """The answer in what came back.

    Raises:
        ApiError: The service said no.
        UnexpectedAnswer: Whatever answered does not speak the contract.
        ConnectionFailed: Nothing answered.
    """
    response = require_success(call, request, outcome)
    try:
        return call.read(response.content)
    except ValueError as error:
        raise _unexpected(response) from error


def require_success(call: Call[T], request: httpx.Request, outcome: Outcome) -> httpx.Response:
    """The response, whose body may not have been read yet; raises like ``read_answer``."""
    if isinstance(outcome, httpx.RequestError):
        raise _connection_failed(call, request, outcome) from outcome
    if not outcome.is_success:
        raise _refusal(outcome)
    return outcome


def cut_off(response: httpx.Response) -> ClientError:
    """What is said of a stream without its last line."""
    said = f"{response.request.url} sent a part of its lines, not the last one. Ask for them again."
    return UnexpectedAnswer(said, status=response.status_code, request_id=_request_id(response))


def retry_after(response: httpx.Response) -> float | None:
    """Seconds in the header Retry-After, given as seconds or as a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _address(call: Call[T], endpoints: Endpoints) -> httpx.URL:
    url = endpoints.url(call.service, call.path, versioned=call.versioned, published=call.published)
    if http_host(url) is None:
        raise httpx.InvalidURL(f"{url} is no http or https address.")
    return httpx.URL(url)


def _own_headers(call: Call[T]) -> dict[str, str]:
    key = {} if call.key is None else {IDEMPOTENCY_KEY: call.key}
    return key if call.lines is None else {**key, "Content-Type": NDJSON}


def _request_id(response: httpx.Response) -> str | None:
    """The one that the service answered with, else the one that was sent."""
    found: str | None = response.headers.get(REQUEST_ID) or response.request.headers.get(REQUEST_ID)
    return found


def _connection_failed(call: Call[T], request: httpx.Request, error: httpx.RequestError) -> ClientError:
    address = str(request.url.copy_with(raw_path=b"/")).rstrip("/")
    if isinstance(error, httpx.TimeoutException):
        said = f"{call.service} at {address} did not answer in time. Try again, or look at its health."
    else:
        said = (
            f"{call.service} does not answer at {address} ({error or type(error).__name__}). "
            "Start it (locally `make up`), or choose another environment."
        )
    request_id = request.headers.get(REQUEST_ID)
    return ConnectionFailed(said, service=call.service, address=address, request_id=request_id)


def _refusal(response: httpx.Response) -> ClientError:
    try:
        body = _Failure.model_validate_json(response.content).error
    except ValidationError:
        code = CODE_OF_STATUS.get(response.status_code)
        if code is None:
            return _unexpected(response)
        host = response.request.url.host
        body = _ErrorBody(
            code=code, message=f"{host} answered {response.status_code} {response.reason_phrase}."
        )
    return ApiError(
        body.message,
        code=body.code,
        status=response.status_code,
        details=body.details,
        request_id=_request_id(response),
        retry_after=retry_after(response),
    )


def _unexpected(response: httpx.Response) -> ClientError:
    kind = response.headers.get("content-type", "no content type")
    return UnexpectedAnswer(
        f"{response.request.url} answered {response.status_code} ({kind}), which is not an answer of the contract. "
        "Another program may listen there, or this client is older than the service.",
        status=response.status_code,
        request_id=_request_id(response),
    )
