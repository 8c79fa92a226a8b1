"""Milvus' client: imported late, kept quiet, its failures in the words of the one error tree."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bentos.common.errors import ConfigurationError, DependencyUnavailable

EXTRA = (
    "The galleries need Milvus' client: install the extra `gallery` (pip install 'facesocial-ai[gallery]')."
)
MAX_REASON = 200

# A failure is raised and told by whoever catches it: the client's own account of it, with the traceback of
# every try, would stand in the log once more for each request.
QUIET = {
    "pymilvus": logging.WARNING,
    "pymilvus.milvus_client": logging.WARNING,
    "pymilvus.decorators": logging.CRITICAL,
    "pymilvus.client.connection_manager": logging.CRITICAL,
    "milvus_lite": logging.WARNING,
    "grpc._server": logging.CRITICAL,
}


def connect(uri: str, token: str, timeout_s: float) -> Any:
    """A client of its own to a Milvus server.

    Raises:
        ConfigurationError: The client is not installed.
        MilvusException: The server does not answer within ``timeout_s``.
    """
    require_client()
    from pymilvus import MilvusClient

    return MilvusClient(uri=uri, token=token, timeout=timeout_s, dedicated=True)


def require_client() -> None:
    """Import the client.

    Raises:
        ConfigurationError: It is not installed.
    """
    try:
        import pymilvus  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(EXTRA) from error
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


@contextmanager
def answering(*, opening_files: bool = False) -> Iterator[None]:
    """Any failure of Milvus or of the way to it becomes DependencyUnavailable.

    Args:
        opening_files: Whether the files of this process' own Milvus Lite are being opened: where it answers and
            says no, they are damaged.
    """
    require_client()
    import grpc  # type: ignore[import-untyped]
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except MilvusException as error:
        raise unavailable(error, damaged=opening_files) from error
    except grpc.RpcError as error:
        raise unavailable(error) from error


def unavailable(error: Exception, *, damaged: bool = False) -> DependencyUnavailable:
    """The same failure in the words of the error tree."""
    details: dict[str, object] = {"dependency": "milvus"}
    if not damaged:
        return DependencyUnavailable(f"Milvus does not answer: {_reason(error)}", details)
    told = f"The files of the embedded Milvus are damaged: {_reason(error)}"
    return DependencyUnavailable(told, {**details, "damaged": True})


def _reason(error: Exception) -> str:
    details = getattr(error, "details", None)
    text = getattr(error, "message", None) or (details() if callable(details) else None) or str(error)
    return (str(text).strip().splitlines() or [type(error).__name__])[0][:MAX_REASON]
