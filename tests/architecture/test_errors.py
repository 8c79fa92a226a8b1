"""Every error of the tree has a code and a status; nothing else has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bentos.common import errors
from bentos.common.http_errors import CODES, body_of, response_of
from bentos.contracts import ErrorCode
from models.errors import FaceSocialError

STATUSES = {
    ErrorCode.INVALID_REQUEST: {400, 405},
    ErrorCode.INVALID_IMAGE: {400},
    ErrorCode.MISSING_TOKEN: {401},
    ErrorCode.INVALID_TOKEN_FORMAT: {401},
    ErrorCode.INVALID_TOKEN: {401},
    ErrorCode.FORBIDDEN: {403},
    ErrorCode.NOT_FOUND: {404},
    ErrorCode.CONFLICT: {409},
    ErrorCode.PAYLOAD_TOO_LARGE: {413},
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: {415},
    ErrorCode.NO_FACE: {422},
    ErrorCode.MULTIPLE_FACES: {422},
    ErrorCode.LOW_QUALITY: {422},
    ErrorCode.RATE_LIMITED: {429},
    ErrorCode.INTERNAL_ERROR: {500},
    ErrorCode.OVERLOADED: {503},
    ErrorCode.DEPENDENCY_UNAVAILABLE: {503},
    ErrorCode.MODEL_UNAVAILABLE: {503},
}


def tree(root: type[FaceSocialError] = FaceSocialError) -> Iterator[type[FaceSocialError]]:
    """The classes that services can raise; tools of deploy answer no request."""
    if not root.__module__.startswith(("models.", "bentos.")):
        return
    yield root
    for branch in root.__subclasses__():
        yield from tree(branch)


def test_the_tree_is_mapped_and_nothing_else_is() -> None:
    assert set(tree()) == set(CODES)


def test_the_drawing_names_every_class() -> None:
    drawing = errors.__doc__ or ""
    for error in tree():
        assert error.__name__ in drawing, error


def test_codes_have_the_statuses_of_the_contract() -> None:
    assert set(STATUSES) == set(ErrorCode)
    for status, code in CODES.values():
        assert status in STATUSES[code]
    assert {code for _, code in CODES.values()} == set(ErrorCode)


def test_what_is_internal_stays_inside() -> None:
    for error in (
        ValueError("secret"),
        errors.ConfigurationError("secret"),
        errors.InferenceFailed("secret"),
    ):
        body = body_of(error)
        assert body.code is ErrorCode.INTERNAL_ERROR
        assert "secret" not in body.message


@pytest.mark.parametrize("error", [errors.Overloaded("full", 7), errors.RateLimited("slow down", 7)])
def test_whoever_may_try_again_learns_when(error: Exception) -> None:
    assert response_of(error, "id").headers["retry-after"] == "7"
    assert response_of(errors.DependencyUnavailable("away"), "id").headers["retry-after"]
