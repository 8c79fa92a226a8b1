"""The one place where an error gets its code and status."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from bentos.common import errors as e
from bentos.contracts import ErrorBody, ErrorCode, ErrorMeta, Failure
from models import errors as m

CODES: Mapping[type[m.FaceSocialError], tuple[int, ErrorCode]] = MappingProxyType(
    {
        m.FaceSocialError: (500, ErrorCode.INTERNAL_ERROR),
        m.ImageError: (400, ErrorCode.INVALID_IMAGE),
        m.InvalidImage: (400, ErrorCode.INVALID_IMAGE),
        m.ImageTooLarge: (413, ErrorCode.PAYLOAD_TOO_LARGE),
        m.FaceError: (422, ErrorCode.LOW_QUALITY),
        m.NoFace: (422, ErrorCode.NO_FACE),
        m.MultipleFaces: (422, ErrorCode.MULTIPLE_FACES),
        m.LowQuality: (422, ErrorCode.LOW_QUALITY),
        m.ModelUnavailable: (503, ErrorCode.MODEL_UNAVAILABLE),
        m.WeightsMissing: (503, ErrorCode.MODEL_UNAVAILABLE),
        m.DigestMismatch: (503, ErrorCode.MODEL_UNAVAILABLE),
        m.Overloaded: (503, ErrorCode.OVERLOADED),
        e.ConfigurationError: (500, ErrorCode.INTERNAL_ERROR),
        e.RequestError: (400, ErrorCode.INVALID_REQUEST),
        e.InvalidRequest: (400, ErrorCode.INVALID_REQUEST),
        e.InvalidVideo: (400, ErrorCode.INVALID_REQUEST),
        e.MethodNotAllowed: (405, ErrorCode.INVALID_REQUEST),
        e.PayloadTooLarge: (413, ErrorCode.PAYLOAD_TOO_LARGE),
        e.UnsupportedMediaType: (415, ErrorCode.UNSUPPORTED_MEDIA_TYPE),
        e.NotFound: (404, ErrorCode.NOT_FOUND),
        e.Conflict: (409, ErrorCode.CONFLICT),
        e.RateLimited: (429, ErrorCode.RATE_LIMITED),
        e.AuthError: (401, ErrorCode.INVALID_TOKEN),
        e.MissingToken: (401, ErrorCode.MISSING_TOKEN),
        e.InvalidTokenFormat: (401, ErrorCode.INVALID_TOKEN_FORMAT),
        e.InvalidToken: (401, ErrorCode.INVALID_TOKEN),
        e.Forbidden: (403, ErrorCode.FORBIDDEN),
        e.InferenceFailed: (500, ErrorCode.INTERNAL_ERROR),
        e.DependencyUnavailable: (503, ErrorCode.DEPENDENCY_UNAVAILABLE),
    }
)

RETRY_AFTER_S = 1
INTERNAL = "Something went wrong here; the request id finds it in the service's log."


def status_of(error: Exception) -> int:
    """The HTTP status of an error; 500 for one that nobody raised on purpose."""
    return CODES[type(error)][0] if isinstance(error, m.FaceSocialError) else 500


def body_of(error: Exception) -> ErrorBody:
    """The wire form of an error; an unexpected one says nothing of the inside."""
    if not isinstance(error, m.FaceSocialError):
        return ErrorBody(code=ErrorCode.INTERNAL_ERROR, message=INTERNAL)
    code = CODES[type(error)][1]
    message = INTERNAL if code is ErrorCode.INTERNAL_ERROR else error.message
    return ErrorBody(code=code, message=message, details=error.details or None)


def response_of(error: Exception, request_id: str) -> Response:
    """The whole answer to a request that failed."""
    failure = Failure(error=body_of(error), meta=ErrorMeta(request_id=request_id))
    status = status_of(error)
    headers: dict[str, str] = {}
    if status in (429, 503):
        headers["Retry-After"] = str(getattr(error, "retry_after_s", RETRY_AFTER_S))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        failure.model_dump_json(exclude_none=True), status, headers=headers, media_type="application/json"
    )
