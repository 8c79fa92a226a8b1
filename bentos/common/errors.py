"""The one error tree.

::

    FaceSocialError                    models.errors
    ├── ImageError
    │   ├── InvalidImage
    │   └── ImageTooLarge
    ├── FaceError
    │   ├── NoFace
    │   ├── MultipleFaces
    │   └── LowQuality
    ├── ModelUnavailable
    │   ├── WeightsMissing
    │   └── DigestMismatch
    ├── Overloaded
    ├── ConfigurationError             this file
    ├── RequestError
    │   ├── InvalidRequest
    │   ├── InvalidVideo
    │   ├── MethodNotAllowed
    │   ├── PayloadTooLarge
    │   ├── UnsupportedMediaType
    │   ├── NotFound
    │   ├── Conflict
    │   └── RateLimited
    ├── AuthError
    │   ├── MissingToken
    │   ├── InvalidTokenFormat
    │   ├── InvalidToken
    │   └── Forbidden
    ├── InferenceFailed
    └── DependencyUnavailable

None of them knows HTTP: ``bentos.common.http_errors`` gives each its code and status.
"""

from __future__ import annotations

from models.errors import FaceSocialError, Overloaded

__all__ = [
    "AuthError",
    "ConfigurationError",
    "Conflict",
    "DependencyUnavailable",
    "FaceSocialError",
    "Forbidden",
    "InferenceFailed",
    "InvalidRequest",
    "InvalidToken",
    "InvalidTokenFormat",
    "InvalidVideo",
    "MethodNotAllowed",
    "MissingToken",
    "NotFound",
    "Overloaded",
    "PayloadTooLarge",
    "RateLimited",
    "RequestError",
    "UnsupportedMediaType",
]


class ConfigurationError(FaceSocialError):
    """A setting is missing or wrong; the message names it. A service does not start with it."""


class RequestError(FaceSocialError):
    """The request is not one that this service answers."""


class InvalidRequest(RequestError):
    """Missing or malformed fields."""


class InvalidVideo(RequestError):
    """No video that can be decoded within the limits; the message says what is wrong with it."""


class MethodNotAllowed(RequestError):
    """The path exists, not with this method."""


class PayloadTooLarge(RequestError):
    """The body is larger than allowed."""


class UnsupportedMediaType(RequestError):
    """Neither multipart/form-data nor application/json."""


class NotFound(RequestError):
    """No such thing, or it belongs to another tenant."""


class Conflict(RequestError):
    """It exists already."""


class RateLimited(RequestError):
    """Too many requests; try again after ``retry_after_s`` seconds."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message, {"retry_after_s": retry_after_s})
        self.retry_after_s = retry_after_s


class AuthError(FaceSocialError):
    """The caller may not do this."""


class MissingToken(AuthError):
    """No Authorization header."""


class InvalidTokenFormat(AuthError):
    """An Authorization header that is not ``Bearer <token>``."""


class InvalidToken(AuthError):
    """A token that does not hold: forged, expired, for somebody else."""


class Forbidden(AuthError):
    """The token's role does not allow it."""


class DependencyUnavailable(FaceSocialError):
    """A store or another service does not answer; the message names it."""


class InferenceFailed(FaceSocialError):
    """The model failed on this very picture, alone."""
