"""What can go wrong when a service is asked.

::

    ClientError
    ├── ApiError            the service answered with an error of the contract
    ├── UnexpectedAnswer    something answered that does not speak the contract
    ├── ConnectionFailed    nothing answered
    └── NotConfigured       the call cannot be sent: no address, or a token that is none
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Root of the tree.

    Attributes:
        message: One sentence for a person.
        request_id: Finds the request in the service's log; None where none was sent.
    """

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id


class ApiError(ClientError):
    """An error of the contract.

    Attributes:
        code: One of ``bentos.contracts.ErrorCode``, or one that a newer service has in addition.
        status: HTTP status.
        details: Measured facts.
        retry_after: Seconds until another try makes sense, where the service said so.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.code = code
        self.status = status
        self.details = dict(details or {})
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code} ({self.status}): {self.message}"


class UnexpectedAnswer(ClientError):
    """Not an answer of the contract: another program listens there, or the versions do not fit.

    Attributes:
        status: HTTP status.
    """

    def __init__(self, message: str, *, status: int, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.status = status


class ConnectionFailed(ClientError):
    """No answer at all.

    Attributes:
        service: Who was asked.
        address: Where.
    """

    def __init__(self, message: str, *, service: str, address: str, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.service = service
        self.address = address


class NotConfigured(ClientError):
    """The call cannot be sent; the message says which setting is missing or wrong."""
