"""What the gateway answers by itself when it cannot let a request through: the contract's error envelope."""

from __future__ import annotations

import json
from typing import NamedTuple

from bentos.contracts import ErrorCode

REQUEST_ID = "$gateway_request_id"
RETRY_AFTER_S = {429: 1, 502: 5, 503: 5, 504: 5}


class Answer(NamedTuple):
    """Status, code and message of an error that NGINX makes; ``also`` are NGINX's own statuses that mean the same."""

    status: int
    code: ErrorCode
    message: str
    also: tuple[int, ...] = ()

    @property
    def body(self) -> str:
        """The JSON text; NGINX puts in the request's id."""
        return envelope(self.code.value, self.message)


def envelope(code: str, message: str) -> str:
    """An error of the contract as JSON; code and message may be variables of NGINX."""
    return json.dumps(
        {
            "success": False,
            "error": {"code": code, "message": message},
            "meta": {"request_id": REQUEST_ID},
        }
    )


ANSWERS: tuple[Answer, ...] = (
    Answer(400, ErrorCode.INVALID_REQUEST, "This is not a request that can be read.", (494, 495, 496)),
    Answer(403, ErrorCode.FORBIDDEN, "This is for private networks only."),
    Answer(
        404, ErrorCode.NOT_FOUND, "There is nothing at this path: operations are /api/v1/SERVICE/OPERATION."
    ),
    Answer(405, ErrorCode.INVALID_REQUEST, "The path exists, not with this method."),
    Answer(408, ErrorCode.INVALID_REQUEST, "The request did not arrive in time; send it again."),
    Answer(411, ErrorCode.INVALID_REQUEST, "The request must say how long its body is."),
    Answer(413, ErrorCode.PAYLOAD_TOO_LARGE, "The body is larger than this operation takes."),
    Answer(414, ErrorCode.INVALID_REQUEST, "The address is too long; options belong into the body."),
    Answer(421, ErrorCode.INVALID_REQUEST, "This name is not served on this connection; open another one."),
    Answer(429, ErrorCode.RATE_LIMITED, "Too many requests; wait as long as Retry-After says."),
    Answer(
        500,
        ErrorCode.INTERNAL_ERROR,
        "Something went wrong at the gateway; the request id finds it in its log.",
    ),
    Answer(501, ErrorCode.INVALID_REQUEST, "This transfer encoding is not supported."),
    Answer(
        502,
        ErrorCode.DEPENDENCY_UNAVAILABLE,
        "The service behind the gateway does not answer; try again in a moment.",
    ),
    Answer(
        503, ErrorCode.OVERLOADED, "The gateway has no room at the moment; wait as long as Retry-After says."
    ),
    Answer(504, ErrorCode.DEPENDENCY_UNAVAILABLE, "The service behind the gateway did not answer in time."),
)
UNVERIFIED = envelope(
    ErrorCode.DEPENDENCY_UNAVAILABLE.value, "The token cannot be checked at the moment; try again."
)
